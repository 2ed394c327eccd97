"""Arguments of mails: texts, addresses, files, headers."""

from __future__ import annotations

import ast

from segue.translate import mailer
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.iterate import iterable
from segue.translate.interp.value import Val, is_pure, name, quote
from segue.translate.kinds import Const, DictOf, Kind, ListOf, QuerySet, Scalar, TupleOf, Unknown

# What Django before 5.2 writes twice where it is among the headers (EmailMessage.message).
_TWICE = ("to", "cc", "reply-to")
_TEXT, _BYTES = ("str", "Any"), ("str", "bytes", "Any")


def refused(frame: Frame, call: CallSite, why: str) -> Exception:
    """A refusal to raise."""
    return frame.refuse("mail", ast.unparse(call.node), why, call.node)


def keywords(frame: Frame, call: CallSite, *order: str) -> dict[str, Val]:
    """The arguments by name; ``order`` are the names of all there can be."""
    call.only(*order, at_most=len(order))
    given = dict(zip(order, call.args, strict=False))
    given.update(call.kwargs)
    return given


def is_none(value: Val | None) -> bool:
    """Whether an argument is left out or None for sure."""
    return value is None or value.kind == Const(None)


def text(
    frame: Frame,
    call: CallSite,
    value: Val | None,
    *,
    required: bool = False,
    types: tuple[str, ...] = _TEXT,
    nullable: bool = True,
) -> ast.expr:
    """The code of a text (or of another of ``types``). Raises ``Refused`` for anything else."""
    if value is None:
        if required:
            raise refused(frame, call, "An argument is missing.")
        return ast.Constant(None)
    if value.node is None or not _is(value.kind, types, nullable):
        raise refused(frame, call, "Only texts are written into a mail; wrap others in str().")
    return value.node


def _is(kind: Kind, types: tuple[str, ...], nullable: bool) -> bool:
    if isinstance(kind, Const):
        return (kind.value is None and nullable) or type(kind.value).__name__ in types
    return isinstance(kind, Scalar) and kind.type in types and (nullable or not kind.nullable)


def sender(frame: Frame, call: CallSite, value: Val | None) -> ast.expr:
    """Who sends it: ``DEFAULT_FROM_EMAIL`` where nobody is given."""
    default = name(mailer.field(frame.ctx, "DEFAULT_FROM_EMAIL", "webmaster@localhost"))
    if is_none(value):
        frame.imported(f"{frame.ctx.program.package}.settings", "settings")
        return default
    assert value is not None
    given = text(frame, call, value)
    written = given.values if isinstance(given, ast.JoinedStr) else [given]
    sure = any(isinstance(part, ast.Constant) and part.value for part in written)
    if sure or ast.unparse(given) == ast.unparse(default):
        return given
    frame.imported(f"{frame.ctx.program.package}.settings", "settings")
    return quote("{0} or {1}", given, default)


def addresses(frame: Frame, call: CallSite, argument: str, value: Val | None) -> ast.expr:
    """A list of addresses, or what gives one."""
    if is_none(value):
        return ast.Constant(None)
    assert value is not None
    kind, node = value.kind, value.node
    if isinstance(kind, QuerySet):
        node, item = iterable(frame, value, call.node)
        kind = ListOf(item)
    known = False
    match kind:
        case Const(value=tuple() as items):
            known = all(isinstance(item, str) for item in items)
        case ListOf(item=item):
            known = _is(item, _TEXT, True) or (isinstance(item, Unknown) and item.why == "empty")
        case TupleOf(items=parts):
            known = all(_is(part, _TEXT, True) for part in parts)
        case Scalar(type=shape):
            known = shape in ("Any", "list[Any]")
    if not known or node is None:
        raise refused(frame, call, f"Segue does not know the addresses of {argument}.")
    return node


def flag(frame: Frame, call: CallSite, value: Val | None) -> ast.expr | None:
    """``fail_silently``: None for no."""
    if value is None:
        return None
    if isinstance(value.kind, Const):
        return ast.Constant(True) if value.kind.value else None
    if value.node is None or not is_pure(value.node) or value.kind != Scalar("bool"):
        raise refused(frame, call, "fail_silently is computed.")
    return value.node


def pairs(frame: Frame, call: CallSite, argument: str, value: Val) -> ast.expr:
    """``attachments`` (name, content, type) or ``alternatives`` (content, type), written in place."""
    node = value.node
    if not isinstance(node, ast.List | ast.Tuple):
        raise refused(frame, call, f"Its {argument} are not written in place.")
    raw = call.raw_kwargs.get(argument)
    elements = raw.elts if isinstance(raw, ast.List | ast.Tuple) else None
    if elements is None or len(elements) != len(node.elts):
        raise refused(frame, call, f"Its {argument} are not written in place.")
    made: list[ast.expr] = []
    for element in elements:
        if not isinstance(element, ast.Tuple | ast.List):
            raise refused(frame, call, f"Its {argument} are not written in place.")
        with frame.capture():  # they have been computed above
            parts = [frame.eval(part) for part in element.elts]
        if any(part.node is None or not is_pure(part.node) for part in parts):
            raise refused(frame, call, f"Its {argument} are computed in place; compute them before.")
        if argument == "alternatives" and len(parts) == 2:
            codes = [text(frame, call, parts[0], types=_BYTES), text(frame, call, parts[1], nullable=False)]
        elif argument == "attachments" and len(parts) in (2, 3):
            codes = attachment(frame, call, [*parts, Val(Const(None), ast.Constant(None))][:3])
        else:
            raise refused(frame, call, f"Its {argument} have another form.")
        made.append(ast.Tuple(codes, ast.Load()))
    return ast.List(made, ast.Load())


def attachment(frame: Frame, call: CallSite, parts: list[Val]) -> list[ast.expr]:
    """Name, content and type of a file."""
    filename, content, kind = parts
    return [
        text(frame, call, filename),
        text(frame, call, content, types=_BYTES, nullable=False),
        text(frame, call, kind),
    ]


def header_dict(frame: Frame, call: CallSite, value: Val) -> ast.expr:
    """Further headers."""
    kind = value.kind
    if value.node is None or not isinstance(kind, DictOf):
        raise refused(frame, call, "Its headers are no dict of texts.")
    values = [item for _, item in kind.items] + ([kind.value] if kind.value is not None else [])
    if not all(_is(item, _TEXT, True) for item in values):
        raise refused(frame, call, "Its headers are no dict of texts.")
    release = tuple(int(part) for part in frame.ctx.snapshot.versions.django.split(".")[:2])
    if release < (5, 2) and (kind.value is not None or any(key.lower() in _TWICE for key, _ in kind.items)):
        raise refused(frame, call, "Django before 5.2 writes To, Cc and Reply-To among the headers twice.")
    return value.node
