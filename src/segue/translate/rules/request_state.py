"""``RequestState``: what authentication, permissions and views put on the request, and ``request.user = …``.

DRF's ``Request`` raises ``AttributeError`` for what nobody has put there (``Request.__getattr__``), and so does the object of the
service, whose class has annotations and no defaults. ``user`` stays with the call: the service's throttles ask it for that.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field

from segue.refusal import refuse
from segue.snapshot.model import Where
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.functions.finish import prunable
from segue.translate.interp import carried
from segue.translate.interp.annotations import annotation
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, nullable, widen
from segue.translate.interp.scope import in_source
from segue.translate.interp.value import Val, const, name, quote
from segue.translate.kinds import Const, Instance, Kind, ListOf, Scalar, Unknown
from segue.translate.middleware.sources import tree_of
from segue.translate.rules.given_attributes import given_here, perhaps_here

MODULE = "request_state"
_FIELDS = ("kernel", "request state")
_NONE_PUT = ("kernel", "attributes that may be None")
_PLAIN = ("Any", "str", "int", "float", "bool", "UUID", "datetime", "date", "Decimal", "bytes")
# Code of these classes is not translated in the order in which it runs, or not for one request alone.
_ASIDE = (
    "rest_framework.serializers.", "rest_framework.fields.", "rest_framework.filters.", "rest_framework.pagination.",
    "rest_framework.throttling.", "rest_framework.renderers.", "rest_framework.parsers.", "rest_framework.validators.",
    "rest_framework.relations.", "django_filters.", "rest_framework.versioning.",
)  # fmt: skip


@dataclass(slots=True)
class _Fields:
    """What each field is."""

    kinds: dict[str, Kind] = field(default_factory=dict)


def in_order(ctx: Context) -> bool:
    """Whether the code in hand is a step of the request, or a function that such a step calls: then what is not on the request
    by now is not there."""
    stack = ctx.memo.get(("kernel", "stack"))
    if not carried.is_open(ctx) or not isinstance(stack, list):
        return False
    for mark in stack:
        function = ctx.snapshot.functions.get(str(mark).partition(" ")[0])
        known = ctx.snapshot.classes.get(function.owner) if function is not None else None
        if known is not None and any(base.startswith(_ASIDE) for base in known.mro):
            return False
    return True


def put(frame: Frame, attr: str, value: Val, call: CallSite) -> None:
    """``request.<attr> = value`` in a step of the request. Raises ``Refused``."""
    ctx, text = frame.ctx, f"request.{attr}"
    known = carried.flow(ctx)
    if known is None or not in_order(ctx) or frame.no_hoist:
        why = "Segue follows what authentication, permissions and views put there, and functions that they call."
        raise frame.refuse("assign-attribute", text, why, call.node)
    if attr in known.kinds and attr not in known.stored:
        why = "The view's own method has put it there as well."
        raise frame.refuse("assign-attribute", text, why, call.node)
    if attr == "user" and carried.authenticating(ctx):
        why = "DRF puts there whom authentication finds, once it has found somebody."
        raise frame.refuse("assign-attribute", text, why, call.node)
    kind = _kind(frame, attr, value, call)
    before = known.kinds.get(attr, _of_middleware(ctx).get(attr) if given_too(frame, attr) else None)
    after = join(before, kind) if before is not None else kind
    if before != after and carried.loops(ctx):
        why = "Within a loop, code further up may see it the next time round; put it there before."
        raise frame.refuse("assign-attribute", text, why, call.node)
    assert value.node is not None
    if isinstance(after, Unknown):
        why = "It is one thing or another on the same request; give one of them a name of its own."
        raise frame.refuse("assign-attribute", text, why, call.node)
    if attr == "user":
        frame.emit(f"{ast.unparse(frame.state('call'))}.replace_user({value.text})")
    elif given_too(frame, attr):
        frame.emit(f"{ast.unparse(_place(frame, attr))} = {value.text}")
    else:
        known.stored[attr] = _declared(frame, attr, after, known.stored.get(attr, ""), call)
        frame.emit(f"{ast.unparse(_place(frame, attr))} = {value.text}")
    frame.forget_attribute(attr, known.stored.get(attr, ""))
    known.kinds[attr] = after
    known.stored.setdefault(attr, "")
    known.log.append(attr)
    frame.env[carried.SURE + attr] = Val(Const(True))


def _kind(frame: Frame, attr: str, value: Val, call: CallSite) -> Kind:
    """What the attribute is from now on: None as well, where code puts that there."""
    kind, text = widen(value.kind), f"request.{attr}"
    plain = (
        (isinstance(kind, Const) and kind.value is None)
        or (isinstance(kind, Scalar) and kind.type in _PLAIN and not kind.unsure)
        or isinstance(kind, Instance)
        or (isinstance(kind, ListOf) and isinstance(kind.item, Scalar | Instance))
    )
    if not plain or value.node is None:
        raise frame.refuse("assign-attribute", text, "Segue does not know what is put there.", call.node)
    if attr == "user":
        model = frame.ctx.snapshot.settings.user_model
        if isinstance(kind, Instance) and kind.model == model:
            kind.site.written = True  # whoever asks for the user later gets an entity, as from authentication
        elif not isinstance(kind, Const):
            raise frame.refuse("assign-attribute", text, "It is no user of AUTH_USER_MODEL.", call.node)
    return nullable(kind) if attr in _may_be_none(frame.ctx) and not isinstance(kind, Const) else kind


def _may_be_none(ctx: Context) -> set[str]:
    """Attributes that some function of the project sets to None on anything but ``self``."""
    known = ctx.memo.get(_NONE_PUT)
    if isinstance(known, set):
        return known
    out: set[str] = set()
    for function in ctx.snapshot.functions.values():
        tree = tree_of(function)
        for node in ast.walk(tree) if tree is not None else ():
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.value, ast.Constant)
                and node.value.value is None
            ):
                out |= {
                    t.attr for t in node.targets if isinstance(t, ast.Attribute) and not _is_self(t.value)
                }
    ctx.memo[_NONE_PUT] = out
    return out


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def read(frame: Frame, attr: str, node: ast.AST) -> Val:
    """``request.<attr>`` that may have been put there: an ``AttributeError`` where it was not."""
    kind = carried.on_request(frame.ctx)[attr]
    if attr == "user":
        return _user(frame, kind, node)
    if isinstance(kind, Const):
        if _certain(frame, attr):
            return const(None)
        raise frame.refuse("request", f"request.{attr}", "Nothing but None is put there.", node)
    if in_source(frame.ctx) and not _certain(frame, attr):
        why = "Where it is not there, DRF takes the AttributeError for a missing value here."
        raise frame.refuse("request", f"request.{attr}", why, node)
    return Val(kind, _place(frame, attr))


def _user(frame: Frame, kind: Kind, node: ast.AST) -> Val:
    if "user" not in carried.certain(frame.ctx):
        why = "It is replaced in some branches only; who it is here cannot be told."
        raise frame.refuse("request", "request.user", why, node)
    if isinstance(kind, Const):
        return const(None)
    if frame.replaces_user or frame.scope is not None:
        return Val(kind, ast.Attribute(frame.state("call"), "user", ast.Load()))
    text, imports = annotation(frame.ctx, kind)
    if "request_user" not in frame.state_used:
        frame.use(*imports)
    return frame.extra_state("request_user", lambda: text, kind)


def _certain(frame: Frame, attr: str) -> bool:
    return attr in carried.certain(frame.ctx) or attr in given_here(frame.ctx)


def has(frame: Frame, attr: str) -> Val | None:
    """``hasattr(request, attr)`` of what may have been put there; None for what certainly was not."""
    if attr not in carried.on_request(frame.ctx):
        return None
    if _certain(frame, attr):
        return const(True)
    return Val(Scalar("bool"), quote("hasattr({0}, {1})", *_owner_and_name(frame, attr)))


def get(frame: Frame, attr: str, default: Val, node: ast.AST) -> Val | None:
    """``getattr(request, attr, default)`` of what may have been put there; None for what certainly was not."""
    kind = carried.on_request(frame.ctx).get(attr)
    if kind is None:
        return None
    if _certain(frame, attr):
        return read(frame, attr, node)
    known = join(kind, default.kind)
    if isinstance(default.kind, Const) and default.kind.value is None and default.node is not None:
        if isinstance(kind, Const):
            return const(None)
        return Val(known, quote("getattr({0}, {1}, None)", *_owner_and_name(frame, attr)))
    why = "It may be there or not, and its default is something else than None."
    raise frame.refuse("getattr", f"request.{attr}", why, node)


def given_too(frame: Frame, attr: str) -> bool:
    """Whether translated middleware gives requests of the route in hand something of that name: both are kept in one place."""
    return attr in _of_middleware(frame.ctx) and attr in (*given_here(frame.ctx), *perhaps_here(frame.ctx))


def _of_middleware(ctx: Context) -> dict[str, Kind]:
    found = ctx.memo.get(("middleware", "given"))
    return found if isinstance(found, dict) else {}


def _owner_and_name(frame: Frame, attr: str) -> tuple[ast.expr, ast.expr]:
    """The object that keeps the attribute, and its name there."""
    if given_too(frame, attr):
        return ast.Attribute(frame.state("call"), "state", ast.Load()), ast.Constant(attr)
    known = carried.flow(frame.ctx)
    return _state(frame), ast.Constant(known.stored.get(attr, "") if known is not None else "")


def _place(frame: Frame, attr: str) -> ast.expr:
    owner, field_name = _owner_and_name(frame, attr)
    assert isinstance(field_name, ast.Constant)
    return ast.Attribute(owner, str(field_name.value), ast.Load())


def _state(frame: Frame) -> ast.expr:
    """The object: in a function of the project a local, bound at its top (:func:`opened`)."""
    helper, call = frame.imported(f"{{package}}.{MODULE}", "request_state"), frame.state("call")
    if not frame.keeps_state:
        return quote("{0}({1})", helper, call)
    if not frame.state_local:
        frame.state_local = frame.fresh("state")
    return name(frame.state_local)


def opened(frame: Frame) -> None:
    """Bind what :func:`_state` named, once the body is there."""
    named = re.compile(rf"\b{frame.state_local}\b")
    if frame.state_local and any(named.search(line) for line in frame.lines):
        call = ast.unparse(frame.state("call"))
        frame.lines.insert(0, f"{frame.state_local} = request_state({call})")


def _declared(frame: Frame, attr: str, kind: Kind, field_name: str, call: CallSite) -> str:
    """The field that keeps the attribute, ``field_name`` where the request has one already. Others of the same name are other fields
    where what they keep is another thing. Raises ``Refused``."""
    ctx = frame.ctx
    fields = ctx.memo.get(_FIELDS)
    if not isinstance(fields, _Fields):
        ctx.memo[_FIELDS] = fields = _Fields()
        ctx.finalizers.append(lambda: _write(ctx))
    stem = f"kept{attr}" if attr.startswith("_") else attr  # nothing is private there
    names = [field_name] if field_name else [stem, *(f"{stem}_{number}" for number in range(2, 10))]
    for one in names:
        known = fields.kinds.get(one)
        joined = join(known, kind) if known is not None else kind
        exact = known is None or known == joined or isinstance(known, Const) or isinstance(kind, Const)
        if not isinstance(joined, Unknown) and (exact or one == field_name):
            fields.kinds[one] = joined
            return one
    why = "It is one thing or another on the same request; give one of them a name of its own."
    raise frame.refuse("assign-attribute", f"request.{attr}", why, call.node)


def _write(ctx: Context) -> None:
    """``app/request_state.py``."""
    fields = ctx.memo.get(_FIELDS)
    assert isinstance(fields, _Fields)
    module = ctx.program.module(
        f"{ctx.program.package}/{MODULE}.py", "What the service's code keeps with a request."
    )
    lines, imports = [], set[Import]()
    for attr, kind in sorted(fields.kinds.items()):
        text, needed = annotation(ctx, kind)
        imports |= {Import(i.module, i.name, i.alias, type_only=True) if i.name else i for i in needed}
        lines.append(f"    {attr}: {text}\n")
    doc = '    """What authentication, permissions and views put on the request. What none has put there is an ``AttributeError``."""'
    code = f"class RequestState:\n{doc}\n\n{''.join(lines)}"
    module.add(Decl("RequestState", code, frozenset(imports), 10))
    text = (
        "def request_state(call: Call) -> RequestState:\n"
        '    """That of the request in hand."""\n'
        "    return call.kept(RequestState)\n"
    )
    module.add(Decl("request_state", text, frozenset({Import("segue_bridge.http.call", "Call")}), 20))
    for declared in ("RequestState", "request_state"):
        prunable(ctx, module.path, declared)


def check_user(ctx: Context, where: Where, what: str) -> None:
    """Refuse ``what``, which takes ``request.user`` for what authentication has found, once code has put another there."""
    if "user" in carried.on_request(ctx):
        why = "request.user has been replaced by code of the project before; Segue does not know whom this asks about."
        raise refuse("request", what, why, where)


__all__ = ["check_user", "get", "has", "in_order", "opened", "put", "read"]
