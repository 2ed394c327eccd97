"""A view's own ``initial``: what it does once DRF's has let the request through.

``APIView.initial`` negotiates, authenticates, asks permissions and limits; ``dispatch`` calls it before it looks for a handler, so
that what follows ``super().initial(…)`` runs for OPTIONS and for methods that the view does not have, too. It becomes a function of
its own, unless it puts something on the view or the request for its handlers: then each path operation begins with it.

Source: ``rest_framework.views.APIView.initial`` and ``dispatch``.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass, replace

from segue.snapshot.model import Function
from segue.target.ir import Import
from segue.translate.bound_names import bound_names
from segue.translate.functions.lift import HARMLESS_DECORATORS, interpret
from segue.translate.interp import carried
from segue.translate.interp.value import Val
from segue.translate.kinds import Keywords, Kind, NoArguments, Request, ViewSelf
from segue.translate.permissions.access import by_action
from segue.translate.permissions.own_checks import statements_of
from segue.translate.serializers.by_view import translating
from segue.translate.specialise.endpoint import Endpoint, path_scope
from segue.translate.views import nested
from segue.translate.views.rules.view_state import touched

_DRF = "rest_framework.views.APIView"


@dataclass(frozen=True, slots=True)
class Step:
    """What one class does behind ``super().initial(…)``: its function with ``pass`` in the place of that call.

    ``tree`` has the statements behind it, which begin after ``line``.
    """

    function: Function
    tree: ast.FunctionDef
    line: int
    margin: str

    @property
    def receiver(self) -> str:
        """Its name for the view."""
        return self.tree.args.args[0].arg

    @property
    def request(self) -> str:
        """Its name for the request."""
        return self.tree.args.args[1].arg


def steps(endpoint: Endpoint) -> list[Step]:
    """Of every class that overrides it, in the order in which they run; none without one. Raises ``Refused``."""
    if endpoint.overridden("initial") in ("", nested.INITIAL):
        return []
    known = endpoint.klass()
    found: list[Step] = []
    for base in known.mro if known is not None else ():
        if base == _DRF:
            return found[::-1]
        behind = endpoint.ctx.snapshot.classes.get(base)
        if behind is None or behind.methods.get("initial", "") != f"{base}.initial":
            continue
        function = endpoint.ctx.snapshot.functions.get(f"{base}.initial")
        if function is None or base == nested.INITIAL.rpartition(".")[0]:
            break
        step = _step(endpoint, function)
        found += [step] if step.tree.body else []
    raise endpoint.refuse_method("initial", "Segue does not see what each class does there.")


def _step(endpoint: Endpoint, function: Function) -> Step:
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    plain = (
        isinstance(tree, ast.FunctionDef)
        and not tree.decorator_list
        and len(tree.args.args) == 2
        and tree.args.vararg is not None
        and tree.args.kwarg is not None
        and not tree.args.kwonlyargs
    )
    if not isinstance(tree, ast.FunctionDef) or not plain:
        raise endpoint.refuse_method("initial", "It is no plain initial(self, request, *args, **kwargs).")
    body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    if not body or not _goes_on(tree, body[0]):
        raise endpoint.refuse(
            "override-initial",
            function.name,
            "Only what follows DRF's own steps is translated: begin with super().initial(request, *args, **kwargs).",
            function.where,
        )
    lines = textwrap.dedent(function.source).splitlines()
    for number in range(body[0].lineno - 1, body[0].end_lineno or body[0].lineno):
        lines[number] = ""
    if body[0] is not tree.body[0]:
        for number in range(tree.body[0].lineno - 1, tree.body[0].end_lineno or tree.body[0].lineno):
            lines[number] = ""
    # The lines stay where they are, so that refusals point into them.
    margin = " " * body[0].col_offset
    lines[body[0].lineno - 1] = f"{margin}pass"
    tree.body = body[1:]
    return Step(
        replace(function, source="\n".join(lines)), tree, body[0].end_lineno or body[0].lineno, margin
    )


def _goes_on(tree: ast.FunctionDef, statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(ast.Call(ast.Attribute(ast.Call(ast.Name("super")), "initial")) as call):
            assert tree.args.vararg is not None
            assert tree.args.kwarg is not None
            given = [ast.unparse(a) for a in call.args]
            spread = [(k.arg, ast.unparse(k.value)) for k in call.keywords]
            return given == [tree.args.args[1].arg, f"*{tree.args.vararg.arg}"] and spread == [
                (None, tree.args.kwarg.arg)
            ]
    return False


def _puts(endpoint: Endpoint, step: Step) -> bool:
    """Whether it puts attributes on the view or the request, which its handlers may ask for."""
    for node in ast.walk(step.tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            owner = ast.unparse(node.value)
            if owner in (step.receiver, step.request, f"{step.receiver}.request"):
                return True
        if isinstance(node, ast.Name) and node.id in ("setattr", "vars"):
            return True
    # What the view's methods put there that it calls.
    return bool(touched(endpoint.ctx, endpoint.cls, step.function, set())[0])


def _putting(endpoint: Endpoint) -> Step | None:
    """The step that puts something on the view or the request, which each handler begins with then. Raises ``Refused``."""
    found = steps(endpoint)
    if not any(_puts(endpoint, step) for step in found):
        return None
    if len(found) > 1:
        why = "Several classes have one of their own, and one puts something on the view or the request."
        raise endpoint.refuse_method("initial", why)
    if any(isinstance(n, ast.Return) for n in ast.walk(found[0].tree)):
        raise endpoint.refuse_method("initial", "It may return before it has put everything there.")
    return found[0]


def begins(endpoint: Endpoint, handler: str) -> Function | None:
    """``initial`` that goes on with DRF's own ``handler``; None where handlers need not begin with it. Raises ``Refused``."""
    step = _putting(endpoint)
    if step is None:
        return None
    assert step.tree.args.vararg is not None
    assert step.tree.args.kwarg is not None
    arguments = f"{step.request}, *{step.tree.args.vararg.arg}, **{step.tree.args.kwarg.arg}"
    source = f"{step.function.source}\n{step.margin}return {step.receiver}.{handler}({arguments})"
    return replace(step.function, source=source)


def joined(endpoint: Endpoint, handler: Function) -> Function:
    """A handler of the project's, with ``initial`` before it where it must begin with that. Raises ``Refused``."""
    step = _putting(endpoint)
    if step is None:
        return handler
    source = textwrap.dedent(handler.source)
    tree = ast.parse(source).body[0]
    assert isinstance(tree, ast.FunctionDef)
    _check_fits(endpoint, step, handler, tree)
    lines = source.splitlines()
    first = tree.body[1] if ast.get_docstring(tree) is not None and len(tree.body) > 1 else tree.body[0]
    top = min([first.lineno, *(d.lineno for d in getattr(first, "decorator_list", []))])
    margin = " " * first.col_offset
    begin = textwrap.dedent("\n".join(step.function.source.splitlines()[step.line :]))
    lines[top - 1 : top - 1] = textwrap.indent(begin, margin).splitlines()
    taken = step.tree.args.kwarg
    assert taken is not None
    if tree.args.kwarg is None and _names(step.tree) & {taken.arg}:
        tree.args.kwarg = taken
        bare = ast.FunctionDef(tree.name, tree.args, [ast.Pass()], [], lineno=1, col_offset=0)
        head = ast.unparse(ast.fix_missing_locations(bare)).splitlines()[0]
        start = tree.lineno - 1
        lines[start : (min(tree.body[0].lineno, top) - 1)] = [head]
    return replace(handler, source="\n".join(lines), globals={**step.function.globals, **handler.globals})


def _check_fits(endpoint: Endpoint, step: Step, handler: Function, tree: ast.FunctionDef) -> None:
    """Raise ``Refused`` where a name means one thing in ``initial`` and another in the handler."""
    names = [a.arg for a in tree.args.args[:2]]
    spread = step.tree.args.kwarg
    mine, theirs = step.function.globals, handler.globals
    bound = set(bound_names(tree.args, *tree.body))
    same = (
        names == [step.receiver, step.request]
        and not any(d not in HARMLESS_DECORATORS for d in handler.wrapped_by)
        and all(mine[name] == theirs[name] for name in mine.keys() & theirs.keys())
        and not set(bound_names(*step.tree.body)) & (_names(tree) | bound)
        and not _names(step.tree) & (bound - {step.receiver, step.request, spread and spread.arg})
        and spread is not None
        and (
            tree.args.kwarg is None
            or tree.args.kwarg.arg == spread.arg
            or not _names(step.tree) & {spread.arg}
        )
        and tree.body[0].lineno > tree.lineno
    )
    if not same:
        raise endpoint.refuse_method(
            "initial", f"A name of its means something else in {tree.name}, which would begin with it."
        )


def _names(tree: ast.FunctionDef) -> set[str]:
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}


def hook(endpoint: Endpoint, actions: list[tuple[str | None, str]]) -> tuple[list[str], set[Import], bool]:
    """The body of the function that runs before handlers, its imports, and whether it runs only where there is none.

    Raises ``Refused``.
    """
    found = steps(endpoint)
    if not found:
        return [], set(), False

    def lines(one: Endpoint) -> tuple[list[str], set[Import]]:
        made: list[str] = []
        imports: set[Import] = set()
        for step in found:
            body, needed = _lines(one, step)
            made += body
            imports |= needed
        return made, imports

    if len(found) > 1 and any(isinstance(n, ast.Return) for step in found[:-1] for n in ast.walk(step.tree)):
        raise endpoint.refuse_method("initial", "One class may return early, and another goes on after it.")
    bare = any(_puts(endpoint, step) for step in found)
    if not any(_asks_view(step) for step in found):
        body, imports = lines(endpoint.for_action(None))
    else:
        body, imports = by_action(endpoint, [] if bare else actions, lines)
    return body, imports, bare


def _asks_view(step: Step) -> bool:
    """Whether it may do something else for another action: it asks its view for more than what it has put there itself."""
    attributes = [n for n in ast.walk(step.tree) if isinstance(n, ast.Attribute)]
    mine = {n.attr for n in attributes if not isinstance(n.ctx, ast.Load)} | {"request", "kwargs", "args"}
    return any(
        ast.unparse(n.value) in (step.receiver, "super()") and n.attr not in mine for n in attributes
    ) or any(
        isinstance(n, ast.Call) and any(isinstance(a, ast.Name) and a.id == step.receiver for a in n.args)
        for n in ast.walk(step.tree)
    )


def _lines(endpoint: Endpoint, step: Step) -> tuple[list[str], set[Import]]:
    assert step.tree.args.vararg is not None
    assert step.tree.args.kwarg is not None
    arguments: dict[str, Kind | Val] = {
        step.request: Request(),
        step.tree.args.vararg.arg: NoArguments(),
        step.tree.args.kwarg.arg: Keywords(endpoint, ()),
    }
    with translating(endpoint):
        body = interpret(
            endpoint.ctx,
            step.function,
            self_kind=ViewSelf(endpoint),
            arguments=arguments,
            scope=path_scope(endpoint),
            app=endpoint.app,
            hint="initial",
            shape=("initial", endpoint.key, step.function.name),
        )
        if not _puts(endpoint, step):
            # Else each handler begins with it. What functions put that it calls is there for them all the same.
            carried.goes_on(endpoint.ctx, endpoint.action)
    return statements_of(body)


__all__ = ["begins", "hook", "joined", "steps"]
