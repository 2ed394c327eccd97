"""Moves a running Django REST Framework service to FastAPI, one route at a time, with proof."""

__version__ = "0.1.0"
