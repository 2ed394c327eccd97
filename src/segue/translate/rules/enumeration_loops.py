"""``for kind in Kind:``, ``[k.label for k in Kind]``, ``list(Color)``: the members of an enumeration in their order.

Members of texts and numbers are their values in generated code, so that what a loop asks of them beside (``.name``, ``.label``) stands
beside the value in what it goes over. Other enumerations are classes there, and gone over as such.
"""

from __future__ import annotations

import ast
import copy
import re

from segue.snapshot.model import Class
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, widen
from segue.translate.interp.value import Val, literal
from segue.translate.kinds import Const, EnumMember, Global, Kind, ListOf, TupleOf
from segue.translate.rules.enumerations import enumeration_class, is_plain_enum

_BESIDE = ("name", "label")
_KEY = "#members"


def members(frame: Frame, value: Val, beside: tuple[str, ...] = ()) -> Val | None:
    """The members of the class that ``value`` is, with what is asked of each ``beside`` its value; None for all else."""
    if not isinstance(value.kind, Global) or value.kind.ref.kind != "class":
        return None
    known = frame.ctx.snapshot.classes.get(value.kind.ref.name)
    if known is None or "_member_map_" not in known.attributes:
        return None
    if is_plain_enum(frame.ctx, known.name):
        cls = enumeration_class(frame, known)
        return (
            None
            if cls is None
            else Val(
                ListOf(EnumMember(known.name), "tuple"), ast.Call(ast.Name("tuple", ast.Load()), [cls], [])
            )
        )
    rows = _rows(frame, known, beside)
    if not rows:
        return None
    if not beside:
        kinds = [row[0].kind for row in rows]
        values = tuple(kind.value for kind in kinds if isinstance(kind, Const))
        return Val(Const(values), literal(tuple(plain(v) for v in values)))
    joined: list[Kind] = []
    for column in zip(*rows, strict=True):
        kind = widen(column[0].kind)
        for other in column[1:]:
            kind = join(kind, widen(other.kind))
        joined.append(kind)
    nodes = [ast.Tuple([part.node for part in row if part.node is not None], ast.Load()) for row in rows]
    return Val(ListOf(TupleOf(tuple(joined)), "tuple"), ast.Tuple(list(nodes), ast.Load()))


def plain(value: object) -> object:
    """A member of an enumeration as the text or number that it is."""
    return (
        str.__str__(value)
        if isinstance(value, str)
        else int(value)
        if type(value) is not float and isinstance(value, int)
        else value
    )


def _rows(frame: Frame, known: Class, beside: tuple[str, ...]) -> list[list[Val]]:
    """Value, name and label of each member; nothing where one is no constant, or one is missing."""
    labels = known.attributes.get("__member_labels__")
    said = {k.data: v for k, v in labels.value.pairs} if labels is not None else {}
    order = [str(item.data) for item in known.attributes["_member_names_"].value.items]
    held = {str(k.data): v for k, v in known.attributes["_member_map_"].value.pairs}
    rows: list[list[Val]] = []
    for name in order:
        value = value_of(frame, held[name])
        if (
            value is None
            or not isinstance(value.kind, Const)
            or not isinstance(value.kind.value, str | int | float)
        ):
            return []
        row = [Val(value.kind, literal(plain(value.kind.value)))]
        for asked in beside:
            label = value_of(frame, said[name]) if name in said else None
            found = Val(Const(name), literal(name)) if asked == "name" else label
            if found is None or found.node is None:
                return []
            row.append(found)
        rows.append(row)
    return rows


def spelled_out(
    frame: Frame, target: ast.expr, over: ast.expr, parts: list[ast.AST]
) -> tuple[ast.expr, ast.expr, list[ast.AST]] | None:
    """``k``, ``Kind`` and the code of a round, where that asks ``k.name`` or ``k.label``: with names of their own for these."""
    if not isinstance(target, ast.Name) or not isinstance(over, ast.Name | ast.Attribute):
        return None
    asked = [
        n
        for part in parts
        for n in ast.walk(part)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == target.id
    ]
    beside = tuple(dict.fromkeys(n.attr for n in asked if n.attr in _BESIDE))
    if not asked:
        return None
    with frame.capture():
        owner = frame.eval(over)
    if (
        not isinstance(owner.kind, Global)
        or owner.kind.ref.kind != "class"
        or is_plain_enum(frame.ctx, owner.kind.ref.name)
    ):
        return None
    rows = members(frame, owner, beside)
    if rows is None or any(
        n.attr not in (*_BESIDE, "value") or not isinstance(n.ctx, ast.Load) for n in asked
    ):
        return None
    local = target.id
    names = {attr: f"{local}_{attr}" for attr in beside}
    if set(names.values()) & set(re.findall(r"\w+", frame.function.source)):
        return None
    key = f"{_KEY} {over.lineno}:{over.col_offset}"
    frame.env[key] = rows

    class Rename(ast.NodeTransformer):
        def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
            if isinstance(node.value, ast.Name) and node.value.id == local:
                return ast.copy_location(ast.Name(names.get(node.attr, local), ast.Load()), node)
            self.generic_visit(node)
            return node

    renamed = [Rename().visit(copy.deepcopy(part)) for part in parts]
    whole: ast.expr = target
    if beside:
        whole = ast.copy_location(
            ast.Tuple([target, *(ast.Name(names[attr], ast.Store()) for attr in beside)], ast.Store()), target
        )
    return whole, ast.copy_location(ast.Name(key, ast.Load()), over), renamed


__all__ = ["members", "spelled_out"]
