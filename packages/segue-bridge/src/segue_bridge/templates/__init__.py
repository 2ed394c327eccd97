"""Jinja2 templates that show what Django's templates show."""
