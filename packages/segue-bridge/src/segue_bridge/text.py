"""Django's pure text functions."""

from __future__ import annotations

import re
import unicodedata


def slugify(value: object, allow_unicode: bool = False) -> str:
    """``django.utils.text.slugify``: ASCII letters, digits, hyphens and underscores, lower case."""
    text = str(value)
    if allow_unicode:
        text = unicodedata.normalize("NFKC", text)
    else:
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    text = re.sub(r"[^\w\s-]", "", text.lower())
    return re.sub(r"[-\s]+", "-", text).strip("-_")
