"""The language of texts: what requests can choose (``LocaleMiddleware``), and what the service says in each language.

Where more than the texts of the source may be said, ``generate`` writes one ``.po`` file per language with what the service
can say, and translated code has ``gettext("…")`` where the legacy code has it. Otherwise texts are written as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from segue.refusal import Refusal, refuse
from segue.snapshot.model import Languages, Route, Snapshot, Value, Where
from segue.target.ir import Decl, Import, Module
from segue.translate import catalogues
from segue.translate.beginnings import apart, beginning, literal
from segue.translate.bridge_texts import PLURALS
from segue.translate.context import Context
from segue.translate.specialise.fold import plain

MIDDLEWARE = "django.middleware.locale.LocaleMiddleware"
BRIDGE = "segue_bridge.translation"
_SECURITY = "django.middleware.security.SecurityMiddleware"
_COMMON = "django.middleware.common.CommonMiddleware"
_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
_VARY = ("language", "vary")
_UNSETTLED = ("language", "unsettled")
_BY_LANGUAGE = ("language", "formats")
ACTIVATED = ("language", "activated")
"""Memo: middleware of the project activates languages itself, so that the service has to know all of them."""
_ENDED = ("language", "ended")
"""Memo: the outermost middleware of the project that calls ``deactivate()`` after the view."""
_DJANGO = "django.utils.translation."
_UNIQUE = "rest_framework.utils.field_mapping.get_unique_error_message"
_FORMATS = frozenset({"lazy_format", "django.utils.text._format_lazy"})


def chosen_by_request(snapshot: Snapshot) -> bool:
    """Whether requests choose the language of their texts."""
    return MIDDLEWARE in snapshot.settings.middleware and _use(snapshot)


def in_activating_middleware(ctx: Context) -> bool:
    """Whether the code in hand is that of a middleware that has activated a language before."""
    return ("middleware", "kept") in ctx.memo and bool(ctx.memo.get(ACTIVATED))


def end(ctx: Context, name: str) -> None:
    """Note that the middleware ``name``, inside of ``LocaleMiddleware``, calls ``deactivate()`` after the view."""
    stack = ctx.snapshot.settings.middleware
    ctx.memo[_ENDED] = min(name, str(ctx.memo.get(_ENDED) or name), key=stack.index)


def vary(ctx: Context) -> bool:
    """Whether a text may be said otherwise than in the source."""
    found = ctx.memo.get(_VARY)
    if not isinstance(found, bool):
        found = ctx.memo[_VARY] = _vary(ctx.snapshot)
    return found


def _vary(snapshot: Snapshot) -> bool:
    languages = snapshot.settings.languages
    if not _use(snapshot) or languages is None:
        return False
    return any(
        texts.odd
        or any(text != _bare(key) for key, text in texts.entries.items())
        or any(forms[0] != _bare(key) for key, forms in texts.plurals.items())
        for texts in languages.texts.values()
    )


def _bare(key: str) -> str:
    return key.rpartition("\x04")[2]


def is_text(value: Value | None) -> bool:
    """Whether ``value`` is a lazy text of the language (the probe makes constants of those that never vary)."""
    if value is None or value.kind != "lazy":
        return False
    return value.name.startswith(_DJANGO) or value.name in _FORMATS | {_UNIQUE}


def source_text(value: Value) -> str:
    """The text of the source that a lazy text translates; '' where it is made of several."""
    if value.name.removeprefix(_DJANGO) in ("gettext", "ugettext") and value.items:
        return str(value.items[0].data)
    return str({str(k.data): v.data for k, v in value.pairs}.get("singular") or "")


def lazy(ctx: Context, value: Value, where: Where, construct: str) -> tuple[str, set[Import]]:
    """Code of a lazy text: ``gettext_lazy("…")``. Raises :class:`Refused` for one that is made in another way."""
    name, items = value.name.removeprefix(_DJANGO), value.items
    constants = [item.data for item in items if item.kind == "const" and isinstance(item.data, str)]
    if name in ("gettext", "ugettext") and len(constants) == len(items) == 1:
        return f"gettext_lazy({says(ctx, constants[0])!r})", {Import(BRIDGE, "gettext_lazy")}
    if name == "pgettext" and len(constants) == len(items) == 2:
        context, text = constants
        says(ctx, text, context=context)
        return f"pgettext_lazy({context!r}, {text!r})", {Import(BRIDGE, "pgettext_lazy")}
    if value.name in _FORMATS and items and is_text(items[0]):
        text, imports = lazy(ctx, items[0], where, construct)
        given = [_argument(ctx, item, where, construct) for item in items[1:]]
        named = [(str(key.data), _argument(ctx, item, where, construct)) for key, item in value.pairs]
        imports = imports.union(*(found[1] for found in given), *(found[1] for _, found in named))
        arguments = [code for code, _ in given] + [f"{key}={code}" for key, (code, _) in named]
        return f"{text}.format({', '.join(arguments)})", imports
    if value.name == _UNIQUE and is_text(items[0]):
        text, imports = lazy(ctx, items[0], where, construct)
        (model, needed), (field, more) = (_argument(ctx, item, where, construct) for item in items[1:])
        return f"{text}.filled(model_name={model}, field_label={field})", imports | needed | more
    why = f"Segue cannot write down how this text is made ({value.name})."
    raise refuse("gettext", construct, why, where)


def _argument(ctx: Context, value: Value, where: Where, construct: str) -> tuple[str, set[Import]]:
    if is_text(value):
        return lazy(ctx, value, where, construct)
    if value.kind == "const" and isinstance(value.data, str | int):
        return repr(value.data), set()
    raise refuse("gettext", construct, "Segue cannot write down how this text is made.", where)


def written(
    ctx: Context, text: str, value: Value | None, where: Where, construct: str
) -> tuple[str, set[Import]]:
    """Code of ``text``, which is the lazy ``value`` where that is not None. Raises :class:`Refused`."""
    return (repr(text), set()) if value is None else lazy(ctx, value, where, construct)


def given(
    ctx: Context, value: Value | None, default: str, where: Where, construct: str
) -> tuple[str, set[Import]] | None:
    """Code of a message; None where it is the ``default`` of Django or DRF, or no text. Raises :class:`Refused`."""
    if value is None or value.kind not in ("const", "lazy") or not value.data:
        return None
    if is_text(value):
        return None if source_text(value) == default else lazy(ctx, value, where, construct)
    # Where languages vary, a plain text of the project stays as it is in all of them, and the default does not.
    if str(value.data) == default and not vary(ctx):
        return None
    return repr(str(value.data)), set()


@contextmanager
def unsettled(ctx: Context, why: str) -> Iterator[None]:
    """What is translated inside says its texts in another language than that of the request: :func:`problem` tells ``why``."""
    before = ctx.memo.get(_UNSETTLED)
    ctx.memo[_UNSETTLED] = why
    try:
        yield
    finally:
        ctx.memo[_UNSETTLED] = before


def problem(ctx: Context) -> str:
    """Why a text that is translated now may be in another language than the request; '' if it is not."""
    return str(ctx.memo.get(_UNSETTLED) or "")


IN_DEFAULT = "It is a default, which is made once, when the module is imported."
IN_MIDDLEWARE = "Middleware may run before the language of the request is known."


def says(ctx: Context, text: str, plural: str = "", *, context: str = "") -> str:
    """Note that the service may say ``text``."""
    used: dict[tuple[str, str], str] = ctx.memo.setdefault(("language", "said"), {})  # type: ignore[assignment]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    used[context, text] = plural or used.get((context, text), "")
    return text


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


def untold(ctx: Context) -> Refusal | None:
    """The refusal of everything where a catalogue of the project cannot be read, or has plural forms of Django's or DRF's texts that
    go by no one rule."""
    languages = ctx.snapshot.settings.languages
    for code, error in sorted(languages.broken.items()) if languages is not None else ():
        assert languages is not None
        if code not in (languages.default.lower(), languages.project):
            continue  # requests in it are left to Django
        why = (
            f"Django cannot read a catalogue of this language ({error}) and answers requests in it with an error: mend its .po file "
            "and compile it, or take the language out of LANGUAGES."
        )
        return Refusal("language", code, why, ctx.snapshot.settings.module, 0)
    texts = [one for one, _ in PLURALS if languages is not None and catalogues.odd(languages, one)]
    if languages is None or not texts:
        return None
    codes = sorted(code for code, found in languages.texts.items() if texts[0] in found.odd)
    why = (
        f"In {', '.join(codes)} it has plural forms that do not follow the rule of the other texts: give the catalogues "
        "of that language one Plural-Forms, or take it out of LANGUAGES."
    )
    return Refusal("language", texts[0], why, ctx.snapshot.settings.module, 0)


def _module(ctx: Context) -> Module:
    return ctx.program.module(
        f"{ctx.program.package}/languages.py", "The languages that requests may ask for."
    )


def by_language(
    ctx: Context, name: str, usual: tuple[str, ...], others: Mapping[str, tuple[str, ...]]
) -> Import:
    """A constant of ``languages.py`` with formats that are others in ``others``, by the code of the language."""
    ctx.memo[_BY_LANGUAGE] = True
    named = ", ".join(f"{code!r}: {formats!r}" for code, formats in sorted(others.items()))
    code = f"{name} = ByLanguage({usual!r}, {{{named}}})"
    _module(ctx).add(Decl(name, code, frozenset({Import(BRIDGE, "ByLanguage")}), 0))
    return Import(f"{ctx.program.package}.languages", name)


def format_by_language(ctx: Context, name: str, usual: str, others: Mapping[str, str]) -> Import:
    """A constant of ``languages.py`` with a format to write that is another one in ``others``."""
    ctx.memo[_BY_LANGUAGE] = True
    code = f"{name} = format_by_language({usual!r}, {dict(sorted(others.items()))!r})"
    _module(ctx).add(Decl(name, code, frozenset({Import(BRIDGE, "format_by_language")}), 0))
    return Import(f"{ctx.program.package}.languages", name)


@dataclass(frozen=True, slots=True)
class _Option:
    argument: str
    value: object
    usual: object = None


def option(ctx: Context) -> tuple[str, set[Import]]:
    """``languages=LANGUAGES`` for ``handlers.install``, and ``languages.py``; '' where there is one language, the source's."""
    snapshot = ctx.snapshot
    named, varying = MIDDLEWARE in snapshot.settings.middleware, vary(ctx)
    varying = varying or bool(ctx.memo.get(_BY_LANGUAGE))
    activated = bool(ctx.memo.get(ACTIVATED))
    if not named and not varying and not activated:
        return "", set()
    languages = snapshot.settings.languages
    chosen = named and not (languages is not None and languages.patterns and not languages.prefixed)
    fixed = languages is None or not (chosen or activated)
    if languages is None:
        languages = Languages(_code(snapshot))  # trans_null tells it as it is
    cookie = snapshot.settings.values.get("LANGUAGE_COOKIE_NAME")
    ended = ctx.memo.get(_ENDED)
    default = languages.default if named else languages.project or languages.default
    lines = ["LANGUAGES = Languages(", f"    default={default!r},"]
    if not fixed:
        lines += [
            f"    listed={languages.listed!r},",
            f"    available=frozenset({sorted(languages.available)!r}),",
            f"    fallbacks={ {k: tuple(v) for k, v in languages.fallbacks.items()}!r},",
        ]
        if languages.broken:
            lines.append(f"    broken=frozenset({sorted(languages.broken)!r}),")
    needed = {Import("segue_bridge.http.language", "Languages")}
    if varying:
        lines.append(f"    catalogues=Catalogues(Path(__file__).parent / 'locale', {languages.project!r}),")
        needed |= {Import(BRIDGE, "Catalogues"), Import("pathlib", "Path")}
        catalogues.write(ctx, languages, fixed=fixed)
    options = (
        _Option("cookie", None if cookie is None or fixed else plain(cookie), "django_language"),
        _Option("fixed", fixed, False), _Option("inside", _inside(snapshot, MIDDLEWARE), ()), _Option("named", named, True),
        _Option("ended", _code(snapshot) if ended else "", ""), _Option("ended_inside", _inside(snapshot, ended), ()),
    )  # fmt: skip
    lines += [f"    {o.argument}={o.value!r}," for o in options if o.value not in (None, o.usual)]
    package = ctx.program.package
    _module(ctx).add(Decl("LANGUAGES", "\n".join([*lines, ")"]), frozenset(needed), 0))
    return ", languages=LANGUAGES", {Import(f"{package}.languages", "LANGUAGES")}


def _code(snapshot: Snapshot) -> str:
    """``LANGUAGE_CODE`` as it is written: what ``get_language()`` says where nothing is activated."""
    code = snapshot.settings.values.get("LANGUAGE_CODE")
    return str(plain(code)) if code is not None else "en-us"


def _inside(snapshot: Snapshot, name: object) -> tuple[str, ...]:
    """Which of Django's middleware answers by itself outside of the middleware ``name``; none where that is not in the stack."""
    stack = snapshot.settings.middleware
    before = stack[: stack.index(name)] if isinstance(name, str) and name in stack else ()
    return tuple(word for one, word in ((_SECURITY, "security"), (_COMMON, "common")) if one in before)


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
    """Whether a URL under a language may have the rest of the path of ``route``."""
    own = beginning(route.regex).rstrip("/")  # which APPEND_SLASH may add
    for other in snapshot.routes:
        language = _first(other.path)
        if language.lower() != languages.default:
            continue
        under = f"/{language}"
        known = beginning(other.regex)
        rest = known.removeprefix(under)
        possible = rest.startswith(own) if literal(other.regex) else not apart(own, rest)
        if not known.startswith(under) or possible:
            return True
    return False


def _first(path: str) -> str:
    return path.lstrip("/").partition("/")[0]


__all__ = [
    "BRIDGE",
    "IN_DEFAULT",
    "IN_MIDDLEWARE",
    "MIDDLEWARE",
    "by_language",
    "chosen_by_request",
    "format_by_language",
    "given",
    "is_text",
    "lazy",
    "middleware_problem",
    "option",
    "problem",
    "says",
    "source_text",
    "unsettled",
    "untold",
    "vary",
    "written",
]  # fmt: skip
