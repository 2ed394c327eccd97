"""``csv.writer`` and ``csv.DictWriter`` on an ``HttpResponse``, or on an object that gives back what is written to it.

Python's own writers on both sides, which write ``str(value)`` of what is no text and nothing for None; so a value whose text is
another one in the generated code is refused. Source: ``_csv.c``, ``csv.DictWriter``, ``django.http.HttpResponse.write``.
"""

from __future__ import annotations

import ast
import textwrap

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.expressions.literals import printable
from segue.translate.interp.frame import Frame
from segue.translate.interp.iterate import iterable
from segue.translate.interp.value import Val, literal
from segue.translate.kinds import (
    Const,
    CsvWriter,
    DictOf,
    EchoFile,
    Instance,
    Kind,
    ListOf,
    NamedRow,
    QuerySet,
    Response,
    Scalar,
    StoredFile,
    TupleOf,
    Unknown,
)
from segue.translate.rules.registry import function, method

_CELLS = frozenset(
    {"str", "int", "float", "bool", "Decimal", "UUID", "date", "time", "datetime", "timedelta", "Any"}
)
_FORMAT = (
    "delimiter", "quotechar", "escapechar", "doublequote", "skipinitialspace", "lineterminator", "quoting", "strict", "dialect",
)  # fmt: skip


@function("_csv.writer", "csv.writer")
def writer(frame: Frame, call: CallSite) -> Val:
    """``csv.writer(response, delimiter=";")``."""
    return _made(frame, call, "writer", {})


@function("csv.DictWriter")
def dict_writer(frame: Frame, call: CallSite) -> Val:
    """``csv.DictWriter(response, fieldnames=["a", "b"])``."""
    names = call.argument(1, "fieldnames")
    if names is None or names.node is None or not _is_row(names.kind):
        raise _refused(frame, call, "Segue does not know its fieldnames.")
    fixed = {"fieldnames": names.node}
    for key in ("restval", "extrasaction"):
        value = call.kwargs.get(key)
        if value is not None:
            fixed[key] = _constant(frame, call, value)
    return _made(frame, call, "DictWriter", fixed)


def _made(frame: Frame, call: CallSite, name: str, fixed: dict[str, ast.expr]) -> Val:
    dicts = name == "DictWriter"
    call.only(*_FORMAT, *(("f", "fieldnames", "restval", "extrasaction") if dicts else ()), at_most=2)
    file = call.argument(0, "f")
    writable = file is not None and isinstance(file.kind, Response) and file.kind.writable
    if file is None or not (
        isinstance(file.kind, EchoFile) or (writable and isinstance(file.node, ast.Name))
    ):
        raise _refused(
            frame, call, "Only an HttpResponse in a variable, or what gives back its lines, is written to."
        )
    assert file.node is not None
    parts = [file.node]
    if not dicts and len(call.args) == 2:
        parts.append(_constant(frame, call, call.args[1]))
    named = [ast.keyword(key, value) for key, value in fixed.items()]
    named += [ast.keyword(k, _constant(frame, call, v)) for k, v in call.kwargs.items() if k in _FORMAT]
    target = ast.Attribute(frame.module("csv"), name, ast.Load())
    return Val(CsvWriter(dicts, isinstance(file.kind, EchoFile)), ast.Call(target, parts, named))


@method(CsvWriter, "writeheader")
def write_header(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``writer.writeheader()``."""
    assert isinstance(owner.kind, CsvWriter)
    if not owner.kind.rows_are_dicts:
        return None
    call.only(at_most=0)
    return _written(owner, "writeheader", [])


@method(CsvWriter, "writerow")
def write_row(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``writer.writerow([book.title, book.price])``."""
    assert isinstance(owner.kind, CsvWriter)
    if len(call.node.args) != 1 or call.node.keywords:
        raise _refused(frame, call, "It takes one row.")
    raw = call.node.args[0]
    if owner.kind.rows_are_dicts:
        return _written(owner, "writerow", [_dict_row(frame, call, raw)])
    if isinstance(raw, ast.List | ast.Tuple) and not any(isinstance(e, ast.Starred) for e in raw.elts):
        cells = [_cell(frame, call, element) for element in raw.elts]
        made: ast.expr = (
            ast.List(cells, ast.Load()) if isinstance(raw, ast.List) else ast.Tuple(cells, ast.Load())
        )
        return _written(owner, "writerow", [made])
    return _written(owner, "writerow", [_rows(frame, call, frame.eval(raw), False)])


@method(CsvWriter, "writerows")
def write_rows(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``writer.writerows(rows)``."""
    assert isinstance(owner.kind, CsvWriter)
    if len(call.args) != 1 or call.kwargs:
        raise _refused(frame, call, "It takes rows.")
    given = call.args[0]
    if owner.kind.rows_are_dicts:
        if not isinstance(given.kind, ListOf) or not _is_dict(given.kind.item) or given.node is None:
            raise _refused(frame, call, "Segue does not know its rows.")
        node = given.node
    else:
        node = _rows(frame, call, given, True)
    made = _written(owner, "writerows", [node])
    return Val(Const(None), made.node)


def _written(owner: Val, name: str, parts: list[ast.expr]) -> Val:
    assert isinstance(owner.kind, CsvWriter)
    assert owner.node is not None
    kind: Kind = Scalar("str") if owner.kind.echoes else Const(None)
    return Val(kind, ast.Call(ast.Attribute(owner.node, name, ast.Load()), parts, []))


def _cell(frame: Frame, call: CallSite, element: ast.expr) -> ast.expr:
    value = frame.eval(element)
    if isinstance(value.kind, Instance) and not value.kind.nullable:
        return printable(frame, value, element)
    if value.node is None or not _is_cell(value.kind):
        raise _refused(frame, call, f"Segue does not know the text of {ast.unparse(element)}.")
    return printable(frame, value, element)


def _dict_row(frame: Frame, call: CallSite, raw: ast.expr) -> ast.expr:
    if isinstance(raw, ast.Dict) and all(isinstance(k, ast.Constant) for k in raw.keys):
        return ast.Dict(list(raw.keys), [_cell(frame, call, value) for value in raw.values])
    value = frame.eval(raw)
    if value.node is None or not _is_dict(value.kind):
        raise _refused(frame, call, "Segue does not know this row.")
    return value.node


def _rows(frame: Frame, call: CallSite, value: Val, many: bool) -> ast.expr:
    kind: Kind | None = value.kind
    if many and isinstance(value.kind, QuerySet) and value.kind.query.values in ("tuple", "named"):
        node, item = iterable(frame, value, call.node)
        value = Val(ListOf(item), node)
    if many:
        kind = value.kind.item if isinstance(value.kind, ListOf) else None
    if value.node is None or kind is None or not _is_row(kind):
        raise _refused(frame, call, "Segue does not know what is in this row.")
    return value.node


def _is_row(kind: Kind) -> bool:
    match kind:
        case Const(value=tuple() as cells):
            return all(isinstance(cell, str | int | float | bool | None) for cell in cells)
        case ListOf(item=item):
            return _is_cell(item) or (isinstance(item, Unknown) and item.why == "empty")
        case TupleOf(items=items):
            return all(map(_is_cell, items))
        case NamedRow(columns=columns):
            return all(_is_cell(item) for _, item in columns)
        case Scalar(type="Any"):
            return True  # a row of values_list(), or what JSON has: plain values
    return False


def _is_dict(kind: Kind) -> bool:
    if not isinstance(kind, DictOf):
        return False
    values = [item for _, item in kind.items] + ([kind.value] if kind.value is not None else [])
    return all(map(_is_cell, values))


def _is_cell(kind: Kind) -> bool:
    if isinstance(kind, Const):
        return kind.value is None or isinstance(kind.value, str | int | float | bool)
    return isinstance(kind, StoredFile) or (isinstance(kind, Scalar) and kind.type in _CELLS)


def _constant(frame: Frame, call: CallSite, value: Val) -> ast.expr:
    if not isinstance(value.kind, Const) or not isinstance(value.kind.value, str | int | bool | None):
        raise _refused(frame, call, "How it writes is computed.")
    return literal(value.kind.value)


def echo(frame: Frame, dotted: str, call: CallSite) -> Val | None:
    """``Echo()``, an object of a class whose one method gives back what is written; None for other classes."""
    known = frame.ctx.snapshot.classes.get(dotted)
    if known is None or known.methods.get("write") != f"{dotted}.write" or len(known.mro) > 2:
        return None
    if any(
        name.startswith(f"{dotted}.") and name != f"{dotted}.write" for name in frame.ctx.snapshot.functions
    ):
        return None
    source = (
        frame.ctx.snapshot.functions[f"{dotted}.write"].source
        if f"{dotted}.write" in frame.ctx.snapshot.functions
        else ""
    )
    if not source or call.args or call.kwargs or not _gives_back(source):
        return None
    return Val(EchoFile(), ast.Call(frame.imported("segue_bridge.http.streams", "Echo"), [], []))


def _gives_back(source: str) -> bool:
    tree = ast.parse(textwrap.dedent(source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list or len(tree.args.args) != 2:
        return False
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return (
        len(body) == 1
        and isinstance(body[0], ast.Return)
        and isinstance(body[0].value, ast.Name)
        and body[0].value.id == tree.args.args[1].arg
    )


def _refused(frame: Frame, call: CallSite, why: str) -> Exception:
    return frame.refuse("csv", ast.unparse(call.node), why, call.node)
