"""Recorded traffic, answered by both sides: HAR, access logs, Envoy's taps, GoReplay."""

from segue.verify.replay.run import replay

__all__ = ["replay"]
