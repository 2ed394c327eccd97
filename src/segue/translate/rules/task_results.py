"""Celery: ``AsyncResult(id)``, asked through the bridge's ``ResultBackend``.

Sources: ``celery.result.AsyncResult``, ``celery.backends.base.Backend.get_task_meta``. What a process keeps of results in its
memory (``result_cache_max``) and results that come back to the sender (``rpc://``) another process cannot know.
"""

from __future__ import annotations

import ast

from segue.target.ir import Decl, Import
from segue.translate.functions.writing import may_write
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import AskedTask, Const, Global, Scalar
from segue.translate.rules.registry import attribute, function, method
from segue.translate.rules.task_keywords import tasks_module

_STORED = "django_celery_results.backends.database.DatabaseBackend"
_QUESTIONS = {"ready": Scalar("bool"), "successful": Scalar("bool"), "failed": Scalar("bool")}


@function("celery.result.AsyncResult")
def asked(frame: Frame, call: CallSite) -> Val:
    """``AsyncResult(id)`` → ``RESULTS.result(id)``."""
    call.only("id", at_most=1)
    messages = frame.ctx.snapshot.messages
    results = messages.results if messages is not None else None
    if results is None or results.problem:
        why = results.problem if results is not None else "the snapshot does not know its result backend"
        raise _refused(frame, call.node, f"Results cannot be read by another process: {why}.")
    given = call.argument(0, "id")
    is_text = given is not None and (
        (isinstance(given.kind, Scalar) and given.kind.type == "str")
        or (isinstance(given.kind, Const) and isinstance(given.kind.value, str))
    )
    if given is None or given.node is None or not is_text:
        raise _refused(frame, call.node, "The id is no text.")
    stored = results.backend == _STORED
    parts = [given.node]
    if stored:
        model = frame.ctx.snapshot.models.get("django_celery_results.TaskResult")
        if model is None or model.table != "django_celery_results_taskresult":
            raise _refused(frame, call.node, "The table of django-celery-results is not known.")
        parts.append(frame.db)
    else:
        frame.ctx.memo[("settings", "celery-results")] = True
    package = frame.ctx.program.package
    arguments = [] if stored else ["settings.celery_result_backend"]
    arguments += [f"{k}={v!r}" for k, v in sorted(results.configuration.items())]
    needed = {Import("segue_bridge.task_results", "ResultBackend")}
    if not stored:
        needed.add(Import(f"{package}.settings", "settings"))
    tasks_module(frame).add(
        Decl("RESULTS", f"RESULTS = ResultBackend({', '.join(arguments)})", frozenset(needed), 20)
    )
    backend = frame.imported(f"{package}.tasks", "RESULTS")
    return Val(AskedTask(), ast.Call(ast.Attribute(backend, "result", ast.Load()), parts, []))


@method(Global, "AsyncResult")
def asked_of_task(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``tell.AsyncResult(id)``: the same, of a task of the project."""
    assert isinstance(owner.kind, Global)
    messages = frame.ctx.snapshot.messages
    if messages is None or owner.kind.ref.name not in messages.tasks:
        return None
    return asked(frame, call)


@method(AskedTask, "ready", "successful", "failed")
def question(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``task.ready()``."""
    call.only(at_most=0)
    return _awaited(frame, owner, call.name, _QUESTIONS[call.name], call.node)


@attribute(AskedTask, "state", "status", "traceback", "result", "info", "id", "task_id")
def known(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``task.status``, ``task.result``."""
    if attr in ("id", "task_id"):
        assert owner.node is not None
        return Val(Scalar("str"), ast.Attribute(owner.node, "id", ast.Load()))
    if attr in ("state", "status"):
        return _awaited(frame, owner, "state", Scalar("str"), node)
    if attr == "traceback":
        return _awaited(frame, owner, "traceback", Scalar("str", True), node)
    # The text of an exception that only Django's side has a class for is its own: such a request is left to it.
    if frame.scope is None or may_write(frame.ctx, frame.lines):
        raise _refused(
            frame, node, "An exception may be left to Django here, after something may have been written."
        )
    return _awaited(frame, owner, "value", Scalar("Any"), node)


def _awaited(frame: Frame, owner: Val, name: str, kind: Scalar, node: ast.AST) -> Val:
    if owner.node is None:
        raise _refused(frame, node, "The result has no form here.")
    frame.is_async = True
    return Val(kind, ast.Await(ast.Call(ast.Attribute(owner.node, name, ast.Load()), [], [])))


def _refused(frame: Frame, node: ast.AST, why: str) -> Exception:
    return frame.refuse("task-result", ast.unparse(node), why, node)
