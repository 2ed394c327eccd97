"""``get_permissions`` that asks the request or the database: the access function asks the same, and requires what it chose.

What the method only chooses by (action, class attributes) is folded; its other statements stay as code, and in each of
their branches stands what the permissions of that branch require.
"""

from __future__ import annotations

import ast
import copy
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from segue.refusal import Refused, refuse
from segue.snapshot.model import Function
from segue.target.ir import Import
from segue.translate.functions.lift import interpret
from segue.translate.kinds import ViewSelf
from segue.translate.specialise.endpoint import Endpoint, path_scope
from segue.translate.specialise.fold import Chosen, Folder, Made, check_kept
from segue.translate.specialise.users import every_user_has_text

# Each open question doubles the permissions that may be asked for.
MOST = 12
_LEAF = re.compile(r"^(\s*)return (\d+)$")


@dataclass(slots=True)
class Choice:
    """``function`` returns an index into ``permissions``: which of these lists ``get_permissions`` gives."""

    function: Function
    permissions: list[list[Any]] = field(default_factory=list)


def choice_of(endpoint: Endpoint) -> Choice:
    """The choice that the view's own ``get_permissions`` makes. Raises ``Refused``."""
    dotted = endpoint.overridden("get_permissions")
    function = endpoint.ctx.snapshot.functions.get(dotted)
    if function is None:
        raise endpoint.refuse("no-source", dotted or "get_permissions", "The snapshot has no source for it.")
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef):
        raise refuse("no-source", dotted, "Its source is not one function.", function.where)
    choice = Choice(function)
    folder = Folder(endpoint, function)
    tree.decorator_list = []
    tree.body = _walk(folder, tree.body, choice)
    choice.function = replace(function, source=ast.unparse(ast.fix_missing_locations(tree)))
    return choice


def _walk(folder: Folder, body: Sequence[ast.stmt], choice: Choice) -> list[ast.stmt]:
    kept: list[ast.stmt] = []
    for index, statement in enumerate(body):
        if isinstance(statement, ast.If):
            rest = list(body[index + 1 :])
            try:
                known = folder.truth(statement.test)
            except Refused as refused:
                _open(folder, refused, statement.test)
                yes, no = folder.fork(), folder.fork()
                branches = (
                    _walk(yes, [*statement.body, *rest], choice),
                    _walk(no, [*statement.orelse, *copy.deepcopy(rest)], choice),
                )
                return [*kept, ast.copy_location(ast.If(statement.test, *branches), statement)]
            return [*kept, *_walk(folder, [*(statement.body if known else statement.orelse), *rest], choice)]
        try:
            folder.run([statement])
        except Chosen as chosen:
            if not isinstance(chosen.value, list):
                raise folder.dynamic(statement) from None
            check_kept(folder.endpoint, "get_permissions", folder.own)
            if chosen.value not in choice.permissions:
                choice.permissions.append(chosen.value)
            if len(choice.permissions) > MOST:
                raise folder.dynamic(statement) from None
            return [*kept, ast.Return(ast.Constant(choice.permissions.index(chosen.value)))]
        except Refused as refused:
            if _prints(folder, statement):
                shown = _Shown(folder).visit(copy.deepcopy(statement))
                _open(folder, refused, shown.value)
                kept.append(shown)
                continue
            if not (
                isinstance(statement, ast.Assign)
                and len(statement.targets) == 1
                and isinstance(statement.targets[0], ast.Name)
            ):
                raise
            _open(folder, refused, statement.value)
            folder.names.pop(statement.targets[0].id, None)
            kept.append(statement)
    raise folder.dynamic(ast.Pass())


def _prints(folder: Folder, statement: ast.stmt) -> bool:
    """Whether it is ``print(…)``: nothing is chosen by it, but what it looks at may be missing (``request.user.role``)."""
    match statement:
        case ast.Expr(ast.Call(ast.Name("print"))):
            known = folder.function.globals.get("print")
            return "print" not in folder.names and known is not None and known.name == "builtins.print"
    return False


class _Shown(ast.NodeTransformer):
    """What is printed without the permissions that were folded away: of a list of them their classes' names, which no request changes."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        match node:
            case ast.ListComp(
                ast.Attribute(ast.Attribute(ast.Name(one), "__class__"), "__name__"),
                [ast.comprehension(ast.Name(same), ast.Name(), [], 0)],
            ) if one == same:
                shown: ast.expr = self.visit(node.generators[0].iter)
                return shown
        return node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        """The text of whoever asks, where making it fails for nobody."""
        if ast.unparse(node.value) == "self.request.user" and every_user_has_text(self.folder.endpoint.ctx):
            return ast.Constant("the user")
        self.generic_visit(node)
        return node.value if isinstance(node.value, ast.Constant) and node.format_spec is None else node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        found = self.folder.names.get(node.id)
        if isinstance(found, list) and all(isinstance(one, Made) for one in found):
            return ast.Constant(", ".join(one.cls.rpartition(".")[2] for one in found))
        return node


def _open(folder: Folder, refused: Refused, node: ast.expr) -> None:
    """``node`` stays as code: it must not need what was folded away."""
    if refused.refusal.code != "dynamic-get-permissions":
        raise refused
    if any(isinstance(n, ast.Name) and n.id in folder.names for n in ast.walk(node)) or any(
        isinstance(n, ast.Attribute)
        and isinstance(n.value, ast.Name)
        and n.value.id == "self"
        and n.attr in folder.own
        for n in ast.walk(node)
    ):
        raise refused


def choose(
    endpoint: Endpoint, requirements: Callable[[list[Any]], tuple[list[str], set[Import]]]
) -> tuple[list[str], set[Import]]:
    """The choice as statements of the access function, each list of permissions as what it requires.

    Raises ``Refused``.
    """
    choice = choice_of(endpoint)
    try:
        body = interpret(
            endpoint.ctx,
            choice.function,
            self_kind=ViewSelf(endpoint),
            scope=path_scope(endpoint),
            app=endpoint.app,
            hint="permissions",
        )
    except Refused as refused:
        found, where = refused.refusal, choice.function.where
        last = where.line + choice.function.source.count("\n")
        if found.file == where.file and where.line <= found.line <= last:
            # The lines of what is left of the method are not those of its source.
            raise Refused(replace(found, line=where.line)) from None
        raise
    imports: set[Import] = set(body.imports)
    text: list[str] = []
    for line in body.lines:
        leaf = _LEAF.match(line)
        if leaf is None:
            text.append(line)
            continue
        lines, needed = requirements(choice.permissions[int(leaf[2])])
        imports |= needed
        text.extend(f"{leaf[1]}{inner}" for inner in [*lines, "return"])
    module = ast.parse("async def access(call):\n" + textwrap.indent("\n".join(text), "    "))
    definition = module.body[0]
    assert isinstance(definition, ast.AsyncFunctionDef)
    _end(definition.body)
    return [line for statement in definition.body for line in ast.unparse(statement).splitlines()], imports


def _end(body: list[ast.stmt]) -> None:
    """Drop the ``return`` that nothing follows."""
    last = body[-1]
    if isinstance(last, ast.Return):
        body.pop()
        if not body:
            body.append(ast.Pass())
    elif isinstance(last, ast.If):
        _end(last.body)
        if last.orelse:
            _end(last.orelse)
