"""Decorators that the project wrote: what they do around a function becomes a function of its own."""

from segue.translate.decorators.weave import woven

__all__ = ["woven"]
