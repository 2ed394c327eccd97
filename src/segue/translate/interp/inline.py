"""Hooks that are handed a serializer are written into their caller: the object exists only there."""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Function
from segue.translate import language
from segue.translate.interp.comments import Comments
from segue.translate.interp.frame import PUT, Frame
from segue.translate.interp.value import Val, const, is_pure
from segue.translate.kinds import KeywordDict, Keywords, NoArguments, QuerySet


def inline_call(
    frame: Frame, function: Function, arguments: dict[str, Val], receiver: Val | None, node: ast.AST
) -> Val:
    """Run the body of ``function`` in ``frame``. It may return at its end only."""
    from segue.translate.functions.atomic import ATOMIC_DECORATORS, in_atomic, is_atomic
    from segue.translate.functions.idle_decorators import gives_back
    from segue.translate.functions.lift import HARMLESS_DECORATORS

    for decorator in function.wrapped_by:
        if decorator not in HARMLESS_DECORATORS | ATOMIC_DECORATORS and not gives_back(frame.ctx, decorator):
            raise frame.refuse(
                "decorator", f"@{decorator}", "Segue does not know what this decorator does.", node
            )
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef):
        raise frame.refuse("no-source", function.name, "Its source is not one function.", node)
    depth = frame.ctx.memo.setdefault(("kernel", "inlined"), [])
    assert isinstance(depth, list)
    if function.name in depth:
        raise frame.refuse("recursion", function.name, "The function reaches itself.", node)
    depth.append(function.name)
    inlined = frame.ctx.memo.setdefault(("kernel", "inlined-functions"), set())
    assert isinstance(inlined, set)
    inlined.add(function.name)
    saved = (
        frame.env, frame.function, frame.owner, frame.receiver, frame.comments, frame.returns, frame.renames, frame.facts
    )  # fmt: skip
    try:
        body = tree.body
        frame.function, frame.owner, frame.returns = function, function.owner, []
        frame.comments = Comments.of(textwrap.dedent(function.source))
        frame.env = {key: value for key, value in saved[0].items() if key.startswith(PUT)}
        frame.facts = dict(saved[7])
        for row in [r for r in frame.comments.own if r < tree.lineno]:
            del frame.comments.own[row]
        if ast.get_docstring(tree) is not None:
            frame.comments.skip(body[0])
            body = body[1:]
        stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        frame.renames = {name: frame.fresh(name) for name in sorted(stored) if name in frame.names_taken}
        names = [a.arg for a in [*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs]]
        if function.role in ("method", "property", "classmethod") and names:
            frame.receiver = receiver
            if receiver is not None:
                frame.env[names[0]] = receiver
            names = names[1:]
        defaults = _defaults(tree)
        for name in names:
            if name in arguments:
                frame.env[name] = arguments[name]
            elif name in defaults:
                with language.unsettled(frame.ctx, language.IN_DEFAULT):
                    frame.env[name] = frame.eval(defaults[name])
        if tree.args.vararg is not None:  # ``perform_create(self, serializer, *args, **kwargs)``
            frame.env[tree.args.vararg.arg] = arguments.get(tree.args.vararg.arg, Val(NoArguments()))
        if tree.args.kwarg is not None:
            given = arguments.get(tree.args.kwarg.arg)
            fixed = {
                *names,
                tree.args.vararg.arg if tree.args.vararg is not None else "",
                tree.args.kwarg.arg,
            }
            rest = tuple((key, value) for key, value in arguments.items() if key not in fixed)
            if rest:
                given = Val(KeywordDict(rest))
            frame.env[tree.args.kwarg.arg] = given if given is not None else Val(Keywords(None))
        if is_atomic(frame, tree):
            with in_atomic(frame):
                result = _settled(frame, _run(frame, body, function), node)
        else:
            result = _run(frame, body, function)
        for key in [k for k in saved[0] if k.startswith(PUT)]:
            del saved[0][key]
        saved[0].update({key: value for key, value in frame.env.items() if key.startswith(PUT)})
        return result
    finally:
        depth.pop()
        (frame.env, frame.function, frame.owner, frame.receiver, frame.comments, frame.returns, frame.renames,
         frame.facts) = saved  # fmt: skip


def _run(frame: Frame, body: list[ast.stmt], function: Function) -> Val:
    """Statement by statement; an ``if`` that returns is its branch that is taken, where the test is known by then."""
    for index, stmt in enumerate(body):
        returns = any(isinstance(n, ast.Return) for n in ast.walk(stmt))
        if isinstance(stmt, ast.If) and returns:
            known = _known(frame, stmt.test)
            if known is not None:
                taken = stmt.body if known else stmt.orelse
                return _run(frame, [*taken, *([] if _ends(taken) else body[index + 1 :])], function)
        if isinstance(stmt, ast.Return) and index == len(body) - 1:
            return frame.eval(stmt.value) if stmt.value is not None else const(None)
        if returns:
            why = "A hook that returns early is not translated yet."
            raise frame.refuse("early-return", function.name, why, stmt)
        frame.run([stmt])
    return const(None)


def _settled(frame: Frame, result: Val, node: ast.AST) -> Val:
    """What a function in a transaction gives is computed inside of it."""
    if result.node is None or isinstance(result.kind, QuerySet) or is_pure(result.node):
        return result
    return Val(result.kind, frame.hoist("made", result.node, node))


def _known(frame: Frame, node: ast.expr) -> bool | None:
    """What the test comes to, where that is known without code."""
    from segue.translate.interp.conditions import test

    with frame.capture() as lines:
        known = test(frame, node).known
    return None if lines else known


def _ends(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Return | ast.Raise)


def _defaults(tree: ast.FunctionDef) -> dict[str, ast.expr]:
    """The default of each parameter that has one."""
    spec = tree.args
    places = [*spec.posonlyargs, *spec.args]
    found = dict(zip([a.arg for a in places[len(places) - len(spec.defaults) :]], spec.defaults, strict=True))
    for argument, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
        if default is not None:
            found[argument.arg] = default
    return found
