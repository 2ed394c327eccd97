"""Envoy in front of both sides; Segue is only its control plane."""
