"""Which language Django answers a request in: the choice of ``get_language_from_request`` as data.

Everything is asked of the installed Django, whose rules for codes (upper case, fallbacks) differ by version.
"""

import gettext

_LOCALE = "django.middleware.locale.LocaleMiddleware"


_FOUND = {}


def describe(collector):
    """The ``Languages`` of the snapshot; None without ``USE_I18N``, where nothing is ever translated."""
    if "languages" not in _FOUND:
        _FOUND["languages"] = _describe(collector)
    return _FOUND["languages"]


def vary():
    """Whether a text may be said otherwise than the source says it. :func:`describe` must have been called."""
    if "vary" not in _FOUND:
        _FOUND["vary"] = _vary(_FOUND["languages"])
    return _FOUND["vary"]


def _vary(found):
    return found is not None and any(
        any(text != key.split("\x04")[-1] for key, text in texts["entries"].items())
        or texts["odd"]
        or any(forms[0] != key.split("\x04")[-1] for key, forms in texts["plurals"].items())
        for texts in found["texts"].values()
    )


def _describe(collector):
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
    project = str(settings.LANGUAGE_CODE)
    spoken = {to_language(code).lower(), to_language(project).lower()}
    if _LOCALE in settings.MIDDLEWARE or any(_activates(item) for item in settings.MIDDLEWARE):
        spoken |= set(available) | {item.lower() for item in listed}
    texts, broken = {}, {}
    for item in sorted(spoken):
        try:
            texts[item] = _texts(trans_real, project if item == project.lower() else item, project)
        except ValueError as error:  # a Plural-Forms that was never filled in, say
            broken[item] = str(error)
        except (OSError, AttributeError) as error:
            collector.warn("language %s: %s: %s" % (item, type(error).__name__, error))
    return {
        "default": to_language(code),
        "listed": listed,
        "available": available,
        "fallbacks": fallbacks,
        "patterns": used,
        "prefixed": prefixed,
        "project": to_language(project).lower(),
        "texts": texts,
        "broken": broken,
        "formats": _other_formats(collector, sorted(texts), project),
    }


def _activates(path):
    """Whether the code of a middleware names ``translation.activate``: it may choose any language."""
    from django.utils.module_loading import import_string

    try:
        found = import_string(path)
    except Exception:
        return False
    classes = found.__mro__ if isinstance(found, type) else ()
    functions = [item for cls in classes for item in vars(cls).values()] or [found]
    functions = [getattr(item, "__func__", item) for item in functions]
    return any(
        _names_activate(item.__code__, item.__globals__) for item in functions if hasattr(item, "__code__")
    )


def _names_activate(code, names):
    from django.utils import translation

    if "activate" in code.co_names:
        if (
            any(names.get(name) is translation for name in code.co_names)
            or names.get("activate") is translation.activate
        ):
            return True
        if "translation" in code.co_names:
            return True
    return any(_names_activate(item, names) for item in code.co_consts if hasattr(item, "co_names"))


def _directly(trans_real, code):
    """Whether ``get_supported_language_variant`` answers ``code`` with itself."""
    try:
        return trans_real.get_supported_language_variant(code, strict=True) == code
    except LookupError:
        return False


def formats(collector):
    """``get_format(name)`` by name in the language that is active; lists become lists of text."""
    from django.utils import formats as django_formats

    found = {}
    for name in sorted(django_formats.FORMAT_SETTINGS):
        value = django_formats.get_format(name)
        if isinstance(value, (list, tuple)) and name.endswith("_INPUT_FORMATS"):
            value = [str(item) for item in value]
        found[name] = collector.encoder.encode(value)
    return found


def _other_formats(collector, codes, usual):
    """The formats of each language that differ from those of the project's own."""
    from django.utils import translation

    found = {}
    with translation.override(usual):
        known = formats(collector)
    for code in codes:
        with translation.override(code):
            differing = {name: value for name, value in formats(collector).items() if value != known[name]}
        if differing:
            found[code] = differing
    return found


def _texts(trans_real, code, project):
    """The ``Texts`` of a language: what its catalogues say, in the order in which Django looks."""
    layers = _layers(trans_real, code, project)
    entries, forms = {}, {}
    for catalog, plural in layers:
        own = {}
        for key, text in catalog.items():
            if isinstance(key, tuple):
                own.setdefault(key[0], {})[key[1]] = text
            elif key:
                entries.setdefault(key, text)
        for singular, texts in own.items():
            forms.setdefault(singular, (plural, texts))
    headers = _headers(trans_real, code)
    rules = {id(plural): _rule(plural, headers) for plural, _ in forms.values()}
    votes = {}
    for plural, _ in forms.values():
        header, count = rules[id(plural)]
        votes.setdefault(header, [count, 0, plural])[1] += 1
    main, rule, size = _germanic, "nplurals=2; plural=(n != 1);", 2
    if votes:
        rule, (size, _, main) = max(votes.items(), key=lambda item: item[1][:2])
    plurals, odd = _by_rule(forms, main, size)
    for header, (count, _, plural) in sorted(votes.items()):
        # Django's own catalogues of Portuguese go by two rules: one that tells apart what either does.
        if any(_rule_of(forms[singular][0], rules) == header for singular in odd):
            merged = _merged(rule, size, main, header, count, plural)
            if merged is not None:
                rule, size, main = merged
                plurals, odd = _by_rule(forms, main, size)
    return {
        "rule": rule,
        "entries": {key: entries[key] for key in sorted(entries)},
        "plurals": plurals,
        "odd": odd,
    }


def _by_rule(forms, main, size):
    """``(forms by singular, singulars whose forms cannot be told)`` under one rule."""
    plurals, odd = {}, []
    for singular, (plural, texts) in sorted(forms.items()):
        told = _told(main, size, plural, texts)
        if told is None:
            odd.append(singular)
        else:
            plurals[singular] = told
    return plurals, odd


def _rule_of(plural, rules):
    return rules[id(plural)][0]


# A rule of more forms than this stays two.
_MOST_FORMS = 16


def _merged(header, size, plural, other, count, second):
    """``(header, number of forms, function)`` of the rule that tells apart what either of two rules does; None where that cannot be written."""
    try:
        one, two = (text.split(";")[1].split("plural=")[1].strip() for text in (header, other))
    except IndexError:
        return None
    if not size or not count or size * count > _MOST_FORMS:
        return None
    expression = "(%s) * %d + (%s)" % (one, count, two)
    try:
        made = gettext.c2py(expression)
        if any(made(number) != plural(number) * count + second(number) for number in _NUMBERS):
            return None
    except ValueError:
        return None
    return "nplurals=%d; plural=%s;" % (size * count, expression), size * count, made


def _layers(trans_real, code, project):
    """``(catalogue, plural function)`` of a language, the first first; not those of ``LANGUAGE_CODE`` that follow."""
    found = []
    last = trans_real.translation(project) if code != project else None
    translation = trans_real.translation(code)
    while translation is not None and translation is not last:
        catalog = getattr(translation, "_catalog", None)
        if hasattr(catalog, "_catalogs"):
            found += list(zip(catalog._catalogs, catalog._plurals))
        elif catalog:
            found.append((catalog, translation.plural))
        translation = translation._fallback
    return found


# Enough numbers to tell the plural forms of all languages apart: they go by the last three digits, and by millions.
_NUMBERS = [*range(1101), 10000, 100000, 1000000, 2000000, 1000001, 5000000]


def _germanic(number):
    return int(number != 1)


def _headers(trans_real, code):
    """The ``Plural-Forms`` of all catalogues of a language."""
    found = []
    for folder in trans_real.all_locale_paths():
        translation = trans_real.gettext_module.translation(
            "django", folder, [trans_real.to_locale(code)], fallback=True
        )
        while translation is not None:
            header = getattr(translation, "_info", {}).get("plural-forms")
            if header and header not in found:
                found.append(header)
            translation = translation._fallback
    return found


def _rule(plural, headers):
    """``(header, number of forms)`` of a plural function."""
    values = [plural(number) for number in _NUMBERS]
    count = max(values) + 1
    for header in headers:
        try:
            expression = header.split(";")[1].split("plural=")[1]
            other = gettext.c2py(expression)
            if [other(number) for number in _NUMBERS] == values:
                return header, count
        except (IndexError, ValueError):
            continue
    return "", 0


def _told(main, size, plural, texts):
    """The forms in the order of the rule ``main``; None where it cannot tell them apart."""
    found = [None] * size
    for number in _NUMBERS:
        index, text = main(number), texts.get(plural(number))
        if text is None or found[index] not in (None, text):
            return None
        found[index] = text
    # Forms of fractions, which no whole number has.
    return ["" if text is None else text for text in found]
