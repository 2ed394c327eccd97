"""``{{ order.customer.name }}``: what a path of a template stands for.

Source: ``django.template.base.Variable._resolve_lookup``: a key of a mapping, then an attribute (called where it can be),
then a number of a list. What is not there, or raises ``ObjectDoesNotExist``, is shown as nothing.
"""

from __future__ import annotations

import ast
import re
from contextlib import nullcontext
from dataclasses import replace
from typing import TypeGuard

from segue.refusal import Refused
from segue.snapshot.model import Function
from segue.translate.functions.record import reached
from segue.translate.interp.expressions import attributes, calls
from segue.translate.interp.join import not_null
from segue.translate.interp.scope import field_source
from segue.translate.interp.value import Val
from segue.translate.kinds import (
    BoundMethod,
    Const,
    DictOf,
    Instance,
    Kind,
    LibraryObject,
    ListOf,
    Manager,
    Maybe,
    NamedRow,
    QuerySet,
    RelatedManager,
    Scalar,
    TupleOf,
    Unknown,
    User,
)
from segue.translate.load.models import concrete
from segue.translate.rules.instance import model_method
from segue.translate.rules.queryset_evaluate import fetched_rows
from segue.translate.templates.writing import TAKEN, Found, Template, quoted

_CONSTANTS = {"True": True, "False": False, "None": None}
_LOOP = {
    "counter": ("index", "int"), "counter0": ("index0", "int"), "revcounter": ("revindex", "int"),
    "revcounter0": ("revindex0", "int"), "first": ("first", "bool"), "last": ("last", "bool"),
}  # fmt: skip
# Of these, what a template asks of them is what Python has in both.
_PLAIN_TEXT = frozenset({"upper", "lower", "title", "capitalize", "swapcase", "strip", "lstrip", "rstrip"})
_PARTS = {
    "datetime": ("year", "month", "day", "hour", "minute", "second", "microsecond"),
    "date": ("year", "month", "day"),
    "time": ("hour", "minute", "second", "microsecond"),
}
_WRITES = frozenset(
    {"save", "delete", "create", "update", "get_or_create", "update_or_create", "bulk_create", "bulk_update", "clear",
     "set", "add", "remove", "asave", "adelete", "refresh_from_db", "set_password", "save_base"}
)  # fmt: skip

_SILENT = "Django shows nothing where it finds no object (ObjectDoesNotExist). Compute it before, and give it to the template."
# What raises that in the generated code.
_FINDS = re.compile(r"\braise\b|\b(present|only|follow_back|follow_real|refresh)\(")


def path(template: Template, parts: list[str], line: int) -> Found:
    """What ``parts`` (the names between the dots) stand for here. Raises ``Refused``."""
    what = ".".join(parts)
    try:
        return _path(template, parts, what, line)
    except Refused as refused:
        if refused.refusal.file == template.file:
            raise
        raise template.at(refused, what, line) from None


def _path(template: Template, parts: list[str], what: str, line: int) -> Found:
    root, rest = parts[0], parts[1:]
    if root == "forloop":
        return _forloop(template, rest, what, line)
    if root == "block":
        raise template.refuse(what, "Segue knows only {{ block.super }} of it.", line)
    if root in _CONSTANTS and not rest:
        return Found(str(_CONSTANTS[root]).lower(), Const(_CONSTANTS[root]), ast.Constant(_CONSTANTS[root]))
    if root in TAKEN or not root.isidentifier():
        raise template.refuse(what, f"{root} means something else in Jinja2. Give it another name.", line)
    found = _root(template, root, line)
    for part in rest:
        found = found if found.absent else _step(template, found, part, what, line)
    kind = found.kind
    if isinstance(kind, LibraryObject):
        raise template.refuse(
            what, "It is an object of a library, of which Django calls what can be called.", line
        )
    if isinstance(kind, Const) and isinstance(kind.value, str) and any(c in kind.value for c in "<>&\"'"):
        raise template.refuse(what, "Whether this text of the code is HTML (mark_safe) is not known.", line)
    if found.absent:
        return replace(found, text=what if all(p.isidentifier() for p in parts) else root)
    return found


def _root(template: Template, root: str, line: int) -> Found:
    for scope in reversed(template.scopes):
        if root in scope:
            return scope[root]
    value = template.shared.names.get(root)
    if value is None:
        template.shared.unknown.setdefault(root, template.name)
        return Found(root, Unknown(), missing=True, absent=True)
    template.shared.used.add(root)
    if isinstance(value.kind, QuerySet):
        return _rows(template, root, value, line)
    return Found(root, value.kind, value.node)


def _rows(template: Template, root: str, value: Val, line: int) -> Found:
    """A queryset of the context: its rows, which are asked for where the template first looks at it."""
    if template.inside:
        why = "Whether its rows are asked for is decided in the template. Give the template a list."
        raise template.refuse(root, why, line)
    rows = fetched_rows(template.frame, value, template.shared.call)
    template.shared.names[root] = rows
    return Found(root, rows.kind, rows.node)


def _forloop(template: Template, rest: list[str], what: str, line: int) -> Found:
    if not template.loops or len(rest) != 1 or rest[0] not in _LOOP:
        raise template.refuse(what, "Segue knows only forloop.counter and its kin, in the loop itself.", line)
    name, kind = _LOOP[rest[0]]
    return Found(f"loop.{name}", Scalar(kind))


def _step(template: Template, owner: Found, part: str, what: str, line: int) -> Found:
    """``owner.part``."""
    kind = not_null(owner.kind)
    missing = owner.missing or kind != owner.kind
    if isinstance(kind, Maybe):
        kind = kind.kind
    owner = replace(owner, kind=kind, missing=missing)
    if isinstance(kind, Const) and kind.value is None:
        return Found(what, Unknown(), missing=True, absent=True)
    if isinstance(kind, DictOf):
        return _item(template, owner, kind, part, what, line)
    if isinstance(kind, ListOf | TupleOf):
        if part.isdigit() and not (isinstance(kind, TupleOf) and int(part) >= len(kind.items)):
            item = kind.item if isinstance(kind, ListOf) else kind.items[int(part)]
            return Found(f"{owner.text}[{part}]", item, _subscript(owner, int(part)), True)
        raise template.refuse(what, "Segue knows only the numbers of a list.", line)
    if isinstance(kind, NamedRow):
        columns = dict(kind.columns)
        if part in columns:
            return Found(f"{owner.text}.{part}", columns[part], _attribute(owner, part), missing)
        raise template.refuse(what, f"The rows have no {part}.", line)
    if isinstance(kind, Scalar) and not isinstance(kind, LibraryObject):
        return _of_scalar(template, owner, kind, part, what, line)
    if isinstance(kind, Instance | User | RelatedManager | QuerySet | Manager):
        return _of_object(template, owner, part, what, line)
    raise template.refuse(what, f"Segue does not know what {part} of it is.", line)


def _subscript(owner: Found, key: str | int) -> ast.expr | None:
    return None if owner.node is None else ast.Subscript(owner.node, ast.Constant(key), ast.Load())


def _attribute(owner: Found, name: str) -> ast.expr | None:
    return None if owner.node is None else ast.Attribute(owner.node, name, ast.Load())


def _item(template: Template, owner: Found, kind: DictOf, part: str, what: str, line: int) -> Found:
    known = dict(kind.items)
    if known and all(key.isdigit() for key in known):  # a tuple, by the places of its items
        if part in known:
            return Found(f"{owner.text}[{part}]", known[part], _subscript(owner, int(part)), owner.missing)
        raise template.refuse(what, "Segue knows only the numbers of a list.", line)
    if part in known:
        text = (
            f"{owner.text}[{part!r}]"
            if hasattr(dict, part) or not part.isidentifier()
            else f"{owner.text}.{part}"
        )
        return Found(text, known[part], _subscript(owner, part), owner.missing)
    if owner.missing and part in ("items", "keys", "values"):
        raise template.refuse(what, "There may be no dict.", line)
    if known and kind.value is None and part in ("items", "keys", "values"):
        if part == "keys":
            return Found(f"{owner.text}.keys()", ListOf(Scalar("str")))
        if part == "values" and len({str(k) for k in known.values()}) == 1:
            return Found(f"{owner.text}.values()", ListOf(next(iter(known.values()))))
    if (
        kind.value is not None
        and not known
        and kind.key not in (None, Scalar("str"))
        and part in ("items", "values")
    ):
        item: Kind = kind.value if part == "values" else TupleOf((kind.key or Scalar("str"), kind.value))
        return Found(f"{owner.text}.{part}()", ListOf(item))
    if kind.value is not None and not hasattr(dict, part) and not part.isdigit():
        return Found(f"{owner.text}.{part}", kind.value, None, True)
    raise template.refuse(what, f"Whether the dict has {part} is not known.", line)


def _of_scalar(template: Template, owner: Found, kind: Scalar, part: str, what: str, line: int) -> Found:
    if kind.type == "str" and part in _PLAIN_TEXT:
        called = f"{owner.text}.{part}()"
        text = f"({called} if {owner.text} is string)" if owner.missing else called
        return Found(text, Scalar("str"), None, owner.missing)
    if part in _PARTS.get(kind.type, ()):
        return Found(f"{owner.text}.{part}", Scalar("int"), _attribute(owner, part), owner.missing)
    odd = part.isdigit() or any(hasattr(t, part) for t in (dict, list, str, float, int))
    if kind.type in ("Any", "dict[str, Any]") and not odd:
        return Found(f"{owner.text}.{part}", Scalar("Any", True), None, True)
    raise template.refuse(what, f"Segue does not know what {part} of {kind.type} is.", line)


def _of_object(template: Template, owner: Found, part: str, what: str, line: int) -> Found:
    if part.isdigit() or part in _WRITES:
        raise template.refuse(what, "Templates do not call what writes.", line)
    frame, kind = template.frame, owner.kind
    if owner.node is None:
        raise template.refuse(what, "Segue does not know what it is here.", line)
    if isinstance(kind, Instance | User):
        _check_model(template, kind.model, part, what, line)
    given = Val(kind, owner.node)
    asked = ast.Attribute(owner.node, part, ast.Load())
    with frame.capture() as lines:
        value = attributes.find(frame, given, part, asked)
        if value is None:
            # ``None.upper`` is shown as nothing (``Variable._resolve_lookup``).
            with field_source(frame.ctx) if isinstance(kind, Scalar) else nullcontext():
                value = calls.method_call(frame, given, part, ast.Call(asked, [], []))
        elif isinstance(value.kind, BoundMethod):
            value = calls.call_value(frame, value, ast.Call(asked, [], []))
    if lines:
        raise template.refuse(
            what, "It takes statements of its own. Compute it before, and give it to the template.", line
        )
    return _written(template, owner, value, part, what, line)


def _check_model(template: Template, model: str, part: str, what: str, line: int) -> None:
    """Refuse what Django would not call, or would show as nothing, and what may raise ``DoesNotExist``."""
    ctx = template.frame.ctx
    cls = concrete(ctx, model).cls
    known = ctx.snapshot.classes.get(cls)
    facts = template.shared.templates.get("", {})
    mro = known.mro if known is not None else (cls,)
    if any(f"{base}.{part}" in facts.get("uncalled", ()) for base in (cls, *mro)):
        raise template.refuse(what, "Templates do not call it (alters_data).", line)
    if model_method(template.frame, cls, "__getitem__") is not None:
        raise template.refuse(what, "Its objects can be asked for items (__getitem__).", line)
    function = model_method(template.frame, cls, part)
    if function is not None and not _harmless(function):
        raise template.refuse(what, _SILENT, line)


def _harmless(function: Function) -> bool:
    """Whether it can be called without arguments, and does not look for one object itself."""
    source = function.source or ""
    if any(
        word in source for word in ("DoesNotExist", ".get(", "get_object", ".latest(", ".earliest(", "raise ")
    ):
        return False
    try:
        tree = ast.parse(source.strip()).body[0]
    except SyntaxError:
        return False
    if not isinstance(tree, ast.FunctionDef):
        return False
    given = tree.args
    return len(given.args) - len(given.defaults) <= 1 and all(d is not None for d in given.kw_defaults)


def _written(template: Template, owner: Found, value: Val, part: str, what: str, line: int) -> Found:
    """The text of what ``owner.part`` turned out to be."""
    if value.node is None or isinstance(value.kind, Unknown):
        why = value.kind.why if isinstance(value.kind, Unknown) else ""
        raise template.refuse(what, why or "Segue does not know what it is here.", line)
    if isinstance(value.kind, RelatedManager | Manager | QuerySet):
        return Found(f"{owner.text}.{part}", value.kind, value.node, owner.missing)
    assert owner.node is not None
    asked = ast.unparse(value.node)
    itself = "" if _is_present(value.node) else asked.replace(ast.unparse(owner.node), "")
    called = reached(template.frame.ctx, [asked])
    if _FINDS.search(itself) or any(one is None or _FINDS.search("\n".join(one.lines)) for one in called):
        raise template.refuse(what, _SILENT, line)
    if _is_present(value.node):  # the other end of a one-to-one: nothing is shown where there is none
        text = in_terms(template, value.node.args[0], owner)
        if text is not None:
            return Found(text, value.kind, value.node.args[0], True)
    text = in_terms(template, value.node, owner, part)
    if text is not None:
        return Found(text, value.kind, value.node, owner.missing)
    return _given(template, value, owner, what, line)


def _is_present(node: ast.expr) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "present"


def in_terms(template: Template, node: ast.expr, owner: Found, name: str = "") -> str | None:
    """``node`` as Jinja2 writes it, where it asks of the owner what a template can ask; None elsewhere.

    A function of the service gets the name ``name``, under which the template is given it.
    """
    if owner.node is not None and ast.unparse(node) == ast.unparse(owner.node):
        return owner.text
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | bool | None):
        return constant(node.value)
    if isinstance(node, ast.Attribute):
        inner = in_terms(template, node.value, owner)
        return None if inner is None else f"{inner}.{node.attr}"
    if isinstance(node, ast.JoinedStr):
        return _joined(template, node, owner)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):  # of texts
        sides = [in_terms(template, side, owner) for side in (node.left, node.right)]
        return None if None in sides else f"({sides[0]} ~ {sides[1]})"
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "str"
        and len(node.args) == 1
    ):
        inner = in_terms(template, node.args[0], owner, name)
        return None if inner is None else f"({inner})|string"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        return _looked_up(template, node.func.value, node.args, owner)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords and name:
        parts = [in_terms(template, argument, owner) for argument in node.args]
        if (
            None in parts
            or not parts
            or not node.func.id.startswith("segue__fn_")
            or not _free(template, name, node.func)
        ):
            return None
        call = f"{name}({', '.join(part for part in parts if part is not None)})"
        # Jinja2 has no value for an "if" without "else": the template does not know it.
        return f"({call} if {owner.text})" if owner.missing else call
    return None


def _looked_up(template: Template, table: ast.expr, arguments: list[ast.expr], owner: Found) -> str | None:
    """``STATUS.get(book.status, book.status)``, of a constant of the service."""
    if not isinstance(table, ast.Name) or not table.id.isupper() or not _free(template, table.id, table):
        return None
    parts = [in_terms(template, argument, owner) for argument in arguments]
    if None in parts or table.id not in {item.alias or item.name for item in template.frame.imports}:
        return None
    text = f"{table.id}.get({', '.join(part for part in parts if part is not None)})"
    return f"({text} if {owner.text})" if owner.missing else text


def _free(template: Template, name: str, function: ast.expr) -> bool:
    """Whether the template can be given the function under this name."""
    shared = template.shared
    if name in shared.names or name in TAKEN or any(name in scope for scope in template.scopes):
        return False
    return ast.unparse(shared.more.setdefault(name, function)) == ast.unparse(function)


def constant(value: str | int | bool | None) -> str:
    """A value of Python in Jinja2's words."""
    if isinstance(value, str):
        return quoted(value)
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)


def _joined(template: Template, node: ast.JoinedStr, owner: Found) -> str | None:
    """``f"{author.name} ({author.country})"``."""
    parts: list[str] = []
    for one in node.values:
        if isinstance(one, ast.FormattedValue) and (one.conversion != -1 or one.format_spec is not None):
            return None
        inner = in_terms(template, one.value if isinstance(one, ast.FormattedValue) else one, owner)
        if inner is None:
            return None
        parts.append(inner)
    text = " ~ ".join(parts if len(parts) > 1 else [*parts, quoted("")])
    return f"(({text}) if {owner.text})" if owner.missing else f"({text})"


def _given(template: Template, value: Val, owner: Found, what: str, line: int) -> Found:
    """Compute it before, under a name of its own, where that is the same."""
    root = what.split(".")[0]
    if template.inside or template.loops or owner.missing or any(root in scope for scope in template.scopes):
        why = "It is computed, and the template decides whether. Compute it before, and give it to the template."
        raise template.refuse(what, why, line)
    wanted = "_".join(what.split("."))
    if wanted in template.shared.names or wanted in TAKEN:
        raise template.refuse(what, f"There is a {wanted} already.", line)
    assert value.node is not None
    known = template.shared.more.get(wanted)
    if known is not None and ast.unparse(known) != ast.unparse(value.node):
        raise template.refuse(what, f"There is a {wanted} already.", line)
    if known is not None:
        raise template.refuse(what, "Django computes it each time that it is shown. Compute it before.", line)
    template.shared.more[wanted] = value.node
    return Found(wanted, value.kind, None)


__all__ = ["in_terms", "path"]
