"""Celery: ``task.delay(…)`` and ``task.apply_async(…)`` of the project's tasks, sent by name through the bridge.

Sources: ``celery.app.task.Task.delay``/``apply_async`` (options of the task below those of the call, arguments checked
against the function), ``celery.app.base.Celery.send_task`` (the same message without the task's code).
"""

from __future__ import annotations

import ast
from itertools import zip_longest
from typing import Any

from segue.snapshot.model import Messages, Task
from segue.target.ir import Decl, Import
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, DictOf, Global, ListOf, Scalar, SentTask, TaskSignature
from segue.translate.rules.registry import attribute, method
from segue.translate.rules.task_keywords import (
    check_json,
    given_mapping,
    is_of_body,
    parameters,
    signature,
    tasks_module,
    with_mapping,
)

# What JSON has for itself; Kombu writes the others in forms of its own, which are its affair on both sides.
_PLAIN = frozenset({"str", "int", "float", "bool", "UUID", "datetime", "date", "time", "Decimal"})
OPTIONS = frozenset(
    {
        "countdown", "eta", "expires", "queue", "routing_key", "priority", "ignore_result", "link", "link_error", "headers",
        "task_id", "retry", "retry_policy", "time_limit", "soft_time_limit", "shadow", "serializer", "compression",
    }
)  # fmt: skip


@method(Global, "delay", "apply_async")
def send(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``await TASKS.send("shop.tasks.tell", [1])``."""
    assert isinstance(owner.kind, Global)
    found = known_task(frame, owner, call)
    if found is None:
        return None
    messages, task = found
    mapping = given_mapping(frame, call) if call.name == "delay" else None
    args, kwargs, options = (
        given(frame, call, OPTIONS) if mapping is None else (list(call.args), mapping.named, {})
    )
    if mapping is None:
        _check_arguments(frame, call, task, len(args), set(kwargs))
    parts: list[ast.expr] = [ast.Constant(task.name)]
    raw_args, raw_kwargs = (call.raw_args, call.raw_kwargs) if call.name == "delay" else ([], {})
    if args:
        listed = [plain(frame, call, v, raw) for v, raw in zip_longest(args, raw_args)]
        parts.append(ast.List(listed, ast.Load()))
    keywords = []
    values = [plain(frame, call, v, raw_kwargs.get(k)) for k, v in kwargs.items()]
    if mapping is not None:
        keywords.append(ast.keyword("kwargs", with_mapping(mapping, values)))
        keywords.append(ast.keyword("takes", parameters(frame, call, task)))
    elif kwargs:
        keywords.append(ast.keyword("kwargs", ast.Dict([ast.Constant(k) for k in kwargs], values)))
    keywords += [
        ast.keyword(k, ast.parse(repr(v), mode="eval").body) for k, v in task.options.items() if k not in options
    ]  # fmt: skip
    keywords += [ast.keyword(k, option(frame, call, k, v)) for k, v in options.items()]
    frame.is_async = True
    queue = task_queue(frame, messages)
    return Val(SentTask(), ast.Await(ast.Call(ast.Attribute(queue, "send", ast.Load()), parts, keywords)))


@attribute(SentTask, "id", "task_id")
def task_id(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``result.id``: what ``send`` gives."""
    assert isinstance(owner.kind, SentTask)
    if not owner.kind.certain:
        raise frame.refuse("task", ast.unparse(node), "There may be no task, and no result then.", node)
    return Val(Scalar("str"), owner.node)


def known_task(frame: Frame, owner: Val, call: CallSite) -> tuple[Messages, Task] | None:
    """The task that a name of the project stands for; None where it is none. Raises ``Refused`` where Celery cannot be
    asked for it by another process."""
    assert isinstance(owner.kind, Global)
    messages = frame.ctx.snapshot.messages
    task = messages.tasks.get(owner.kind.ref.name) if messages is not None else None
    if messages is None or task is None:
        return None
    problem = messages.problem or task.problem
    if problem:
        raise refused(frame, call, f"Celery cannot be asked by name alone: {problem}.")
    return messages, task


def given(
    frame: Frame, call: CallSite, known: frozenset[str]
) -> tuple[list[Val], dict[str, Val], dict[str, Val]]:
    """Arguments and keywords of the task, options of the message: of ``delay(…)``, or of a call that has the arguments in a
    list and in a dict, and options that are ``known``."""
    if call.name in ("delay", "s", "si"):
        return list(call.args), dict(call.kwargs), {}
    if len(call.raw_args) > 2 or any(isinstance(a, ast.Starred) for a in call.node.args):
        raise refused(frame, call, f"Segue does not know these arguments of {call.name}().")
    named = call.raw_kwargs
    if len(named) != len(call.node.keywords):
        raise refused(frame, call, f"Segue does not know these arguments of {call.name}().")
    args = call.raw_args[0] if call.raw_args else named.pop("args", None)
    kwargs = call.raw_args[1] if len(call.raw_args) == 2 else named.pop("kwargs", None)
    if set(named) - known:
        raise refused(frame, call, f"Segue does not know the option {min(set(named) - known)}.")
    listed: list[Val] = []
    if isinstance(args, ast.List | ast.Tuple) and not any(isinstance(e, ast.Starred) for e in args.elts):
        listed = [frame.eval(e) for e in args.elts]
    elif args is not None and not (isinstance(args, ast.Constant) and args.value is None):
        raise refused(frame, call, "The task's arguments are not written in place.")
    keyed: dict[str, Val] = {}
    if isinstance(kwargs, ast.Dict) and all(
        isinstance(k, ast.Constant) and isinstance(k.value, str) for k in kwargs.keys
    ):
        for key, value in zip(kwargs.keys, kwargs.values, strict=True):
            assert isinstance(key, ast.Constant)
            keyed[str(key.value)] = frame.eval(value)
    elif kwargs is not None and not (isinstance(kwargs, ast.Constant) and kwargs.value is None):
        raise refused(frame, call, "The task's keyword arguments are not written in place.")
    return listed, keyed, {k: frame.eval(v) for k, v in named.items()}


def _check_arguments(frame: Frame, call: CallSite, task: Task, positional: int, keywords: set[str]) -> None:
    """``Task.apply_async`` calls a function of the same signature first: a TypeError where the arguments do not fit."""
    function = frame.ctx.snapshot.functions.get(task.function)
    spec = signature(function) if function is not None else None
    if spec is None:
        raise refused(frame, call, "The snapshot has no source of the task.")
    names = [a.arg for a in [*spec.posonlyargs, *spec.args]][1 if task.bound else 0 :]
    only = [a.arg for a in spec.kwonlyargs]
    optional = set(names[len(names) - len(spec.defaults) :] if spec.defaults else ())
    optional |= {a.arg for a, d in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if d is not None}
    filled = set(names[:positional])
    fits = (
        not spec.posonlyargs
        and (positional <= len(names) or spec.vararg is not None)
        and not filled & keywords
        and (spec.kwarg is not None or keywords <= {*names, *only})
        and {*names, *only} - optional <= filled | keywords
    )
    if not fits:
        raise refused(frame, call, f"These are not the arguments of {task.function}.")


def option(frame: Frame, call: CallSite, name: str, value: Val) -> ast.expr:
    """An option of a message: signatures of other tasks, or plain data."""
    if name in ("link", "link_error"):
        kind = value.kind.item if isinstance(value.kind, ListOf) and value.kind.type == "list" else value.kind
        if isinstance(kind, TaskSignature) and value.node is not None:
            return value.node
        raise refused(frame, call, f"Segue does not know what {name} is.")
    if name == "serializer" and not (isinstance(value.kind, Const) and isinstance(value.kind.value, str)):
        raise refused(frame, call, "Which serializer is used is computed.")
    return plain(frame, call, value)


def plain(frame: Frame, call: CallSite, value: Val, raw: ast.expr | None = None) -> ast.expr:
    """What is sent. Raises ``Refused`` for anything but what both sides have the same in a message."""
    of_body = value.kind == Scalar("Any") and raw is not None and is_of_body(frame, raw)
    if of_body:
        check_json(frame, call)
    if value.node is None or not (of_body or _is_plain(value.kind)):
        raise refused(frame, call, "Only texts, numbers, times and lists of them are sent.")
    return value.node


def _is_plain(kind: Any) -> bool:
    if isinstance(kind, Const):
        values = kind.value if isinstance(kind.value, tuple) else (kind.value,)
        return all(v is None or isinstance(v, str | int | float | bool) for v in values)
    if isinstance(kind, Scalar):
        return kind.type in _PLAIN
    if isinstance(kind, ListOf):
        return kind.type in ("list", "tuple") and _is_plain(kind.item)
    if isinstance(kind, DictOf) and kind.items:
        return all(_is_plain(v) for _, v in kind.items)
    return False


def task_queue(frame: Frame, messages: Messages, *, chords: bool = False) -> ast.expr:
    """``TASKS`` of the generated package. ``chords``: it leaves the size of a chord with its results."""
    ctx = frame.ctx
    package = ctx.program.package
    ctx.memo[("settings", "celery-broker")] = messages.broker
    configuration = {k: repr(v) for k, v in messages.configuration.items()}
    if chords or ctx.memo.get(("celery", "chords")):
        assert messages.results is not None
        ctx.memo[("celery", "chords")] = ctx.memo[("settings", "celery-results")] = True
        configuration |= {k: repr(v) for k, v in messages.results.configuration.items()}
        configuration["result_backend"] = "settings.celery_result_backend"
    module = tasks_module(frame)
    given = "".join(f", {k}={v}" for k, v in sorted(configuration.items()))
    needed = {Import("segue_bridge.tasks", "TaskQueue"), Import(f"{package}.settings", "settings")}
    # What was translated before a chord was met uses the same queue.
    module.decls["TASKS"] = Decl(
        "TASKS", f"TASKS = TaskQueue(settings.celery_broker_url{given})", frozenset(needed), 20
    )
    return frame.imported(f"{package}.tasks", "TASKS")


def refused(frame: Frame, call: CallSite, why: str) -> Exception:
    return frame.refuse("task", ast.unparse(call.node), why, call.node)
