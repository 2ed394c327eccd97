"""Packages that DRF projects use: what Segue does with each, and how a refusal names one."""

from segue.translate.packages.naming import explained

__all__ = ["explained"]
