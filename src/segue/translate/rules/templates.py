"""``render_to_string`` and ``get_template(…).render(…)``: the template as one of Jinja2, filled in by the bridge.

Source: ``django.template.loader``. What templates are made of is in :mod:`segue.translate.templates`.
"""

from __future__ import annotations

import ast
from typing import cast

from segue.refusal import Refused
from segue.snapshot.model import Json
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, DictOf, LoadedTemplate, QuerySet, RelatedManager, Request, Scalar
from segue.translate.rules.registry import function, method
from segue.translate.templates import program
from segue.translate.templates.nodes import translate
from segue.translate.templates.writing import Shared

_LOADER = "django.template.loader."
# What these add to a context has no effect of its own.
_HARMLESS = frozenset(
    f"django.{name}"
    for name in (
        "template.context_processors.csrf", "template.context_processors.debug", "template.context_processors.i18n",
        "template.context_processors.media", "template.context_processors.request", "template.context_processors.static",
        "template.context_processors.tz", "contrib.auth.context_processors.auth",
        "contrib.messages.context_processors.messages",
    )
)  # fmt: skip
# The names that they add.
_GIVEN = frozenset(
    {
        "csrf_token", "request", "user", "perms", "messages", "debug", "sql_queries", "STATIC_URL", "MEDIA_URL", "LANGUAGES",
        "LANGUAGE_CODE", "LANGUAGE_BIDI", "TIME_ZONE", "DEFAULT_MESSAGE_LEVELS",
    }
)  # fmt: skip


@function(f"{_LOADER}render_to_string")
def render_to_string(frame: Frame, call: CallSite) -> Val:
    """``TEMPLATES.render("mail/order.html", {"order": order})``."""
    raw = _raw(frame, call, "template_name", "context", "request", "using")
    if "using" in raw:
        raise _refused(frame, call, "It names an engine.")
    if "template_name" not in raw:
        raise _refused(frame, call, "It names no template.")
    name = _name(frame, call, frame.eval(raw["template_name"]))
    return _rendered(frame, call, name, raw.get("context"), raw.get("request"))


@function(f"{_LOADER}get_template")
def get_template(frame: Frame, call: CallSite) -> Val:
    """``get_template("mail/order.html")``: it has no code of its own."""
    call.only("template_name", at_most=1)
    name = call.argument(0, "template_name")
    if name is None:
        raise _refused(frame, call, "It names no template.")
    return Val(LoadedTemplate(_name(frame, call, name)))


@method(LoadedTemplate, "render")
def render(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``template.render(context, request)``."""
    assert isinstance(owner.kind, LoadedTemplate)
    raw = _raw(frame, call, "context", "request")
    return _rendered(frame, call, owner.kind.name, raw.get("context"), raw.get("request"))


def _refused(frame: Frame, call: CallSite, why: str) -> Refused:
    return frame.refuse("template", ast.unparse(call.node), why, call.node)


def _raw(frame: Frame, call: CallSite, *order: str) -> dict[str, ast.expr]:
    """The arguments as they stand: a context may hold what exists only in the legacy code."""
    if any(k.arg is None for k in call.node.keywords) or any(
        isinstance(a, ast.Starred) for a in call.node.args
    ):
        raise _refused(frame, call, "Its arguments come from a mapping.")
    given = dict(zip(order, call.raw_args, strict=False)) | call.raw_kwargs
    if len(call.raw_args) > len(order) or set(given) - set(order):
        raise _refused(frame, call, "Segue does not know these arguments.")
    return given


def _name(frame: Frame, call: CallSite, value: Val) -> str:
    if not isinstance(value.kind, Const) or not isinstance(value.kind.value, str):
        raise _refused(frame, call, "Which template it is, is computed.")
    return value.kind.value


def _rendered(
    frame: Frame, call: CallSite, name: str, context: ast.expr | None, request: ast.expr | None
) -> Val:
    known = cast("dict[str, dict[str, Json]]", frame.ctx.snapshot.templates)
    problem = program.problem(frame.ctx)
    if problem or name not in known:
        raise _refused(frame, call, problem or f"Segue does not find the template {name}.")
    names, rest = _context(frame, call, context)
    shared = Shared(frame, call.node, cast("dict[str, object]", known), dict(names))
    translate(shared, name, lambda: _refused(frame, call, f"Segue does not find the template {name}."))
    for key in shared.more.keys() & shared.unknown.keys():
        raise _refused(frame, call, f"{shared.unknown[key]} asks for {key}, which its context does not have.")
    if request is not None and not _is_none(frame, request):
        _check_request(frame, call, request, shared)
    program.add(frame.ctx, name, shared.files, lambda why: _refused(frame, call, why))
    target = ast.Attribute(
        frame.imported(f"{frame.ctx.program.package}.{program.MODULE}", "TEMPLATES"), "render", ast.Load()
    )
    made = ast.Call(target, [ast.Constant(name)], [])
    if rest is not None:
        made.args.append(rest)
    elif names:
        given = {key: value for key, value in shared.names.items() if key in shared.used or _kept(names[key])}
        for key, value in given.items():
            if value.node is None:
                raise _refused(frame, call, f"{key} has no form in the generated code.")
        made.args += [
            ast.Dict([ast.Constant(key) for key in given], [cast("ast.expr", v.node) for v in given.values()])
        ]
    made.keywords = [ast.keyword(key, node) for key, node in shared.more.items()]
    return Val(Scalar("str"), made)


def _kept(value: Val) -> bool:
    """Whether something that the template does not look at is computed all the same."""
    return value.node is not None and not isinstance(value.kind, QuerySet)


def _context(
    frame: Frame, call: CallSite, context: ast.expr | None
) -> tuple[dict[str, Val], ast.expr | None]:
    """What the context holds by name, and its code where it is no dict that is written in place."""
    if context is None or _is_none(frame, context):
        return {}, None
    if isinstance(context, ast.Dict):
        found: dict[str, Val] = {}
        for key, raw in zip(context.keys, context.values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                raise _refused(frame, call, "Names of the context are computed.")
            held = frame.eval(raw)
            if isinstance(raw, ast.Constant | ast.JoinedStr):
                held = Val(widen(held.kind), held.node)
            found[key.value] = held
        return found, None
    whole = frame.eval(context)
    kind, node = whole.kind, whole.node
    if not isinstance(kind, DictOf) or not kind.items or kind.value is not None or node is None:
        raise _refused(frame, call, "Segue does not know what its context holds.")
    if any(isinstance(one, QuerySet | RelatedManager) for _, one in kind.items):
        raise _refused(frame, call, "Its context holds a query. Give the template a list.")
    names = {key: Val(one, ast.Subscript(node, ast.Constant(key), ast.Load())) for key, one in kind.items}
    return names, node


def _is_none(frame: Frame, node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _check_request(frame: Frame, call: CallSite, request: ast.expr, shared: Shared) -> None:
    """With a request, processors add names to the context: none of them may be looked at."""
    if not isinstance(frame.eval(request).kind, Request):
        raise _refused(frame, call, "Segue does not know its request.")
    facts = shared.templates[""]
    own = [name for name in facts["engine"]["processors"] if name not in _HARMLESS]
    if own:
        raise _refused(frame, call, f"With a request the context processor {own[0]} runs.")
    for root, name in shared.unknown.items():
        if root in _GIVEN:
            raise _refused(frame, call, f"{name} asks for {root}, which a context processor gives.")
