"""Libraries that both sides have as they are, and that only compute: the generated code calls them as the project does.

Those are the modules in :data:`KNOWN` and what ``pure`` of ``segue.toml`` names: code that asks neither Django nor the network nor
what is kept in the memory of the process, so that it gives the same for the same arguments wherever it runs.
"""

from __future__ import annotations

import ast

from segue.snapshot.model import GlobalRef
from segue.target.ir import Import
from segue.translate import distributions
from segue.translate.context import Context
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, DictOf, LibraryObject, Scalar, Unknown
from segue.translate.rules import registry
from segue.translate.rules.registry import attribute, method

KNOWN = frozenset(
    {"bleach", "dateutil.relativedelta", "emoji", "inflection", "markdown", "nh3", "nanoid", "phonenumbers", "rapidfuzz", "shortuuid", "slugify", "unidecode",
     "io.BytesIO", "io.StringIO", "zipfile.ZipFile"}
)  # fmt: skip

# What these give for certain.
_GIVES = {
    "io.BytesIO": {"getvalue": "bytes", "read": "bytes", "tell": "int"},
    "io.StringIO": {"getvalue": "str", "read": "str", "tell": "int"},
    "zipfile.ZipFile": {"namelist": "list[Any]", "read": "bytes"},
}


_ARCHIVE = "zipfile.ZipFile()"
# The rest asks for files or the clock of the process.
_ARCHIVED = frozenset({"writestr", "namelist", "read", "close", "testzip"})


def is_pure(ctx: Context, dotted: str) -> bool:
    """Whether ``dotted`` is of a library that only computes."""
    parts = dotted.removeprefix("_").split(".")
    return any(".".join(parts[:count]) in (ctx.pure | KNOWN) for count in range(1, len(parts) + 1))


def direct(ctx: Context) -> set[str]:
    """What the generated code calls by the name that it has imported of such a library."""
    found = ctx.memo.setdefault(("libraries", "called"), set())
    assert isinstance(found, set)
    return found


def held(frame: Frame, ref: GlobalRef, node: ast.AST | None) -> Val | None:
    """What a name of such a library stands for, after importing it; None for all other names.

    Raises ``Refused`` where it is not known which distribution the service would need.
    """
    if ref.kind not in ("class", "function", "instance", "constant", "missing") or not is_pure(
        frame.ctx, ref.name
    ):
        return None
    if ref.name in registry.functions or not isinstance(node, ast.Name | ast.Attribute):
        return None
    top = ref.name.removeprefix("_").partition(".")[0]
    if not distributions.comes_along(top) and not distributions.of_module(frame.ctx.snapshot, top):
        why = f"Segue does not know which distribution has the module {top}, which the service would need."
        raise frame.refuse("unknown-global", ref.name, why, node)
    made = _named(frame, node)
    return None if made is None else Val(LibraryObject(name=ref.name.removeprefix("_")), made)


def _named(frame: Frame, node: ast.expr) -> ast.expr | None:
    """``node`` as it stands, with the import that it needs."""
    known = frame.function.globals
    base: ast.expr = node
    while True:
        ref = known.get(ast.unparse(base))
        if ref is not None and (isinstance(base, ast.Name) or ref.kind == "module"):
            break
        if not isinstance(base, ast.Attribute):
            return None
        base = base.value
    text = ast.unparse(base)
    if ref.kind == "module" and (ref.name == text or "." in text):
        frame.module(ref.name)
        return node
    if "." in text or not is_pure(frame.ctx, ref.name):
        return None
    owner, _, last = ref.name.removeprefix("_").rpartition(".")
    if ref.kind == "module" and not owner:
        frame.use(Import(ref.name, "", text))
        return node
    owner_class = frame.ctx.snapshot.classes.get(owner)
    if owner_class is not None or not owner:
        return None
    if last == text:
        frame.imported(owner, last)
    else:
        frame.use(Import(owner, last, text))
    return node


def is_call(frame: Frame, node: ast.Call) -> bool:
    """Whether ``node`` calls something of such a library."""
    first: ast.expr = node.func
    while isinstance(first, ast.Attribute | ast.Call):
        first = first.value if isinstance(first, ast.Attribute) else first.func
    if not isinstance(first, ast.Name):
        return False
    if first.id in frame.env:
        return isinstance(frame.env[first.id].kind, LibraryObject)
    refs = (frame.function.globals.get(ast.unparse(node.func)), frame.function.globals.get(first.id))
    return any(ref is not None and is_pure(frame.ctx, ref.name) for ref in refs)


def given(frame: Frame, value: Val, node: ast.AST) -> ast.expr:
    """The code of an argument: plain data, and what such libraries have given themselves. Raises ``Refused``."""
    from segue.translate.rules.pure_library import is_data

    text = ast.unparse(node) if isinstance(node, ast.expr) else ""
    if isinstance(value.kind, Unknown) and value.kind.why != "empty":
        raise frame.refuse("argument", text, value.kind.why or "Segue does not know what this is.", node)
    if value.node is None or not (is_data(value.kind) or isinstance(value.kind, LibraryObject)):
        raise frame.refuse("argument", text, "Only plain data is given to a library.", node)
    if isinstance(value.kind, DictOf) and value.kind.items and isinstance(value.node, ast.Name):
        raise frame.refuse("argument", text, "A library may change it. Give it a copy.", node)
    return value.node


@attribute(LibraryObject, "*")
def read(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``option.name``."""
    return None if owner.node is None else Val(LibraryObject(), ast.Attribute(owner.node, name, ast.Load()))


@method(LibraryObject, "*", "__call__")
def called(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``markdown(text)``, ``option.to_dict()``, ``buffer.getvalue()``."""
    assert isinstance(owner.kind, LibraryObject)
    if owner.node is None:
        return None
    itself = call.name == "__call__"
    parts = [given(frame, value, node) for value, node in zip(call.args, call.raw_args, strict=True)]
    keywords = [ast.keyword(key, given(frame, value, call.node)) for key, value in call.kwargs.items()]
    target = owner.node if itself else ast.Attribute(owner.node, call.name, ast.Load())
    if owner.kind.name == _ARCHIVE and call.name not in _ARCHIVED:
        raise frame.refuse("archive", ast.unparse(call.node), "It may read files, or the clock.", call.node)
    if owner.kind.name == _ARCHIVE and call.name == "writestr":
        if (
            len(parts) != 2
            or keywords
            or not all(widen(value.kind) in (Scalar("str"), Scalar("bytes")) for value in call.args)
        ):
            raise frame.refuse(
                "archive", ast.unparse(call.node), "Only texts and bytes, by a name.", call.node
            )
        writing = frame.imported("segue_bridge.archives", "write_entry")
        return Val(Const(None), ast.Call(writing, [owner.node, *parts], []))
    made = ast.Call(target, parts, keywords)
    if owner.kind.name and not owner.kind.name.endswith("()"):
        direct(frame.ctx).add(ast.unparse(target))
    if itself and owner.kind.name == "zipfile.ZipFile":
        file = call.args[0].kind if call.args else None
        if not isinstance(file, LibraryObject) or file.name != "io.BytesIO()":
            raise frame.refuse(
                "archive", ast.unparse(call.node), "Only an archive in an io.BytesIO is known.", call.node
            )
    if itself and owner.kind.name in _GIVES:
        return Val(LibraryObject(name=f"{owner.kind.name}()"), made)
    known = _GIVES.get(owner.kind.name.removesuffix("()"), {}).get(call.name)
    return Val(LibraryObject() if known is None or itself else Scalar(known), made)


@method(LibraryObject, "__getitem__")
def item(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``row[0]``; slices as those of any value."""
    if owner.node is None or len(call.args) != 1:
        return None
    key = given(frame, call.args[0], call.node)
    return Val(LibraryObject(), ast.Subscript(owner.node, key, ast.Load()))


__all__ = ["direct", "given", "held", "is_call", "is_pure"]
