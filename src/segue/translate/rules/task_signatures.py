"""Celery's signatures: ``task.s(…)``, chain, group, chord, and how they are sent.

Signatures stay what they are, Celery's own objects; only who sends them is another, with the same options and
without the code of the tasks. Sources: ``celery.canvas``, ``celery.app.task.Task.signature``.
"""

from __future__ import annotations

import ast
from itertools import zip_longest

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Global, ListOf, SentTask, TaskSignature
from segue.translate.rules.celery_tasks import OPTIONS, given, known_task, option, plain, refused, task_queue
from segue.translate.rules.registry import function, method
from segue.translate.rules.task_keywords import named_task

_REDIS = "celery.backends.redis.RedisBackend"


@method(Global, "s", "si", "signature")
def signed(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``tell.s(1)`` of a task: the same of ``tell`` in ``tasks.py``."""
    found = known_task(frame, owner, call)
    if found is None:
        return None
    messages, task = found
    args, kwargs, options = given(frame, call, OPTIONS | {"immutable"})
    task_queue(frame, messages)
    named = named_task(frame, call, task)
    is_list = call.name == "signature"
    raw_args, raw_kwargs = ([], {}) if is_list else (call.raw_args, call.raw_kwargs)
    values = [plain(frame, call, v, raw) for v, raw in zip_longest(args, raw_args)]
    keyed = {k: plain(frame, call, v, raw_kwargs.get(k)) for k, v in kwargs.items()}
    parts: list[ast.expr] = values
    keywords = [ast.keyword(k, v) for k, v in keyed.items()]
    if is_list:
        parts = [ast.List(values, ast.Load())]
        keywords = [ast.keyword("kwargs", ast.Dict([ast.Constant(k) for k in keyed], list(keyed.values())))]
        keywords = keywords if keyed else []
        keywords += [ast.keyword(k, option(frame, call, k, v)) for k, v in options.items()]
    return Val(TaskSignature(), ast.Call(ast.Attribute(named, call.name, ast.Load()), parts, keywords))


@function("celery.chain", "celery.canvas.chain", "celery.canvas._chain")
def chained(frame: Frame, call: CallSite) -> Val:
    """``chain(a, b)``."""
    return _several(frame, call, "chain", list(call.args))


@function("celery.group", "celery.canvas.group")
def grouped(frame: Frame, call: CallSite) -> Val:
    """``group(a, b)``."""
    return _several(frame, call, "group", list(call.args))


@function("celery.chord", "celery.canvas.chord", "celery.canvas._chord")
def chorded(frame: Frame, call: CallSite) -> Val:
    """``chord([a, b], c)``; ``chord([a, b])`` waits for its call."""
    if not 1 <= len(call.args) <= 2:
        raise refused(frame, call, "Segue does not know these arguments of chord().")
    return _several(frame, call, "chord", list(call.args))


def _several(frame: Frame, call: CallSite, shape: str, given: list[Val]) -> Val:
    call.only()
    if not given:
        raise refused(frame, call, "It has no tasks.")
    nodes, parts = [], []
    lazy = unknown = False
    for value in given:
        kind, node = value.kind, value.node
        if isinstance(kind, ListOf) and kind.type in ("list", "Iterator"):
            unknown = unknown or not isinstance(node, ast.List)
            if isinstance(node, ast.GeneratorExp):
                # It may ask the database, which Celery could not wait for.
                lazy, node = True, ast.ListComp(node.elt, node.generators)
            elif kind.type == "Iterator":
                node = None
            kind = kind.item
        if not isinstance(kind, TaskSignature) or node is None:
            raise refused(frame, call, "Segue knows signatures of the project's tasks only.")
        nodes.append(node)
        parts.append(kind)
    _check_results(frame, call, shape, parts)
    kind = TaskSignature(shape, lazy or any(p.lazy for p in parts), unknown or any(p.unknown for p in parts))
    return Val(kind, ast.Call(frame.imported("segue_bridge.tasks", shape), nodes, []))


def combine(frame: Frame, op: ast.operator, left: Val, right: Val, node: ast.expr) -> Val:
    """``a | b``: a chain."""
    assert isinstance(left.kind, TaskSignature)
    assert isinstance(right.kind, TaskSignature)
    if not isinstance(op, ast.BitOr) or left.node is None or right.node is None:
        raise frame.refuse("task", ast.unparse(node), "Only | combines tasks.", node)
    call = CallSite(frame, ast.Call(node, [], []), "|")
    ast.copy_location(call.node, node)
    parts = [left.kind, right.kind]
    _check_results(frame, call, "chain", parts)
    kind = TaskSignature("chain", any(p.lazy for p in parts), any(p.unknown for p in parts))
    return Val(kind, ast.BinOp(left.node, op, right.node))


def _check_results(frame: Frame, call: CallSite, shape: str, parts: list[TaskSignature]) -> None:
    """A chord counts what is done among the results; a chain makes one of a group and what follows it."""
    if shape != "chord" and not (shape == "chain" and any(p.shape != "task" for p in parts)):
        return
    messages = frame.ctx.snapshot.messages
    results = messages.results if messages is not None else None
    if messages is None or results is None or results.backend != _REDIS or results.problem:
        why = results.problem if results is not None and results.problem else "they are not in Redis"
        raise refused(frame, call, f"A chord keeps count among the results, and here {why}.")
    task_queue(frame, messages, chords=True)


@method(TaskSignature, "apply_async", "delay", "__call__")
def sent(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``signature.apply_async(…)`` → ``await TASKS.apply(signature, …)``."""
    kind = owner.kind
    assert isinstance(kind, TaskSignature)
    if any(_is_lazy(frame, n) for n in ast.walk(call.node.func)):
        raise refused(frame, call, "Its tasks come from a generator, which runs only now.")
    node = _called(frame, owner, call) if call.name == "__call__" else owner.node
    args, kwargs, options = ([], {}, {}) if call.name == "__call__" else given(frame, call, OPTIONS)
    raw_args, raw_kwargs = (call.raw_args, call.raw_kwargs) if call.name == "delay" else ([], {})
    messages = frame.ctx.snapshot.messages
    if node is None or messages is None:
        raise refused(frame, call, "The signature has no form here.")
    if kind.shape != "task" and (args or kwargs):
        raise refused(frame, call, "Segue does not know arguments for several tasks.")
    keywords = []
    if args:
        listed = [plain(frame, call, v, raw) for v, raw in zip_longest(args, raw_args)]
        keywords.append(ast.keyword("args", ast.List(listed, ast.Load())))
    if kwargs:
        values = [plain(frame, call, v, raw_kwargs.get(k)) for k, v in kwargs.items()]
        keywords.append(ast.keyword("kwargs", ast.Dict([ast.Constant(k) for k in kwargs], values)))
    keywords += [ast.keyword(k, option(frame, call, k, v)) for k, v in options.items()]
    frame.is_async = True
    queue = task_queue(frame, messages)
    made = ast.Call(ast.Attribute(queue, "apply", ast.Load()), [node], keywords)
    return Val(SentTask(certain=not kind.unknown), ast.Await(made))


def _is_lazy(frame: Frame, node: ast.AST) -> bool:
    """A variable with tasks of a generator: what it goes through may have changed meanwhile."""
    value = frame.env.get(node.id) if isinstance(node, ast.Name) else None
    return value is not None and isinstance(value.kind, TaskSignature) and value.kind.lazy


def _called(frame: Frame, owner: Val, call: CallSite) -> ast.expr | None:
    """``chain(…)()``, ``group(…)()``, ``chord(…)(body)``; a task that is called runs here and now."""
    assert isinstance(owner.kind, TaskSignature)
    shape, node = owner.kind.shape, owner.node
    if shape in ("chain", "group") and not call.args and not call.kwargs:
        return node
    if shape == "chord" and not call.kwargs and len(call.args) == 1 and isinstance(node, ast.Call):
        (body,) = call.args
        if isinstance(body.kind, TaskSignature) and body.node is not None and len(node.args) == 1:
            return ast.Call(node.func, [*node.args, body.node], [])
    raise refused(frame, call, "Segue does not know this call of a signature.")


@method(TaskSignature, "set")
def changed(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``signature.set(queue="slow")``: the signature itself, changed."""
    call.only(*OPTIONS, "immutable", at_most=0)
    if owner.node is None:
        raise refused(frame, call, "The signature has no form here.")
    keywords = [ast.keyword(k, option(frame, call, k, v)) for k, v in call.kwargs.items()]
    return Val(owner.kind, ast.Call(ast.Attribute(owner.node, "set", ast.Load()), [], keywords))


@method(TaskSignature, "on_error", "link", "link_error")
def linked(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``signature.link(other)`` gives the other, ``on_error(other)`` the signature."""
    call.only(at_most=1)
    assert isinstance(owner.kind, TaskSignature)
    if owner.node is None or len(call.args) != 1 or not isinstance(call.args[0].kind, TaskSignature):
        raise refused(frame, call, "Segue does not know these arguments.")
    if owner.kind.shape != "task" or call.args[0].kind.shape != "task" or call.args[0].node is None:
        raise refused(frame, call, "Segue knows this between single tasks only.")
    made = ast.Call(ast.Attribute(owner.node, call.name, ast.Load()), [call.args[0].node], [])
    return Val(owner.kind if call.name == "on_error" else call.args[0].kind, made)
