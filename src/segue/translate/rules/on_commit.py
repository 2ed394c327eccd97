"""``transaction.on_commit``: what is to run when the transaction has been committed, at once where there is none.

Source: ``django.db.transaction.on_commit`` and ``BaseDatabaseWrapper.on_commit``. A hook sees its variables as they are when
it runs: so does the function that is written for it.
"""

from __future__ import annotations

import ast
import re
import textwrap

from segue.translate.interp.annotations import annotation
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, is_pure, name
from segue.translate.kinds import BoundMethod, Callback, Const, Global, QuerySet, Unknown
from segue.translate.rules.registry import function, statement

_AWAITS = re.compile(r"\b(await|async)\b")


@function("django.db.transaction.on_commit")
def on_commit(frame: Frame, call: CallSite) -> Val:
    """``transaction.on_commit(callable)``: a function of its own, given to ``db.on_commit``."""
    given = {k.arg: k.value for k in call.node.keywords}
    positional = list(call.node.args)
    robust = given.pop("robust", positional.pop(2) if len(positional) == 3 else None)
    using = given.pop("using", positional.pop(1) if len(positional) == 2 else None)
    hook = given.pop("func", positional[0] if positional else None)
    if hook is None or given or len(positional) > 1:
        raise frame.refuse(
            "on-commit", ast.unparse(call.node), "Segue does not know its arguments.", call.node
        )
    if using is not None:
        alias = frame.eval(using)
        if not isinstance(alias.kind, Const) or alias.kind.value not in (None, "default"):
            raise frame.refuse(
                "on-commit", ast.unparse(using), "Another database than the default one.", using
            )
    quietly = frame.eval(robust).kind if robust is not None else Const(False)
    if not isinstance(quietly, Const):
        raise frame.refuse("on-commit", ast.unparse(call.node), "robust is computed.", call.node)
    if frame.no_hoist:
        raise frame.refuse(
            "on-commit", ast.unparse(call.node), "It stands inside a lambda or a condition.", call.node
        )
    kept: list[str] = []
    lines = _lines(frame, hook, call.node, kept)
    if not lines:
        return const(None)
    word = "async def" if _AWAITS.search("\n".join(lines)) else "def"
    written = frame.fresh("after_commit")
    frame.emit_block(f"{word} {written}({', '.join(kept)}) -> None:", lines)
    frame.emit(
        f"await {ast.unparse(frame.db)}.on_commit({written}{', robust=True' if quietly.value else ''})"
    )
    return const(None)


@statement(ast.FunctionDef)
def nested(frame: Frame, node: ast.FunctionDef) -> None:
    """A function inside of the function: kept until it is called, or ``on_commit`` takes it."""
    if node.decorator_list:
        raise frame.refuse("nested-function", node.name, "Segue does not know what its decorator does.", node)
    frame.env[node.name] = Val(Callback(node))


def _lines(frame: Frame, hook: ast.expr, at: ast.Call, kept: list[str]) -> list[str]:
    """The statements of the hook; ``kept`` takes the parameters that hold values of now."""
    called = _called(frame, hook, kept)
    saved, in_atomic, returns = frame.snapshot_env(), frame.in_atomic, list(frame.returns)
    _check_names(frame, called, at)
    frame.in_atomic = 0
    # What a test has told of a variable holds, as nothing is assigned to it any more; an object may change until then.
    frame.facts = {text: kind for text, kind in frame.facts.items() if text.isidentifier()}
    with frame.capture() as captured:
        if isinstance(called, ast.FunctionDef):
            _check_returns(frame, called)
            frame.run([s for s in called.body if not _is_doc(s)])
        else:
            value = frame.eval(called)
            if isinstance(value.kind, Unknown | QuerySet):
                raise frame.refuse("on-commit", ast.unparse(called), "Segue does not know what it does.", at)
            if value.node is not None and not is_pure(value.node):
                frame.emit(value.text)
        lines = list(captured)
    frame.alive, frame.in_atomic, frame.returns = True, in_atomic, returns
    frame.restore_env(saved)
    return lines


def _called(frame: Frame, hook: ast.expr, kept: list[str]) -> ast.expr | ast.FunctionDef:
    """What runs: the body of a lambda or nested function, or a call of what is named."""
    if isinstance(hook, ast.Lambda):
        if hook.args.args or hook.args.vararg or hook.args.kwarg:
            raise frame.refuse("on-commit", ast.unparse(hook), "A hook is called without arguments.", hook)
        return hook.body
    if isinstance(hook, ast.Call):
        target = frame.eval(hook.func)
        if isinstance(target.kind, Global) and target.kind.ref.name == "functools.partial" and hook.args:
            return _partial(frame, hook, kept)
        raise frame.refuse(
            "on-commit", ast.unparse(hook), "Segue does not know what this call returns.", hook
        )
    if isinstance(hook, ast.Name) and isinstance(
        known := frame.env.get(hook.id, Val(Unknown())).kind, Callback
    ):
        if isinstance(known.node, ast.FunctionDef):
            if any(isinstance(n, ast.arg) for n in ast.walk(known.node.args)):
                raise frame.refuse("on-commit", known.node.name, "A hook is called without arguments.", hook)
            return known.node
        assert isinstance(known.node, ast.Lambda)
        return _called(frame, known.node, kept)
    return ast.copy_location(ast.Call(hook, [], []), hook)


def _partial(frame: Frame, hook: ast.Call, parameters: list[str]) -> ast.expr:
    """``partial(function, value)``: the values are those of now, kept as defaults of the hook's parameters."""

    def kept(node: ast.expr) -> ast.expr:
        value = frame.eval(node)
        if value.node is None or isinstance(value.kind, Const | Global | BoundMethod):
            return node
        local = frame.fresh("given")
        text, needed = annotation(frame.ctx, value.kind)
        frame.use(*needed)
        if _AWAITS.search(value.text):
            frame.emit(f"{local} = {value.text}")
            value = Val(value.kind, name(local))
        parameters.append(f"{local}: {text} = {value.text}")
        frame.env[local] = Val(value.kind, name(local))
        return ast.copy_location(ast.Name(local, ast.Load()), node)

    if any(isinstance(a, ast.Starred) for a in hook.args) or any(k.arg is None for k in hook.keywords):
        raise frame.refuse("star-argument", ast.unparse(hook), "A * argument hides what is passed.", hook)
    made = ast.Call(
        hook.args[0],
        [kept(a) for a in hook.args[1:]],
        [ast.keyword(k.arg, kept(k.value)) for k in hook.keywords],
    )
    return ast.copy_location(made, hook)


def _check_names(frame: Frame, called: ast.AST, at: ast.Call) -> None:
    """Refuse a hook whose variables are assigned to after it: it would see another value, of another kind perhaps."""
    tree = ast.parse(textwrap.dedent(frame.function.source))
    used = {n.id for n in ast.walk(called) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    loops = [n for n in ast.walk(tree) if isinstance(n, ast.For | ast.While)]
    around = [n for n in loops if n.lineno <= at.lineno <= (n.end_lineno or n.lineno)]
    first = min((n.lineno for n in around), default=at.lineno)
    inside = range(getattr(called, "lineno", 0), (getattr(called, "end_lineno", 0) or 0) + 1)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Store)
            and node.id in used
            and node.lineno >= first
            and node.lineno not in inside
        ):
            raise frame.refuse(
                "on-commit",
                node.id,
                "A variable of the hook is assigned to after it: the hook would see the later value.",
                node,
            )


def _check_returns(frame: Frame, node: ast.FunctionDef) -> None:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Return | ast.Nonlocal | ast.Global):
            raise frame.refuse(
                "on-commit", ast.unparse(inner), "A hook with such a statement is not translated.", inner
            )


def _is_doc(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
