"""What OpenAPI shows of an operation: the shape of its answer and its query parameters, read off its text.

Only what is certain is told: a response model stands where every successful return has the same known shape.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from segue.target.ir import Decl, Import, Origin
from segue.translate.context import DOCS, Context
from segue.translate.finishing.parameters import Parameters, parameters_of, refuses_filters
from segue.translate.finishing.program import FunctionNode, Place, dotted, function_of, resolve
from segue.translate.finishing.shapes import describable
from segue.translate.trees import nodes

_DECORATOR = re.compile(r"\A@router\.\w+\((?P<options>.*)\)\n", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z_]\w*")


def describe_operations(ctx: Context) -> None:
    """Add ``response_model`` and ``parameters`` to the decorators of path operation functions."""
    for operation in ctx.program.native:
        module = ctx.program.modules[f"{operation.module.replace('.', '/')}.py"]
        _describe(ctx, Place(module, module.decls[operation.function]))


def _describe(ctx: Context, place: Place) -> None:
    function = function_of(place.decl.code)
    found = _DECORATOR.match(place.decl.code)
    if function is None or found is None:
        return
    options = [found["options"]]
    imports: set[Import] = set()
    shape = _Shapes(ctx, place, function).of_answer()
    if shape is not None:
        options.append(f"response_model={shape[0]}")
        imports |= shape[1]
    also = {400} if refuses_filters(ctx, place, function) else set[int]()
    options += _media(ctx, place, function)
    options += _statuses(ctx, place, found["options"], function, also) + _envelope(found["options"], function)
    wanted = parameters_of(ctx, place, function)
    if wanted:
        text, needed = _parameters(ctx, place, wanted)
        options.append(f"parameters={text}")
        imports |= needed
    start, end = found.span("options")
    code = place.decl.code[:start] + ", ".join(options) + place.decl.code[end:]
    place.module.decls[place.decl.name] = replace(place.decl, code=code, imports=place.decl.imports | imports)


def _statuses(ctx: Context, place: Place, options: str, function: FunctionNode, also: set[int]) -> list[str]:
    """``status=204`` where that is the one success there is, ``answers=(409,)`` for what else is answered, and
    ``also``."""
    if "status=" in options:
        return []
    resource = place.module.decls.get(options.partition(",")[0])
    plain = resource is not None and " = PlainResource(" in resource.code
    answered = _answered(ctx, place, function, frozenset())
    if plain and answered is not None:
        answered |= {status for node in nodes(function) for status in _of_page(node)}
    if answered is None:
        return []
    given = answered | also
    good = sorted(s for s in given if 200 <= s < 300)
    out = [f"status={good[0]}"] if len(good) == 1 and good != [200] else []
    usual = {good[0] if len(good) == 1 else 200, *([400] if "body=" in options else [])}
    more = sorted(given - usual)
    return [*out, f"answers=({', '.join(map(str, more))},)"] if more else out


def _answered(ctx: Context, place: Place, function: FunctionNode, within: frozenset[str]) -> set[int] | None:
    """Statuses that the text answers with, that of functions which are handed ``call`` included. None: one is worked out."""
    given: set[int] = set()
    for node in nodes(function):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called == "call.reply":
            status = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "status")]
            value = status[0] if status else ast.Constant(200)
            if not isinstance(value, ast.Constant) or not isinstance(value.value, int):
                return None
            given.add(value.value)
        elif called in _STATUS:
            given.add(_STATUS[called])
        elif isinstance(node.func, ast.Name) and _hands_over(node) and called not in within:
            found = resolve(ctx, place, called)
            inner = function_of(found.decl.code) if found is not None else None
            if found is not None and inner is not None:
                more = _answered(ctx, found, inner, within | {called})
                if more is None:
                    return None
                given |= more
    return given


def _of_page(node: ast.AST) -> list[int]:
    """The status of one of Django's own answers, where it is known."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in _PAGES:
        return []
    given = [k.value for k in node.keywords if k.arg == "status"]
    value = given[0] if given else ast.Constant(_PAGES[node.func.id])
    return [value.value] if isinstance(value, ast.Constant) and isinstance(value.value, int) else []


def _media(ctx: Context, place: Place, function: FunctionNode) -> list[str]:
    """``media=('text/csv',)`` of what it answers with beside JSON."""
    found = _content_types(ctx, place, function, frozenset())
    return [f"media=({', '.join(map(repr, sorted(found)))},)"] if found else []


def _content_types(ctx: Context, place: Place, function: FunctionNode, within: frozenset[str]) -> set[str]:
    out: set[str] = set()
    for node in nodes(function):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in ("page", "streamed"):
            given = [k.value for k in node.keywords if k.arg == "content_type"]
            text = given[0].value if given and isinstance(given[0], ast.Constant) else "text/html"
            if not any(k.arg == "status" for k in node.keywords):
                out.add(str(text).partition(";")[0].strip())
        elif _hands_over(node) and node.func.id not in within:
            called = resolve(ctx, place, node.func.id)
            inner = function_of(called.decl.code) if called is not None else None
            if called is not None and inner is not None:
                out |= _content_types(ctx, called, inner, within | {node.func.id})
    return out


_PAGES = {
    "json_page": 200,
    "page": 200,
    "redirect": 302,
    "redirect_to": 302,
    "to_login": 302,
    "not_allowed": 405,
}
_STATUS = {"call.created": 201, "call.no_content": 204}


def _hands_over(node: ast.Call) -> bool:
    values = [*node.args, *(k.value for k in node.keywords)]
    return any(isinstance(value, ast.Name) and value.id == "call" for value in values)


_UNDER = re.compile(r"\(await call\.data\(\)\)(?:\.get\(|\[)'(?P<name>\w+)'")


def _envelope(options: str, function: FunctionNode) -> list[str]:
    """``envelope='comment'`` where the body is looked for under that name of the input."""
    text = ast.unparse(function)
    found = {m["name"] for m in _UNDER.finditer(text)}
    if "body=" not in options or len(found) != 1 or text.count("call.data()") != 1:
        return []
    return [f"envelope={found.pop()!r}"]


def _parameters(ctx: Context, place: Place, wanted: Parameters) -> tuple[str, set[Import]]:
    """``[*BOOK_LIST_PARAMETERS, *STANDARD_PAGES.parameters()]``; the former is written to metadata.py."""
    imports: set[Import] = set()
    pages = f"*{wanted.pages}.parameters()" if wanted.pages else ""
    if not wanted.own:
        return f"{wanted.pages}.parameters()", imports
    constant = f"{place.decl.name.upper()}_PARAMETERS"
    path = place.module.path.removesuffix("routes.py") + "metadata.py"
    label = place.module.path.split("/")[-2]
    view = place.decl.origin.name.rpartition(".")[0] if place.decl.origin is not None else ""
    module = ctx.program.module(path, DOCS["metadata"].format(label))
    module.add(
        Decl(
            constant,
            f"{constant} = [{', '.join(wanted.own)}]",
            frozenset({Import("segue_bridge.http.parameters", "query")}),
            0,
            Origin(view, place.decl.origin.where) if place.decl.origin is not None else None,
        )
    )
    imports.add(Import(dotted(path), constant))
    return f"[*{constant}, {pages}]" if pages else constant, imports


class _Shapes:
    """Types of the expressions of one path operation function."""

    def __init__(self, ctx: Context, place: Place, function: FunctionNode) -> None:
        self.ctx, self.place, self.function = ctx, place, function
        self.values: dict[str, list[ast.expr]] = {}
        for node in nodes(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.values.setdefault(node.targets[0].id, []).append(node.value)

    def of_answer(self) -> tuple[str, set[Import]] | None:
        """The shape that all successful answers share."""
        found: set[str] = set()
        imports: set[Import] = set()
        for node in nodes(self.function):
            if not isinstance(node, ast.Return):
                continue
            shape = self._answer(node.value)
            if shape is None:
                return None
            if shape[0]:
                found.add(shape[0])
                imports |= shape[1]
        return (found.pop(), imports) if len(found) == 1 else None

    def _answer(self, value: ast.expr | None) -> tuple[str, set[Import]] | None:
        """The shape; an empty one for answers that are not successful."""
        if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute) or not value.args:
            return None
        if ast.unparse(value.func) not in ("call.reply", "call.created"):
            return None
        given = [*value.args[1:2], *(k.value for k in value.keywords if k.arg == "status")]
        if given:
            status = given[0].value if isinstance(given[0], ast.Constant) else None
            if not isinstance(status, int):
                return None
            if not 200 <= status < 300:
                return "", set()
        return self._shape(value.args[0])

    def _shape(self, node: ast.expr) -> tuple[str, set[Import]] | None:
        if isinstance(node, ast.Await):
            return self._shape(node.value)
        if isinstance(node, ast.Name):
            values = self.values.get(node.id, [])
            return self._shape(values[0]) if len(values) == 1 else None
        if isinstance(node, ast.ListComp):
            return _wrapped("list", self._shape(node.elt))
        if not isinstance(node, ast.Call):
            return None
        if isinstance(node.func, ast.Attribute) and node.func.attr == "body" and len(node.args) == 1:
            return self._page(node.func.value, node.args[0])
        if isinstance(node.func, ast.Name):
            return self._returned(node.func.id)
        return None

    def _page(self, page: ast.expr, items: ast.expr) -> tuple[str, set[Import]] | None:
        values = self.values.get(page.id, []) if isinstance(page, ast.Name) else []
        inner = self._shape(items)
        found = re.fullmatch(r"await (\w+)\.page\(.*\)", ast.unparse(values[0])) if len(values) == 1 else None
        paginator = resolve(self.ctx, self.place, found[1]) if found else None
        if inner is None or paginator is None or not inner[0].startswith("list["):
            return None
        envelope = "CursorPage" if " = Cursor(" in paginator.decl.code else "Page"
        item = inner[0].removeprefix("list[").removesuffix("]")
        return f"{envelope}[{item}]", {*inner[1], Import("segue_bridge.pagination.envelopes", envelope)}

    def _returned(self, name: str) -> tuple[str, set[Import]] | None:
        """What a generated function returns, if that can be described."""
        found = resolve(self.ctx, self.place, name)
        function = function_of(found.decl.code) if found is not None else None
        if found is None or function is None or function.returns is None:
            return None
        text = ast.unparse(function.returns)
        if not describable(self.ctx, found, function.returns):
            return None
        imports: set[Import] = set()
        for word in set(_WORD.findall(text)):
            target = resolve(self.ctx, found, word)
            if target is not None:
                imports.add(target.imported)
        return text, imports


def _wrapped(outer: str, inner: tuple[str, set[Import]] | None) -> tuple[str, set[Import]] | None:
    return (f"{outer}[{inner[0]}]", inner[1]) if inner is not None else None
