"""Values of settings without what may be a secret."""

from .values import SECRET_NAME, opaque

# Settings of a cache: what its keys begin with, and how they are made.
_OF_CACHE_KEYS = ("KEY_PREFIX", "KEY_FUNCTION")


def scrubbed(collector, value):
    """``value`` encoded with everything under a secret-looking key left out."""
    if isinstance(value, dict):
        pairs = []
        for key, item in value.items():
            secret = isinstance(key, str) and SECRET_NAME.search(key) and key not in _OF_CACHE_KEYS
            if secret and item and not isinstance(item, bool):
                item = opaque(item)
            else:
                item = scrubbed(collector, item)
            pairs.append([collector.encoder.encode(key), item])
        return {"kind": "dict", "pairs": pairs}
    if isinstance(value, (list, tuple)) and any(isinstance(item, (dict, list, tuple)) for item in value):
        return {
            "kind": "tuple" if isinstance(value, tuple) else "list",
            "items": [scrubbed(collector, item) for item in value],
        }
    return collector.encoder.encode(value)
