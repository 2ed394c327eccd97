"""Recorded requests on both sides, one after the other, on rows that change as Django changes them."""

from .playback import play

__all__ = ["play"]
