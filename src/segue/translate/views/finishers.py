"""Django's ``ConditionalGetMiddleware`` and ``GZipMiddleware`` → ``finishers=(…)`` of ``handlers.install``.

They work on finished answers, so what stands outside of them must be known not to look at what they did.
"""

from __future__ import annotations

from segue.snapshot.model import Snapshot
from segue.target.ir import Import
from segue.translate import language
from segue.translate.context import Context
from segue.translate.middleware.known import COMMON, CONDITIONAL, CSRF, FRAMES, GZIP, SECURITY, SESSIONS
from segue.translate.middleware.subclasses import base_of
from segue.translate.views.cors import NAME as CORS

_CLASSES = {CONDITIONAL: "ConditionalGet", GZIP: "Gzip"}
_WORDS = {
    SECURITY: "security", SESSIONS: "session", language.MIDDLEWARE: "language", COMMON: "common", CSRF: "csrf",
    FRAMES: "frames", CORS: "cors",
}  # fmt: skip


def option(ctx: Context) -> tuple[str, set[Import]]:
    """The argument, or nothing; it names the middlewares of Django that stand before each."""
    snapshot = ctx.snapshot
    made = []
    imports = set()
    for name in reversed(snapshot.settings.middleware):
        if name in _CLASSES and name not in ctx.accepted_middleware:
            words = tuple(_words(snapshot, name))
            made.append(f"{_CLASSES[name]}({f'inside={words!r}' if words else ''})")
            imports.add(Import("segue_bridge.http.finishers", _CLASSES[name]))
    return (f", finishers=({', '.join(made)},)", imports) if made else ("", imports)


def _words(snapshot: Snapshot, name: str) -> list[str]:
    return [_WORDS[kind] for kind in _kinds(snapshot, before=name) if kind in _WORDS]


def _kinds(snapshot: Snapshot, *, before: str = "") -> list[str]:
    """The entries, with Django's own class for a subclass of it."""
    value = snapshot.settings.values.get("MIDDLEWARE")
    stack = list(snapshot.settings.middleware)
    defined = [v.name for v in value.items] if value is not None else stack
    end = stack.index(before) if before else len(stack)
    return [base_of(snapshot, d) or n for n, d in zip(stack[:end], defined[:end], strict=True)]


def problem(snapshot: Snapshot, name: str) -> str:
    """Why its place in the stack cannot be kept; '' if it can."""
    outside, everything = _kinds(snapshot, before=name), _kinds(snapshot)
    late = [kind for kind in (language.MIDDLEWARE, CSRF) if kind in everything]
    if len({kind in outside for kind in late}) > 1:
        return "It stands between LocaleMiddleware and CsrfViewMiddleware"
    if any(kind in outside for kind in late) and SESSIONS in everything and SESSIONS not in outside:
        return "It stands outside of the sessions and inside of LocaleMiddleware or CsrfViewMiddleware"
    return ""
