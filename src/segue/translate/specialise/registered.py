"""Classes that stand in a dict of a module, looked up under something of the request: ``SERIALIZERS[name, self.api_version]``.

All that can come out of such a look-up is known when the service is translated, but which one is not. One class is translated, and
requests that would get another are left to Django.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass
from typing import Any

from segue.refusal import Refused
from segue.snapshot.model import Function, GlobalRef
from segue.translate.interp.process_state import variable_changes
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Chosen, Folder, Ref, plain

# What Django and DRF set on a view, or bind its methods to.
_ON_INSTANCES = frozenset(
    {
        "action", "action_map", "args", "format_kwarg", "head", "headers", "kwargs", "request", "response",
        "get", "post", "put", "patch", "delete", "options", "trace",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OfRequest:
    """``self.<name>``, a property of the view that only a request can tell."""

    name: str


@dataclass(frozen=True, slots=True)
class Registered:
    """``options`` are the classes by the values of ``by``; under any other value the look-up fails."""

    by: OfRequest
    options: tuple[tuple[Any, str], ...]

    def values(self, cls: str) -> list[Any]:
        """The values under which ``cls`` stands."""
        return [value for value, name in self.options if name == cls]


class RegistryFolder(Folder):
    """Also knows what a view has, calls with arguments, and look-ups by :class:`OfRequest`."""

    def run(self, body: list[ast.stmt]) -> None:
        """Run statements; ``except`` clauses are what those of other values of the request meet."""
        for statement in body:
            if isinstance(statement, ast.Try) and not statement.finalbody and not statement.orelse:
                self.run(statement.body)
            else:
                super().run([statement])

    def truth(self, node: ast.expr) -> bool:
        """What only a request can tell is no condition: both sides of it would have to be translated."""
        if _of_request(self.value(node)):
            raise self.dynamic(node)
        return super().truth(node)

    def on_compare(self, node: ast.Compare) -> Any:
        """Comparisons of what is known."""
        if any(_of_request(self.value(part)) for part in (node.left, *node.comparators)):
            raise self.dynamic(node)
        return super().on_compare(node)

    def match(self, stmt: ast.Match) -> None:
        """``match`` of what is known."""
        if _of_request(self.value(stmt.subject)):
            raise self.dynamic(stmt)
        super().match(stmt)

    def on_attribute(self, node: ast.Attribute) -> Any:
        """``cls.__name__``, properties of the view."""
        if node.attr == "__name__":
            found = self.value(node.value)
            if isinstance(found, Ref):
                return found.name.rpartition(".")[2]
        if isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr not in self.own:
            known = self.endpoint.klass()
            dotted = known.methods.get(node.attr, "") if known is not None else ""
            function = self.endpoint.ctx.snapshot.functions.get(dotted)
            if function is not None and function.role in ("property", "cached_property"):
                return OfRequest(node.attr)
        return super().on_attribute(node)

    def on_subscript(self, node: ast.Subscript) -> Any:
        """A look-up in a dict of the module."""
        ref = self.function.globals.get(ast.unparse(node.value)) if isinstance(node.value, ast.Name) else None
        if (
            ref is None
            or ref.value is None
            or ref.value.kind != "dict"
            or ref.kind not in ("variable", "constant")
        ):
            return super().on_subscript(node)
        key = self.value(node.slice)
        parts = key if isinstance(key, list) else [key]
        asked = [p for p in parts if isinstance(p, OfRequest)]
        if len(asked) != 1 or self._changes(ref, ast.unparse(node.value)):
            raise self.dynamic(node)
        options = []
        for one, found in ref.value.pairs:
            its = plain(one)
            its = its if isinstance(its, list) else [its]
            if len(its) == len(parts) and all(
                p == i or p is asked[0] for p, i in zip(parts, its, strict=True)
            ):
                if found.kind != "ref":
                    raise self.dynamic(node)
                options.append((its[parts.index(asked[0])], found.name))
        return Registered(asked[0], tuple(options))

    def _changes(self, ref: GlobalRef, text: str) -> bool:
        """Whether it may be filled after start-up. A decorator that registers classes runs while they are imported."""
        return any(not _registers(function) for function, _ in variable_changes(self.endpoint.ctx, ref, text))

    def on_call(self, node: ast.Call) -> Any:
        """``hasattr(self, …)``, methods and functions of the project with arguments."""
        text = ast.unparse(node.func)
        if text == "hasattr" and len(node.args) == 2 and ast.unparse(node.args[0]) == "self":
            return self._has(node)
        if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            return super().on_call(node)
        if (
            isinstance(node.func, ast.Attribute)
            and node.func.attr == "get"
            and any(_of_request(self.value(a)) for a in node.args)
        ):
            raise self.dynamic(node)
        functions = self.endpoint.ctx.snapshot.functions
        if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "self":
            dotted = self.endpoint.overridden(node.func.attr)
            if dotted in functions:
                return self.called(functions[dotted], node, bound=1)
        if isinstance(node.func, ast.Name) and node.func.id not in self.names:
            ref = self.function.globals.get(node.func.id)
            if ref is not None and ref.kind == "function" and ref.name in functions:
                return self.called(functions[ref.name], node, bound=0)
        return super().on_call(node)

    def inner(self, function: Function) -> RegistryFolder:
        """The folder of a function that this one calls."""
        return RegistryFolder(self.endpoint, function)

    def _has(self, node: ast.Call) -> bool:
        name, known = self.value(node.args[1]), self.endpoint.klass()
        if not isinstance(name, str) or known is None:
            raise self.dynamic(node)
        if name in known.methods or name in known.attributes:
            return True
        if name in _ON_INSTANCES or any(
            f"self.{name} =" in f.source or "__getattr" in f.name or "setattr(self" in f.source
            for f in self.endpoint.ctx.snapshot.functions.values()
            if f.owner in known.mro and not f.owner.startswith(("rest_framework.", "django."))
        ):
            raise self.dynamic(node)
        return False

    def called(self, function: Function, node: ast.Call, *, bound: int) -> Any:
        """What a function of the project returns for these arguments."""
        tree = ast.parse(textwrap.dedent(function.source)).body[0]
        if not isinstance(tree, ast.FunctionDef) or function.wrapped_by or function.is_async:
            raise self.dynamic(node)
        spec = tree.args
        names = [a.arg for a in [*spec.posonlyargs, *spec.args]][bound:]
        if len(names) != len(node.args) or spec.vararg or spec.kwarg or spec.kwonlyargs:
            raise self.dynamic(node)
        inner = self.inner(function)
        inner.own = self.own if bound else inner.own
        inner.names = dict(zip(names, map(self.value, node.args), strict=True))
        try:
            inner.run(tree.body)
        except Chosen as done:
            return done.value
        return None


def _of_request(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_of_request, value))
    return isinstance(value, OfRequest | Registered)


def registered(endpoint: Endpoint, name: str) -> tuple[Registered, str] | None:
    """What ``self.<name>()`` looks up, and the class to translate; None where it is no such look-up. Raises ``Refused``."""
    function = endpoint.ctx.snapshot.functions.get(endpoint.overridden(name))
    if function is None:
        return None
    tree = next(iter(ast.parse(textwrap.dedent(function.source)).body), None)
    if not isinstance(tree, ast.FunctionDef) or function.wrapped_by:
        return None
    folder = RegistryFolder(endpoint, function)
    try:
        folder.run(tree.body)
        return None
    except Refused:
        return None
    except Chosen as done:
        found = done.value
    if not isinstance(found, Registered) or not found.options:
        return None
    return found, most_given(found)


def most_given(found: Registered) -> str:
    """The class that most values give; the first of them in the order of the dict."""
    names = [cls for _, cls in found.options]
    return max(dict.fromkeys(names), key=names.count)


def _registers(function: Function) -> bool:
    """A function that only holds another, which stores a class and returns it: a decorator of classes."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    match tree.body[-2:] if isinstance(tree, ast.FunctionDef) else []:
        case [ast.FunctionDef(name) as inner, ast.Return(ast.Name(returned))] if name == returned:
            last, given = inner.body[-1], inner.args.args
            return (
                isinstance(last, ast.Return)
                and isinstance(last.value, ast.Name)
                and len(given) == 1
                and last.value.id == given[0].arg
            )
    return False


__all__ = ["OfRequest", "Registered", "RegistryFolder", "most_given", "registered"]
