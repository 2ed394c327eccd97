"""Which language Django answers a request in: the choice of ``get_language_from_request`` as data.

Everything is asked of the installed Django, whose rules for codes (upper case, fallbacks) differ by version.
"""


def describe():
    """The ``Languages`` of the snapshot; None without ``USE_I18N``, where nothing is ever translated."""
    from django.conf import settings

    if not settings.USE_I18N:
        return None
    from django.conf.locale import LANG_INFO
    from django.conf.urls.i18n import is_language_prefix_patterns_used
    from django.utils.translation import to_language, trans_real

    listed = [str(code) for code in trans_real.get_languages()]
    fallbacks = {
        code: [str(item) for item in info["fallback"]]
        for code, info in sorted(LANG_INFO.items())
        if info.get("fallback")
    }
    asked = {code.lower() for code in listed}
    asked.update(code for codes in fallbacks.values() for code in codes)
    available = sorted(code for code in asked if _directly(trans_real, code))
    try:
        default = trans_real.get_supported_language_variant(settings.LANGUAGE_CODE)
    except LookupError:
        default = settings.LANGUAGE_CODE
    used, prefixed = is_language_prefix_patterns_used(settings.ROOT_URLCONF)
    code = str(settings.LANGUAGE_CODE) if used and not prefixed else str(default)
    generic = code.split("-")[0].lower()
    nearby = [item for item in listed if item.split("-")[0].lower() == generic]
    return {
        "default": to_language(code),
        "listed": listed,
        "available": available,
        "fallbacks": fallbacks,
        "same": sorted(item for item in nearby if _same(trans_real, item, code)),
        "plain": _plain(trans_real, code),
        "patterns": used,
        "prefixed": prefixed,
    }


def _directly(trans_real, code):
    """Whether ``get_supported_language_variant`` answers ``code`` with itself."""
    try:
        return trans_real.get_supported_language_variant(code, strict=True) == code
    except LookupError:
        return False


def _texts(trans_real, code):
    """Every text of ``code`` that differs from the one in the source."""
    catalog = trans_real.translation(code)._catalog
    found = {}
    for key in sorted(catalog.keys(), key=repr):
        text = catalog[key]
        # The source of a plural is not in the catalogue, so plurals always count.
        if text and (isinstance(key, tuple) or (key and text != key.split("\x04")[-1])):
            found[key] = text
    return found


def _same(trans_real, one, other):
    """Whether two languages have the same texts."""
    if one.lower() == other.lower():
        return True
    try:
        return _texts(trans_real, one) == _texts(trans_real, other)
    except (OSError, AttributeError):
        return False


def _plain(trans_real, code):
    """Whether the language says everything as the source does."""
    try:
        texts = _texts(trans_real, code)
    except (OSError, AttributeError):
        return False
    return not any(isinstance(key, str) for key in texts)
