"""The language of texts: what requests can choose (``LocaleMiddleware``), and where that is left to Django.

The generated service has the texts of the project's own language. Where a request is in a language with other texts,
reads that succeed are still answered if no text of the project can be in them (:func:`shows_text` notes those);
everything else is Django's. ``segue_bridge.http.language`` decides which request that is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from segue.refusal import Refusal
from segue.snapshot.model import Languages, Route, Snapshot
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.specialise.fold import plain

MIDDLEWARE = "django.middleware.locale.LocaleMiddleware"
_SECURITY = "django.middleware.security.SecurityMiddleware"
_COMMON = "django.middleware.common.CommonMiddleware"
_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
_TEXTS = ("language", "texts")
_UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def chosen_by_request(snapshot: Snapshot) -> bool:
    """Whether requests choose the language of their texts."""
    return MIDDLEWARE in snapshot.settings.middleware and _use(snapshot)


def texts_as_written(snapshot: Snapshot) -> bool:
    """Whether a text of the source is the text of the project's own language."""
    if not _use(snapshot):
        return True
    languages = snapshot.settings.languages
    if languages is not None:
        return languages.plain
    code = snapshot.settings.values.get("LANGUAGE_CODE")
    return code is None or str(code.data).startswith("en")


def shows_text(ctx: Context) -> None:
    """Note that an answer may have a text of the project, which is another one in another language."""
    ctx.memo[_TEXTS] = True


def middleware_problem(snapshot: Snapshot, route: Route) -> str:
    """Why ``LocaleMiddleware`` keeps ``route`` on Django; '' if it does not."""
    languages = snapshot.settings.languages
    if languages is None:
        return "" if not _use(snapshot) else "The snapshot does not say which languages there are."
    stack = snapshot.settings.middleware
    if _SESSIONS in stack and stack.index(MIDDLEWARE) < stack.index(_SESSIONS):
        return "It stands before SessionMiddleware, which Django advises against."
    if not languages.patterns:
        return ""
    first = _first(route.path)
    if "{" in first:
        return "The first part of the path may be the code of a language (i18n_patterns)."
    if _may_be_language(languages, first):
        return "The path begins with the code of a language (i18n_patterns)."
    if languages.prefixed and _twin(snapshot, languages, route):
        return (
            "Where this answers 404, Django may redirect to the same path under a language (i18n_patterns)."
        )
    return ""


def errors_refused(snapshot: Snapshot, method: str) -> Refusal | None:
    """The refusal of methods that may fail after writing, where the texts of errors are not in the source's language."""
    if method not in _UNSAFE or texts_as_written(snapshot):
        return None
    languages = snapshot.settings.languages
    code = languages.default if languages is not None else "another language"
    why = (
        f"The texts of its errors are in the project's own language ({code}), into which Segue does not translate "
        "those of Django and DRF yet."
    )
    return Refusal("language", f"LANGUAGE_CODE {code}", why, snapshot.settings.module, 0)


@dataclass(frozen=True, slots=True)
class _Option:
    argument: str
    value: object
    usual: object = None


def option(ctx: Context) -> tuple[str, set[Import]]:
    """``languages=LANGUAGES`` for ``handlers.install``, and ``languages.py``; '' where nobody can choose."""
    snapshot = ctx.snapshot
    named, own = MIDDLEWARE in snapshot.settings.middleware, texts_as_written(snapshot)
    if not named and own:
        return "", set()
    languages = snapshot.settings.languages
    fixed = languages is None or not named or (languages.patterns and not languages.prefixed)
    if languages is None:
        code = snapshot.settings.values.get("LANGUAGE_CODE")
        languages = Languages(
            str(plain(code)) if code is not None else "en-us"
        )  # trans_null tells it as it is
    cookie = snapshot.settings.values.get("LANGUAGE_COOKIE_NAME")
    before = snapshot.settings.middleware[: snapshot.settings.middleware.index(MIDDLEWARE)] if named else ()
    inside = tuple(word for name, word in ((_SECURITY, "security"), (_COMMON, "common")) if name in before)
    same = sorted({*languages.same, languages.default}) if own else []
    lines = ["LANGUAGES = Languages(", f"    default={languages.default!r},"]
    if not fixed:
        lines += [
            f"    listed={languages.listed!r},",
            f"    available=frozenset({sorted(languages.available)!r}),",
            f"    fallbacks={ {k: tuple(v) for k, v in languages.fallbacks.items()}!r},",
        ]
    lines.append(f"    same=frozenset({same!r}),")
    options = (
        _Option("cookie", None if cookie is None or fixed else plain(cookie), "django_language"),
        _Option("fixed", fixed, False), _Option("inside", inside, ()), _Option("named", named, True),
        _Option("texts", bool(ctx.memo.get(_TEXTS)) and not fixed, False),
    )  # fmt: skip
    lines += [f"    {o.argument}={o.value!r}," for o in options if o.value not in (None, o.usual)]
    package = ctx.program.package
    module = ctx.program.module(f"{package}/languages.py", "The languages that requests may ask for.")
    needed = frozenset({Import("segue_bridge.http.language", "Languages")})
    module.add(Decl("LANGUAGES", "\n".join([*lines, ")"]), needed, 0))
    return ", languages=LANGUAGES", {Import(f"{package}.languages", "LANGUAGES")}


def _use(snapshot: Snapshot) -> bool:
    use = snapshot.settings.values.get("USE_I18N")
    return use is None or use.data is not False


def _may_be_language(languages: Languages, part: str) -> bool:
    """Whether ``get_language_from_path`` may take the first part of a path for a language."""
    code = part.lower()
    generic = re.split("[-@]", code)[0]
    known = {item.lower() for item in (*languages.listed, *languages.available, *languages.fallbacks)}
    return any(item == code or item.split("-")[0] == generic for item in known)


def _twin(snapshot: Snapshot, languages: Languages, route: Route) -> bool:
    """Whether a URL under a language may have the rest of the path of ``route``: it has the same first part, or any."""
    first = _first(route.path)
    for other in snapshot.routes:
        language, _, rest = other.path.lstrip("/").partition("/")
        if language.lower() != languages.default:
            continue
        if _first(rest) == first or "{" in _first(rest) or "[\\s\\S]*?" in other.regex:
            return True
    return False


def _first(path: str) -> str:
    return path.lstrip("/").partition("/")[0]


__all__ = [
    "MIDDLEWARE", "chosen_by_request", "errors_refused", "middleware_problem", "option", "shows_text", "texts_as_written",
]  # fmt: skip
