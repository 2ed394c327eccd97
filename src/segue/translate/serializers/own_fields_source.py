"""The source of a serializer's ``__init__`` and ``get_fields``, made ready to be interpreted as code about ``self.fields``.

``super()`` calls are left out, what they mean is another step before; the dict that ``super().get_fields()`` gives is ``self.fields``;
arguments that are not DRF's are constants; ``kwargs["context"]`` is ``self.context``, and of ``self.instance`` is only asked
whether there is one.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

from segue.refusal import Refused, refuse
from segue.snapshot.model import Function, Serializer, Where
from segue.translate.context import Context
from segue.translate.load.models import concrete
from segue.translate.serializers.facts import framework, short
from segue.translate.serializers.made import Made
from segue.translate.serializers.own_fields_rewriter import FIELDS, INSTANCE, OF_DRF, Rewriter


@dataclass(frozen=True, slots=True)
class Step:
    """Statements of ``function``, with ``self`` as the serializer. ``constructs``: it is an ``__init__``."""

    function: Function
    body: list[ast.stmt]
    constructs: bool
    asks_instance: bool


def steps(ctx: Context, serializer: Serializer, how: Made, method: str = "") -> Iterator[Step]:
    """What runs, in DRF's order. ``method``: that of the operation, where it is known. Raises ``Refused``."""
    getters = list(_own(ctx, serializer, "get_fields"))
    inits = list(_own(ctx, serializer, "__init__"))
    for function in reversed(getters):
        alone = len(getters) == 1 and not inits
        yield Source(ctx, serializer, how, function, method).get_fields(alone)
    for function in reversed(inits):
        yield Source(ctx, serializer, how, function, method).init()


def _own(ctx: Context, serializer: Serializer, hook: str) -> Iterator[Function]:
    known = ctx.snapshot.classes[serializer.name]
    for base in known.mro:
        other = ctx.snapshot.classes.get(base)
        if framework(base):
            continue
        dotted = other.methods.get(hook, "") if other is not None else hook
        if other is not None and dotted != f"{base}.{hook}":
            continue
        function = ctx.snapshot.functions.get(dotted)
        if function is None:
            raise refuse(
                _code(hook), f"{short(base)}.{hook}", "The snapshot has no source for it.", serializer.where
            )
        yield function


def _code(hook: str) -> str:
    return f"serializer-{hook.strip('_').replace('_', '-')}"


@dataclass(slots=True)
class Source:
    ctx: Context
    serializer: Serializer
    how: Made
    function: Function
    method: str
    spec: ast.arguments = field(default_factory=lambda: ast.parse("def f(): pass").body[0].args)  # type: ignore[attr-defined]
    given: dict[str, object] = field(default_factory=dict)

    def refused(self, why: str, node: ast.AST | None = None) -> Refused:
        hook = self.function.name.rpartition(".")[2]
        line = getattr(node, "lineno", 1) - 1
        where = Where(self.function.where.file, self.function.where.line + line)
        owner = short(self.function.name.rpartition(".")[0])
        return refuse(_code(hook), f"{owner}.{hook}", why, where)

    def _body(self) -> list[ast.stmt]:
        tree = ast.parse(textwrap.dedent(self.function.source)).body[0]
        if not isinstance(tree, ast.FunctionDef) or tree.decorator_list or self.function.wrapped_by:
            raise self.refused("It is no plain method.")
        self.spec = tree.args
        return [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]

    # get_fields --------------------------------------------------------------------------

    def get_fields(self, alone: bool) -> Step:
        """``fields = super().get_fields()``, statements, ``return fields``."""
        body = self._body()
        local = ""
        left: list[ast.stmt] = []
        for statement in body:
            match statement:
                case ast.Assign([ast.Name(name)], value) if _is_super(value, "get_fields"):
                    if local:
                        raise self.refused("It asks super() twice.", statement)
                    local = name
                case ast.Return(value) if (
                    value is not None
                    and _is_super(value, "get_fields")
                    and not local
                    and statement is body[-1]
                ):
                    local = "fields"
                case _:
                    left.append(statement)
        if not local:
            raise self.refused("It makes fields in another way than super().get_fields() does.")
        if left and isinstance(left[-1], ast.Return) and ast.unparse(left[-1]) == f"return {local}":
            del left[-1]
        elif (left and not alone) or (left and not isinstance(left[-1], ast.Return | ast.If)):
            raise self.refused("It gives back something else than the fields of super().")
        for node in (n for s in left for n in ast.walk(s)):
            if isinstance(node, ast.Return) and (
                not alone or node.value is None or ast.unparse(node.value) != local
            ):
                raise self.refused("It gives back something else than the fields of super().", node)
            if isinstance(node, ast.Name) and node.id == local and isinstance(node.ctx, ast.Store):
                raise self.refused("It gives back something else than the fields of super().", node)
            if isinstance(node, ast.Attribute) and ast.unparse(node) == FIELDS:
                raise self.refused("It looks at self.fields while these are made.", node)
        return self._step(left, {local: FIELDS}, constructs=False)

    # __init__ ----------------------------------------------------------------------------

    def init(self) -> Step:
        """Statements with ``super().__init__(…)`` among them, which is given all that came."""
        body = self._body()
        spec = self.spec
        self.given = dict(self.how.arguments)
        named: dict[str, str] = {}
        taken: list[ast.stmt] = []
        defaults = [None] * (len(spec.args) - len(spec.defaults)) + list(spec.defaults)
        for argument, default in [
            *zip(spec.args[1:], defaults[1:], strict=True),
            *zip(spec.kwonlyargs, spec.kw_defaults, strict=True),
        ]:
            if argument.arg == "instance":
                named[argument.arg] = INSTANCE
            elif argument.arg == "data":
                named[argument.arg] = "self.initial_data"
            else:
                text = self.argument(argument.arg, default, argument)
                taken.append(ast.copy_location(ast.parse(f"{argument.arg} = {text}").body[0], body[0]))
        at = [i for i, s in enumerate(body) if isinstance(s, ast.Expr) and _is_super(s.value, "__init__")]
        if len(at) != 1 or not self._hands_on(body[at[0]]):
            raise self.refused("Its super().__init__() is not given what it was given itself.")
        before, after = body[: at[0]], body[at[0] + 1 :]
        if any(
            isinstance(n, ast.Attribute) and ast.unparse(n) == FIELDS for s in before for n in ast.walk(s)
        ):
            raise self.refused("It looks at self.fields before DRF's constructor has run.", before[0])
        if any(isinstance(n, ast.Return) for s in body for n in ast.walk(s)):
            raise self.refused("It returns before its end.")
        return self._step([*taken, *before, *after], named, constructs=True)

    def _hands_on(self, statement: ast.stmt) -> bool:
        assert isinstance(statement, ast.Expr)
        call = statement.value
        assert isinstance(call, ast.Call)
        own = {a.arg for a in self.spec.args[1:]} | {a.arg for a in self.spec.kwonlyargs}
        rest = {a.arg for a in (self.spec.vararg, self.spec.kwarg) if a is not None}
        passed: set[str] = set()
        for node in call.args:
            inner = node.value if isinstance(node, ast.Starred) else node
            if not isinstance(inner, ast.Name):
                return False
            passed.add(inner.id)
        for keyword in call.keywords:
            if not isinstance(keyword.value, ast.Name) or keyword.arg not in (None, keyword.value.id):
                return False
            passed.add(keyword.value.id)
        # Positions are DRF's own (instance, data) only where they are named so.
        positions = [n.id for n in call.args if isinstance(n, ast.Name)]
        return (
            passed <= own | rest
            and rest <= passed
            and positions == ["instance", "data"][: len(positions)]
            and own & OF_DRF <= passed
        )

    def argument(self, name: str, default: ast.expr | None, node: ast.AST) -> str:
        """The code of an argument that is not DRF's: what it was given, or its default. Raises ``Refused``."""
        if name in OF_DRF:
            raise self.refused(f"It looks at {name}=.", node)
        if name in self.given:
            return repr(self.given[name])
        if default is None or not isinstance(
            default, ast.Constant | ast.List | ast.Tuple | ast.Set | ast.Dict
        ):
            raise self.refused(f"It needs {name}=, which it is not given here.", node)
        empty = isinstance(default, ast.List | ast.Tuple | ast.Set) and not default.elts
        return "()" if empty else ast.unparse(default)

    # both --------------------------------------------------------------------------------

    def _step(self, body: list[ast.stmt], named: dict[str, str], *, constructs: bool) -> Step:
        rewritten = Rewriter(self, named, self.method)
        made: list[ast.stmt] = []
        for statement in body:
            found = rewritten.visit(statement)
            assert isinstance(found, ast.stmt)
            made.append(ast.fix_missing_locations(found))
        if rewritten.asks and self._is_false():
            raise self.refused("It asks whether self.instance is true, and the model decides that itself.")
        return Step(self.function, made, constructs, rewritten.asks)

    def _is_false(self) -> bool:
        """Whether an object of the model may be false."""
        if self.serializer.model not in self.ctx.snapshot.models:
            return False
        known = self.ctx.snapshot.classes.get(concrete(self.ctx, self.serializer.model).cls)
        return known is not None and bool({"__bool__", "__len__"} & set(known.methods))


def taken_arguments(ctx: Context, serializer: str) -> frozenset[str]:
    """The arguments that constructors of the project take by name (``kwargs.pop("fields", None)``, keywords of their own)."""
    found: set[str] = set()
    for function in _own(ctx, ctx.snapshot.serializers[serializer], "__init__"):
        tree = ast.parse(textwrap.dedent(function.source)).body[0]
        assert isinstance(tree, ast.FunctionDef)
        found |= {a.arg for a in (*tree.args.args[1:], *tree.args.kwonlyargs)}
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    ast.Attribute(ast.Name(owner), "pop"), [ast.Constant(str() as name), *_], []
                ) if tree.args.kwarg is not None and owner == tree.args.kwarg.arg:
                    found.add(name)
    return frozenset(found - OF_DRF)


def is_plain_data(value: object) -> bool:
    """Whether ``repr`` writes it down: constants, and tuples of them."""
    return (
        value is None
        or isinstance(value, str | int | float)
        or (isinstance(value, tuple) and all(map(is_plain_data, value)))
    )


def _is_super(node: ast.expr, method: str) -> bool:
    match node:
        case ast.Call(ast.Attribute(ast.Call(ast.Name("super")), name)):
            return name == method and (method == "__init__" or not (node.args or node.keywords))
    return False


__all__ = ["Source", "Step", "is_plain_data", "steps", "taken_arguments"]
