"""Lifting of legacy functions to module-level ones."""
