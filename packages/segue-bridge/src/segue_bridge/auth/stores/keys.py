"""New session keys."""

from __future__ import annotations

import string

from segue_bridge.auth.crypto import random_string

ALPHABET = string.ascii_lowercase + string.digits


def new_key() -> str:
    """A fresh session key: 32 lower-case letters and digits."""
    return random_string(32, ALPHABET)
