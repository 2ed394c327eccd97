"""``for receiver, answer in signal.send(sender, …):`` — what the receivers of a signal return.

Django's own ``send`` calls them in the order of connecting. A ``send`` of the project's own (signals that go to the plugins of an
event, say) is run while translating, over the receivers of the snapshot: whom it calls, and in which order it gives their answers, must
follow from what is constant in the process. What depends on the sender, or on what the process keeps in its memory, refuses.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from segue.refusal import Refused
from segue.snapshot.model import Function, Receiver
from segue.translate.context import Context
from segue.translate.functions.lift import find, lift
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import lifted_call
from segue.translate.interp.value import Val
from segue.translate.kinds import Global, Instance, Kind, Unknown
from segue.translate.rules.custom_signals import SIGNAL, arguments_of, is_for
from segue.translate.rules.receivers import required_of
from segue.translate.specialise.fold import plain


@dataclass(frozen=True, slots=True)
class _Called:
    """What a receiver has returned."""

    receiver: Receiver


class _Unclear(Exception):
    """It depends on what is not known before a request."""


_OPAQUE = object()


def answers(frame: Frame, node: ast.Call) -> list[Val] | None:
    """The receivers of ``signal.send(…)``, called, and what each returned; None for any other call. Raises ``Refused``."""
    if not (isinstance(node.func, ast.Attribute) and node.func.attr == "send"):
        return None
    with frame.capture():
        try:
            owner = frame.eval(node.func.value)
        except Refused:
            return None
    ref = owner.kind.ref if isinstance(owner.kind, Global) else None
    if ref is None or ref.value is None or ref.value.kind != "call":
        return None
    known = frame.ctx.snapshot.classes.get(ref.value.name)
    if ref.value.name != SIGNAL and (known is None or SIGNAL not in known.mro):
        return None
    call = CallSite(frame, node, "send")
    given = dict(call.kwargs)
    sender = call.args[0] if call.args else given.pop("sender", None)
    receivers = [r for r in frame.ctx.snapshot.receivers if r.signal == ref.name]
    own = known.methods.get("send", "") if known is not None else ""
    if not own or own.startswith("django."):
        receivers = [r for r in receivers if is_for(frame, r, sender, call)]
        order = [_Called(r) for r in receivers]
    else:
        order = _run_own(frame, ref.name, own, ref.value.pairs or ref.value.items, receivers, sender, node)
        receivers = [r for r in receivers if any(one.receiver is r for one in order)]
    made = {id(r): _call(frame, r, given, sender, call) for r in receivers}
    return [made[id(one.receiver)] for one in order]


def _call(frame: Frame, receiver: Receiver, given: dict[str, Val], sender: Val | None, call: CallSite) -> Val:
    function = find(frame.ctx, receiver.function, receiver.where)
    title = f"{receiver.signal} → {receiver.function}"
    if not receiver.own or function.role not in ("function", "staticmethod"):
        raise frame.refuse("signal", title, "It is another package's, or a method of an object.", call.node)
    if not {"signal", "sender", *given}.issuperset(required_of(function)):
        raise frame.refuse("signal", title, "It takes an argument that the signal does not give.", call.node)
    told = {**given, **({"sender": sender} if sender is not None and _is_read(function, "sender") else {})}
    arguments, nodes = arguments_of(frame, function, told, title, call)
    lifted = lift(frame.ctx, function, arguments=arguments, module_kind="services")
    kind: Kind = lifted.returns
    local = frame.fresh("answer")
    frame.emit(f"{local} = {ast.unparse(lifted_call(frame, lifted, nodes))}")
    if isinstance(kind, Unknown):
        raise frame.refuse("signal", title, "Segue does not know what it returns.", call.node)
    return Val(kind, ast.Name(local, ast.Load()))


def _is_read(function: Function, name: str) -> bool:
    tree = ast.parse(textwrap.dedent(function.source))
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(tree))


def _run_own(
    frame: Frame,
    signal: str,
    dotted: str,
    made_with: Sequence[Any],
    receivers: list[Receiver],
    sender: Val | None,
    node: ast.Call,
) -> list[_Called]:
    function = find(frame.ctx, dotted, frame.where(node))
    django = [int(part) for part in re.findall(r"\d+", frame.ctx.snapshot.versions.django)[:2]]
    label = sender.kind.model if sender is not None and isinstance(sender.kind, Instance) else ""
    why = "Whom it calls, and in which order it answers, depends on more than what is constant."
    if any(r.sender for r in receivers) or made_with or django < [5, 0]:
        raise frame.refuse("signal", f"{signal}.send", why, node)
    certain = sender is not None and isinstance(sender.kind, Instance) and not sender.kind.nullable
    run = _Own(frame.ctx, function, receivers, label, certain)
    try:
        found = run.call(function, {"sender": run.sender})
    except _Unclear as unclear:
        raise frame.refuse("signal", f"{signal}.send: {unclear}"[:80], why, node) from None
    pairs = found if isinstance(found, list) else [None]
    order = [pair[1] for pair in pairs if isinstance(pair, tuple) and len(pair) == 2]
    if len(order) != len(pairs) or not all(isinstance(one, _Called) for one in order):
        raise frame.refuse("signal", f"{signal}.send", why, node)
    return order


@dataclass(slots=True)
class _Own:
    """Runs methods of a signal. ``sender`` stands for the object that sends, which may be None."""

    ctx: Context
    send: Function
    receivers: list[Receiver]
    label: str
    certain: bool
    sender: object = field(default_factory=object)
    myself: object = field(default_factory=object)

    def call(self, function: Function, given: dict[str, Any]) -> Any:
        """What ``function`` returns."""
        tree = ast.parse(textwrap.dedent(function.source)).body[0]
        if not isinstance(tree, ast.FunctionDef) or set(function.wrapped_by) - {"builtins.staticmethod"}:
            raise _Unclear(function.name)
        names = [a.arg for a in tree.args.args]
        values = {**given}
        if function.role == "method":
            values[names[0]] = self.myself
        if tree.args.kwarg is not None:
            values[tree.args.kwarg.arg] = _OPAQUE
        done = _Method(self, function, values).run(tree.body)
        return done[0] if done else None

    def method(self, name: str) -> Function | None:
        cls = self.ctx.snapshot.classes.get(self.send.owner)
        return self.ctx.snapshot.functions.get(cls.methods.get(name, "")) if cls is not None else None


@dataclass(slots=True)
class _Method:
    own: _Own
    function: Function
    names: dict[str, Any]
    there: bool = False

    def run(self, body: list[ast.stmt]) -> list[Any]:
        """``[value]`` where it returns; empty where it goes on."""
        for statement in body:
            match statement:
                case ast.Expr(ast.Constant()) | ast.Pass():
                    continue
                case ast.Return(value):
                    return [None if value is None else self.value(value)]
                case ast.Assign([ast.Name(local)], value):
                    self.names[local] = self.value(value)
                case ast.Expr(ast.Call(ast.Attribute(ast.Name(local), "append"), [item], [])) if isinstance(
                    self.names.get(local), list
                ):
                    self.names[local].append(self.value(item))
                case ast.If(test, then, otherwise):
                    if self.fills_a_memory(test, then) and not otherwise:
                        continue
                    found = self.truth(test)
                    if found is None:
                        raise _Unclear(ast.unparse(test))
                    done = self.run(then if found else otherwise)
                    if done:
                        return done
                case ast.For(ast.Name(local), over, inside, []):
                    items = self.value(over)
                    if not isinstance(items, list) or any(
                        isinstance(n, ast.Break | ast.Continue) for s in inside for n in ast.walk(s)
                    ):
                        raise _Unclear(ast.unparse(over))
                    for item in items:
                        self.names[local] = item
                        done = self.run(inside)
                        if done:
                            return done
                case _:
                    raise _Unclear(ast.unparse(statement).partition("\n")[0])
        return []

    def fills_a_memory(self, test: ast.expr, body: list[ast.stmt]) -> bool:
        """``if not cache: fill()``, which only puts into that variable of the module what the registry of apps has."""
        match test, body:
            case ast.UnaryOp(ast.Not(), ast.Name(memory)), [ast.Expr(ast.Call(ast.Name(called), [], []))]:
                pass
            case _:
                return False
        ref, filler = self.function.globals.get(memory), self.function.globals.get(called)
        function = self.own.ctx.snapshot.functions.get(filler.name) if filler is not None else None
        if ref is None or ref.kind != "variable" or function is None or memory in self.names:
            return False
        tree = ast.parse(textwrap.dedent(function.source)).body[0]
        kept = function.globals.get(memory)
        registry = function.globals.get("apps")
        if (
            kept is None
            or kept.name != ref.name
            or registry is None
            or registry.name != "django.apps.registry.apps"
        ):
            return False
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and not ast.unparse(node.func).startswith("apps."):
                return False
            stores = isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load)
            if stores and not (isinstance(node, ast.Subscript) and ast.unparse(node.value) == memory):
                return False
            if isinstance(node, ast.Raise | ast.Global | ast.Nonlocal | ast.Delete | ast.Await | ast.Try):
                return False
        return True

    def truth(self, node: ast.expr) -> bool | None:
        """Whether it holds; None where that is not known."""
        match node:
            case ast.BoolOp(op, values):
                return self.together(values, isinstance(op, ast.Or))
            case ast.UnaryOp(ast.Not(), operand):
                known = self.truth(operand)
                return None if known is None else not known
            case ast.Call(ast.Name("isinstance"), [ast.Name(local), ast.Name(cls)], []) if (
                self.names.get(local) is self.own.sender
            ):
                ref, label = self.function.globals.get(cls), self.own.label
                there = bool(label) and (self.own.certain or self.there)
                return (
                    True if there and ref is not None and ref.name == self.own.ctx.model(label).cls else None
                )
        value = self.value(node)
        # What a receiver has returned may be anything, and an object may say by itself whether it counts as true.
        return bool(value) if value is None or isinstance(value, bool | str | int | list | tuple) else None

    def together(self, values: list[ast.expr], either: bool) -> bool | None:
        """``and``, and with ``either`` ``or``: what is behind ``sender and`` is asked of one that is there."""
        before, clear = self.there, True
        try:
            for value in values:
                found = self.truth(value)
                if found is either:
                    return either
                clear = clear and found is not None
                self.there |= (
                    not either and isinstance(value, ast.Name) and self.names.get(value.id) is self.own.sender
                )
        finally:
            self.there = before
        return not either if clear else None

    def value(self, node: ast.expr) -> Any:
        """A constant, a list, a pair, a receiver, what one returned, or :data:`_OPAQUE`."""
        match node:
            case ast.Constant(value):
                return value
            case ast.Name(local):
                return self.named(local)
            case ast.List(items):
                return [self.value(i) for i in items]
            case ast.Tuple(items):
                return tuple(self.value(i) for i in items)
            case ast.Attribute(owner, attr):
                return self.attribute(node, owner, attr)
            case ast.Subscript(owner, ast.Constant(int() as index)):
                held = self.value(owner)
                if isinstance(held, list | tuple) and -len(held) <= index < len(held):
                    return held[index]
            case ast.Compare(left, [ast.Is() | ast.IsNot() as op], [right]):
                one, other = self.value(left), self.value(right)
                if one is None and other is _INSTANCE:
                    return isinstance(op, ast.IsNot)
            case ast.Call():
                return self.called(node)
        raise _Unclear(ast.unparse(node))

    def named(self, local: str) -> Any:
        if local in self.names:
            return self.names[local]
        ref = self.function.globals.get(local)
        if ref is None or ref.kind == "variable":
            raise _Unclear(local)
        if ref.kind == "constant" and ref.value is not None:
            return plain(ref.value)
        return _INSTANCE if ref.kind == "instance" else _OPAQUE

    def attribute(self, node: ast.Attribute, owner: ast.expr, attr: str) -> Any:
        ref = self.function.globals.get(ast.unparse(node))
        if ref is not None and ref.kind == "constant" and ref.value is not None:
            return plain(ref.value)
        held = self.value(owner)
        if held is self.own.myself and attr == "receivers":
            return list(self.own.receivers)
        if isinstance(held, Receiver) and attr in ("__module__", "__name__"):
            module, _, name = held.function.rpartition(".")
            return module if attr == "__module__" else name
        raise _Unclear(ast.unparse(node))

    def called(self, node: ast.Call) -> Any:
        match node:
            case ast.Call(ast.Attribute(ast.Attribute(me, "sender_receivers_cache"), "get"), [_], []) if (
                self.value(me) is self.own.myself
            ):
                return None  # without use_caching it stays empty
            case ast.Call(ast.Attribute(me, "_live_receivers"), [_], []) if self.value(me) is self.own.myself:
                if any(self.is_async(r) for r in self.own.receivers):
                    raise _Unclear(ast.unparse(node))
                return list(self.own.receivers), []
            case ast.Call(ast.Attribute(ast.Name(me), name), given, []) if (
                self.names.get(me) is self.own.myself
            ):
                function = self.own.method(name)
                if function is None or function.name.startswith("django."):
                    raise _Unclear(ast.unparse(node))
                return self.own.call(function, self.bound(function, given))
            case ast.Call(ast.Name(local), [], keywords) if isinstance(self.names.get(local), Receiver):
                if {k.arg for k in keywords} != {"signal", "sender", None}:
                    raise _Unclear(ast.unparse(node))
                return _Called(self.names[local])
            case ast.Call(ast.Attribute(text, "startswith"), [begin], []):
                one, other = self.value(text), self.value(begin)
                if isinstance(one, str) and isinstance(other, str):
                    return one.startswith(other)
            case ast.Call(
                ast.Name("any" | "all" as named),
                [ast.GeneratorExp(one, [ast.comprehension(ast.Name(local), over, [], 0)])],
                [],
            ):
                items = self.value(over)
                if isinstance(items, list):
                    inner = [
                        _Method(self.own, self.function, {**self.names, local: i}).truth(one) for i in items
                    ]
                    if None not in inner:
                        return any(inner) if named == "any" else all(inner)
            case ast.Call(ast.Name("sorted"), [over], [ast.keyword("key", ast.Lambda(spec, key))]):
                items = self.value(over)
                if isinstance(items, list) and len(spec.args) == 1:
                    local = spec.args[0].arg
                    ranks = [
                        _Method(self.own, self.function, {**self.names, local: i}).value(key) for i in items
                    ]
                    order = sorted(range(len(items)), key=lambda at: ranks[at])
                    return [items[at] for at in order]
        raise _Unclear(ast.unparse(node))

    def bound(self, function: Function, given: list[ast.expr]) -> dict[str, Any]:
        tree = ast.parse(textwrap.dedent(function.source)).body[0]
        assert isinstance(tree, ast.FunctionDef)
        names = [a.arg for a in tree.args.args][function.role == "method" :]
        if len(names) != len(given):
            raise _Unclear(function.name)
        return dict(zip(names, map(self.value, given), strict=True))

    def is_async(self, receiver: Receiver) -> bool:
        function = self.own.ctx.snapshot.functions.get(receiver.function)
        return function is None or function.is_async


_INSTANCE = object()


__all__ = ["answers"]
