"""``collections``, ``itertools``, ``functools`` and ``operator``: what computes in memory, as it stands; ``time.sleep``.

A ``defaultdict`` and a ``Counter`` are those of Python in generated code too; what a key of one gives is known by its factory and by
what is put in.
"""

from __future__ import annotations

import ast

from segue.target.ir import Import
from segue.translate.interp.callbacks import as_function
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.iterate import iterable
from segue.translate.interp.join import nullable, widen
from segue.translate.interp.value import Val
from segue.translate.kinds import (
    Callback,
    Const,
    CounterOf,
    DictOf,
    FilledDict,
    Global,
    Kind,
    ListOf,
    Scalar,
    TupleOf,
    Unknown,
)
from segue.translate.rules.registry import function, method

_EMPTY = Unknown("empty")
_FACTORIES: dict[str, Kind] = {
    "builtins.int": Scalar("int"), "builtins.float": Scalar("float"), "builtins.str": Scalar("str"), "builtins.bool": Scalar("bool"),
    "builtins.list": ListOf(_EMPTY), "builtins.set": ListOf(_EMPTY, "set"), "builtins.dict": DictOf(),
}  # fmt: skip


def _items(frame: Frame, call: CallSite, place: int) -> tuple[ast.expr, Kind]:
    node, item = iterable(frame, call.args[place], call.raw_args[place])
    if any(isinstance(n, ast.Await) for n in ast.walk(node)) and isinstance(node, ast.GeneratorExp):
        node = ast.ListComp(node.elt, node.generators)
    return node, item


def _refused(frame: Frame, call: CallSite, why: str) -> Exception:
    return frame.refuse("call-arguments", ast.unparse(call.node), why, call.node)


@function("collections.defaultdict")
def default_dict(frame: Frame, call: CallSite) -> Val:
    """``defaultdict(list)``, ``defaultdict(lambda: {"n": 0})``."""
    if len(call.node.args) != 1 or call.node.keywords:
        raise _refused(frame, call, "Only a factory is known here: fill it afterwards.")
    factory = call.args[0]
    made: ast.expr
    if isinstance(factory.kind, Global) and factory.kind.ref.name in _FACTORIES:
        made, kind = (
            ast.Name(factory.kind.ref.name.removeprefix("builtins."), ast.Load()),
            _FACTORIES[factory.kind.ref.name],
        )
    elif isinstance(factory.kind, Callback):
        made, kind = as_function(frame, factory, [], call.node)
        kind = widen(kind)
    else:
        raise _refused(frame, call, "Segue does not know what the factory makes.")
    return Val(FilledDict((), kind), ast.Call(frame.imported("collections", "defaultdict"), [made], []))


@function("collections.Counter")
def counter(frame: Frame, call: CallSite) -> Val:
    """``Counter()``, ``Counter(note.title for note in notes)``."""
    if len(call.node.args) > 1 or call.node.keywords:
        raise _refused(frame, call, "Only what is counted is known here.")
    if not call.args:
        return Val(CounterOf((), Scalar("int")), ast.Call(frame.imported("collections", "Counter"), [], []))
    node, item = _items(frame, call, 0)
    if isinstance(call.args[0].kind, DictOf):
        raise _refused(frame, call, "It takes over counts.")
    key = widen(item)
    kind = CounterOf((), Scalar("int"), key if isinstance(key, Scalar) else Scalar("Any"))
    return Val(kind, ast.Call(frame.imported("collections", "Counter"), [node], []))


@method(CounterOf, "most_common")
def most_common(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``counter.most_common(3)``: those that are as frequent in the order in which they were counted first."""
    assert isinstance(owner.kind, CounterOf)
    if owner.node is None:
        return None
    call.only("n", at_most=1)
    given = call.argument(0, "n")
    arguments = [given.node] if given is not None and given.node is not None else []
    pair = TupleOf((owner.kind.key or Scalar("Any"), Scalar("int")))
    return Val(ListOf(pair), ast.Call(ast.Attribute(owner.node, "most_common", ast.Load()), arguments, []))


@method(CounterOf, "update", "get", "setdefault", "pop", "copy", "elements", "subtract", "total")
def of_counter(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``counter.update(words)`` counts on; ``counter.get(word, 0)`` and ``counter.total()`` are numbers."""
    assert isinstance(owner.kind, CounterOf)
    if owner.node is None or call.name in ("setdefault", "subtract", "copy", "pop", "elements"):
        raise frame.refuse(
            "no-rule", ast.unparse(call.node), f"Segue has no rule for Counter.{call.name}.", call.node
        )
    if call.name == "get":
        return None
    if call.name == "total":
        return Val(Scalar("int"), ast.Call(ast.Attribute(owner.node, "total", ast.Load()), [], []))
    if len(call.args) != 1 or call.kwargs or isinstance(call.args[0].kind, DictOf):
        raise _refused(frame, call, "Only what is counted is known here.")
    node, item = _items(frame, call, 0)
    if owner.kind.key is not None and widen(item) != owner.kind.key:
        raise _refused(frame, call, "It counts things of different kinds.")
    return Val(Const(None), ast.Call(ast.Attribute(owner.node, "update", ast.Load()), [node], []))


@function("itertools.chain.from_iterable", "builtins.chain.from_iterable")
def chain_of(frame: Frame, call: CallSite) -> Val:
    """``chain.from_iterable(lists)``."""
    call.only(at_most=1)
    node, item = _items(frame, call, 0)
    if not isinstance(item, ListOf):
        raise _refused(frame, call, "Segue does not know what the lists hold.")
    made = ast.Attribute(frame.imported("itertools", "chain"), "from_iterable", ast.Load())
    return Val(ListOf(item.item, "Iterator"), ast.Call(made, [node], []))


@function("itertools.islice")
def part_of(frame: Frame, call: CallSite) -> Val:
    """``islice(items, 2)``, ``islice(items, 1, None)``."""
    call.only(at_most=4)
    node, item = _items(frame, call, 0)
    bounds = [value.node for value in call.args[1:] if value.node is not None]
    plain = all(isinstance(widen(v.kind), Scalar | Const) for v in call.args[1:])
    if not plain or len(bounds) != len(call.args) - 1 or not bounds:
        raise _refused(frame, call, "Its bounds are no numbers.")
    return Val(ListOf(item, "Iterator"), ast.Call(frame.imported("itertools", "islice"), [node, *bounds], []))


@function("itertools.zip_longest", "itertools.product")
def side_by_side(frame: Frame, call: CallSite) -> Val:
    """``zip_longest(a, b)``, ``product(a, b)``."""
    call.only()
    parts = [_items(frame, call, place) for place in range(len(call.args))]
    short = call.name.rpartition(".")[2]
    kinds = [widen(item) for _, item in parts]
    if short == "zip_longest":
        kinds = [nullable(kind) for kind in kinds]
    if not parts or any(isinstance(kind, Unknown) for kind in kinds):
        raise _refused(frame, call, "Segue does not know what they hold.")
    made = ast.Call(frame.imported("itertools", short), [node for node, _ in parts], [])
    return Val(ListOf(TupleOf(tuple(kinds)), "Iterator"), made)


@function("itertools.groupby")
def grouped(frame: Frame, call: CallSite) -> Val:
    """``groupby(notes, key=lambda note: note.done)``: neighbours with the same key."""
    call.only("key", at_most=2)
    node, item = _items(frame, call, 0)
    key = call.argument(1, "key")
    parts, kind = [node], widen(item)
    if key is not None and key.kind != Const(None):
        by, kind = as_function(frame, key, [item], call.node)
        parts.append(by)
    if not isinstance(widen(kind), Scalar):
        raise _refused(frame, call, "It groups by something else than a plain value.")
    keywords = [ast.keyword("key", part) for part in parts[1:]]
    made = ast.Call(frame.imported("itertools", "groupby"), [node], keywords)
    return Val(ListOf(TupleOf((widen(kind), ListOf(item, "Iterator"))), "Iterator"), made)


@function("functools.reduce", "_functools.reduce")
def reduced(frame: Frame, call: CallSite) -> Val:
    """``reduce(lambda a, b: a * b, numbers, 1)``."""
    call.only(at_most=3)
    node, item = _items(frame, call, 1)
    first = widen(call.args[2].kind) if len(call.args) > 2 else widen(item)
    by, kind = as_function(frame, call.args[0], [first, widen(item)], call.node)
    rest = [value.node for value in call.args[2:] if value.node is not None]
    if widen(kind) != first or not isinstance(first, Scalar) or len(rest) != len(call.args) - 2:
        raise _refused(frame, call, "What it comes to is of another kind than what it begins with.")
    return Val(first, ast.Call(frame.imported("functools", "reduce"), [by, node, *rest], []))


@function("operator.itemgetter", "operator.attrgetter", "_operator.itemgetter", "_operator.attrgetter")
def getter(frame: Frame, call: CallSite) -> Val:
    """``itemgetter("title")``, ``attrgetter("stars", "id")``: the function that they are."""
    names = [value.kind.value if isinstance(value.kind, Const) else None for value in call.args]
    if call.kwargs or not names or not all(isinstance(name, str | int) for name in names):
        raise _refused(frame, call, "What it looks up is computed.")
    by_name = call.name.endswith("attrgetter")
    parts = [f"item.{name}" if by_name else f"item[{name!r}]" for name in names]
    body = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
    node = ast.parse(f"lambda item: {body}", mode="eval").body
    for part in ast.walk(node):
        ast.copy_location(part, call.node)
    return Val(Callback(node))


@function("time.sleep")
def sleep(frame: Frame, call: CallSite) -> Val:
    """``time.sleep(0.5)``: the event loop goes on with other requests in the meantime."""
    given = call.argument(0)
    seconds = given.kind.value if given is not None and isinstance(given.kind, Const) else None
    if not isinstance(seconds, int | float) or seconds < 0 or given is None or given.node is None:
        raise _refused(
            frame, call, "How long is computed, and a negative number is an error in one of the two."
        )
    frame.is_async = True
    return Val(Const(None), ast.Await(ast.Call(frame.imported("asyncio", "sleep"), [given.node], [])))


def say_containers(frame: Frame) -> None:
    """``found: defaultdict[Any, list[Any]] = defaultdict(list)``: type checkers do not see what is put in later."""
    for place, line in enumerate(frame.lines):
        local, _, made = line.partition(" = ")
        if made == "Counter()" and local.strip().isidentifier():
            frame.lines[place] = f"{local}: Counter[Any] = {made}"
        elif made.startswith("defaultdict(") and made.endswith(")") and local.strip().isidentifier():
            inner = made[len("defaultdict(") : -1]
            value = {"list": "list[Any]", "set": "set[Any]", "dict": "dict[Any, Any]"}.get(
                inner, inner if inner.isidentifier() else "Any"
            )
            frame.lines[place] = f"{local}: defaultdict[Any, {value}] = {made}"
        else:
            continue
        frame.use(Import("typing", "Any"))


__all__ = ["say_containers"]
