"""The tags of a template, one after the other, as Jinja2 has them: importing this registers them all."""

from segue.translate.templates import (  # noqa: F401
    addresses,
    control,
    inheritance,
    loops,
    showing,
    translations,
)
from segue.translate.templates.tags import translate

__all__ = ["translate"]
