"""``task.delay(user_id=…, **request.data)``: a task gets what the client gave, and its parameters are checked on sending.

Which keys are there is known to the request only. ``Task.apply_async`` calls a function of the same signature before
anything is sent (``Task.typing``, ``celery.utils.functional.head_from_fun``): a key too many or too few is a TypeError.
"""

from __future__ import annotations

import ast
import keyword
import textwrap
from dataclasses import dataclass

from segue.snapshot.model import Function, Task
from segue.target.ir import Decl, Module
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Global, Payload


@dataclass(frozen=True, slots=True)
class Mapping:
    """The keywords that are ``named`` in the call, and the expression whose keys come ``rest``."""

    named: dict[str, Val]
    rest: ast.expr


def given_mapping(frame: Frame, call: CallSite) -> Mapping | None:
    """The keywords of a call whose last one is ``**request.data``; None for any other call."""
    keywords = call.node.keywords
    if not keywords or keywords[-1].arg is not None or any(k.arg is None for k in keywords[:-1]):
        return None
    if isinstance(keywords[-1].value, ast.Dict):
        return None
    with frame.capture():
        kind = frame.eval(keywords[-1].value).kind
    if not isinstance(kind, Payload):
        return None
    check_json(frame, call)
    _ = call.args  # they come first
    named = {str(k.arg): frame.eval(k.value) for k in keywords[:-1]}
    rest = frame.eval(keywords[-1].value)
    return Mapping(named, rest.node) if rest.node is not None else None


def with_mapping(mapping: Mapping, values: list[ast.expr]) -> ast.expr:
    """The keywords in one dict: ``dict(user_id=1, **data)`` raises TypeError for a key that comes twice."""
    if not mapping.named:
        return ast.Dict([None], [mapping.rest])
    keywords = [ast.keyword(k, v) for k, v in zip(mapping.named, values, strict=True)]
    return ast.Call(ast.Name("dict", ast.Load()), [], [*keywords, ast.keyword(None, mapping.rest)])


def check_json(frame: Frame, call: CallSite) -> None:
    """Raise ``Refused`` unless messages are JSON: that refuses uploaded files, which pickle may send."""
    messages = frame.ctx.snapshot.messages
    assert messages is not None
    owner = frame.eval(call.node.func.value).kind if isinstance(call.node.func, ast.Attribute) else None
    task = messages.tasks.get(owner.ref.name) if isinstance(owner, Global) else None
    used = {
        messages.configuration.get("task_serializer", "json"),
        task.options.get("serializer", "json") if task else "",
    }
    if used != {"json"}:
        raise frame.refuse(
            "task", ast.unparse(call.node), "What a client gave is sent as JSON only.", call.node
        )


def is_of_body(frame: Frame, node: ast.expr) -> bool:
    """Whether ``node`` is an entry of ``request.data``, or a local that only ever is one: what JSON or a form can hold."""
    if isinstance(node, ast.Name):
        tree = ast.parse(textwrap.dedent(frame.function.source))
        stores = [
            n
            for n in ast.walk(tree)
            if isinstance(n, ast.Name) and n.id == node.id and not isinstance(n.ctx, ast.Load)
        ]
        made = [
            n.value
            for n in ast.walk(tree)
            if isinstance(n, ast.Assign) and len(n.targets) == 1 and n.targets[0] in stores
        ]
        return len(stores) == len(made) == 1 and _is_entry(frame, made[0], ("get", "pop"))
    return _is_entry(
        frame, node, ("get",)
    )  # what is taken out inside of the call would be taken out before it


def _is_entry(frame: Frame, node: ast.expr, methods: tuple[str, ...]) -> bool:
    match node:
        case ast.Subscript(value=owner):
            pass
        case ast.Call(func=ast.Attribute(value=owner, attr=attr), args=args):
            if attr not in methods or not all(isinstance(a, ast.Constant) for a in args):
                return False
        case _:
            return False
    with frame.capture():
        return isinstance(frame.eval(owner).kind, Payload)


def parameters(frame: Frame, call: CallSite, task: Task) -> ast.expr:
    """A function of ``tasks.py`` with the parameters of ``task``, against which the arguments are checked."""
    function = frame.ctx.snapshot.functions.get(task.function)
    spec = signature(function) if function is not None else None
    if spec is None:
        raise frame.refuse(
            "task", ast.unparse(call.node), "The snapshot has no source of the task.", call.node
        )
    if not task.typing:
        raise frame.refuse(
            "task",
            ast.unparse(call.node),
            "Celery does not check the arguments of this task, or those of a decorator around it.",
            call.node,
        )
    return _declared(frame, call, task, spec, [])


def named_task(frame: Frame, call: CallSite, task: Task) -> ast.expr:
    """The same function under ``@TASKS.task("…")``, which makes signatures of the task."""
    function = frame.ctx.snapshot.functions.get(task.function)
    spec = signature(function) if function is not None else None
    options = dict(task.options)
    if not task.typing:
        spec = ast.parse("def f(*args, **kwargs): ...").body[0].args  # type: ignore[attr-defined]
        options["typing"] = False
    if spec is None:
        raise frame.refuse(
            "task", ast.unparse(call.node), "The snapshot has no source of the task.", call.node
        )
    keywords = [ast.keyword(k, ast.parse(repr(v), mode="eval").body) for k, v in options.items()]
    queue = ast.Attribute(ast.Name("TASKS", ast.Load()), "task", ast.Load())
    return _declared(frame, call, task, spec, [ast.Call(queue, [ast.Constant(task.name)], keywords)])


_NAMES = ("TASKS", "RESULTS", "TaskQueue", "ResultBackend", "settings")  # tasks.py has these itself


def _declared(
    frame: Frame, call: CallSite, task: Task, spec: ast.arguments, decorators: list[ast.expr]
) -> ast.expr:
    made = ast.parse(f"def f({ast.unparse(spec)}) -> None: ...").body[0]
    assert isinstance(made, ast.FunctionDef)
    made.decorator_list = decorators
    for argument in [*made.args.posonlyargs, *made.args.args, *made.args.kwonlyargs]:
        argument.annotation = ast.Name("object", ast.Load())
    for rest in (made.args.vararg, made.args.kwarg):
        if rest is not None:
            rest.annotation = ast.Name("object", ast.Load())
    made.args.defaults = [ast.Constant(...) for _ in made.args.defaults]
    made.args.kw_defaults = [None if d is None else ast.Constant(...) for d in made.args.kw_defaults]
    if task.bound and task.typing:
        (made.args.posonlyargs or made.args.args).pop(0)
        positional = len(made.args.posonlyargs) + len(made.args.args)
        made.args.defaults = made.args.defaults[-positional:] if positional else []
    module = tasks_module(frame)
    short, full = task.name.rpartition(".")[2], "".join(c if c.isalnum() else "_" for c in task.name)
    for name in (short, full, f"{full}_task"):
        made.name = name
        made.body = [ast.Expr(ast.Constant(f"What the task {task.name} takes."))]
        decl = Decl(name, ast.unparse(ast.fix_missing_locations(made)), rank=30)
        usable = name.isidentifier() and not keyword.iskeyword(name) and name not in _NAMES
        if usable and module.decls.get(name, decl) == decl:
            module.add(decl)
            return frame.imported(f"{frame.ctx.program.package}.tasks", name)
    raise frame.refuse("task", ast.unparse(call.node), "Another task has the same name.", call.node)


def tasks_module(frame: Frame) -> Module:
    """``tasks.py`` of the generated package."""
    program = frame.ctx.program
    return program.module(
        f"{program.package}/tasks.py", "Celery tasks of the Django project: sent by name, run by its workers."
    )


def signature(function: Function) -> ast.arguments | None:
    """The parameters of ``function``, defaults and annotations as written; None without source."""
    tree = ast.parse(textwrap.dedent(function.source)).body if function.source else []
    return tree[0].args if tree and isinstance(tree[0], ast.FunctionDef) else None
