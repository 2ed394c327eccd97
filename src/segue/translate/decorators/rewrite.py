"""The wrapper of a decorator as a function with the parameters of what it wraps, which it calls by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from segue.translate.decorators.shape import Wrapper


class NotPlain(Exception):
    """The wrapper does with its arguments what cannot be written with parameters."""


def rewritten(
    wrapper: Wrapper, wrapped: ast.FunctionDef, call: str, *, method: bool, of_url: frozenset[str] | None
) -> tuple[str, frozenset[str] | None]:
    """Source of the wrapper around ``wrapped``, which it calls as ``call`` (``self.<call>`` for a method); and ``of_url`` of
    what it calls.

    ``of_url`` are the arguments that Django gives by name, as it calls a view with those of the URL; None where somebody
    else calls it, who may give any by place. Raises :class:`NotPlain`.
    """
    edit = _Edit(wrapper, wrapped, call, method, of_url)
    tree = ast.fix_missing_locations(edit.run())
    return ast.unparse(tree) + "\n", edit.passed_by_name()


class _Edit(ast.NodeTransformer):
    def __init__(
        self,
        wrapper: Wrapper,
        wrapped: ast.FunctionDef,
        call: str,
        method: bool,
        of_url: frozenset[str] | None,
    ) -> None:
        self._wrapper, self._inner, self._wrapped = wrapper, wrapper.inner, wrapped
        self._call, self._method = call, method
        self._of_url, self._renamed = of_url, False
        spec = self._inner.args
        self._first = [a.arg for a in spec.args]
        self._args = spec.vararg.arg if spec.vararg is not None else ""
        self._kwargs = spec.kwarg.arg if spec.kwarg is not None else ""
        # Parameters of what is wrapped that the wrapper does not name.
        self._rest = wrapped.args.args[len(self._first) :] if self._args or self._kwargs else []

    def run(self) -> ast.FunctionDef:
        spec, wrapped = self._inner.args, self._wrapped.args
        if spec.posonlyargs or wrapped.posonlyargs or any(isinstance(n, ast.Global | ast.Nonlocal) for n in ast.walk(self._inner)):  # fmt: skip
            raise NotPlain
        rest = [a.arg for a in self._rest]
        stored = set(_stored(self._inner))
        kept = {*rest, *(a.arg for a in wrapped.kwonlyargs), *self._stars()}
        taken = {
            *stored,
            *(a.arg for n in ast.walk(self._inner) if isinstance(n, ast.arguments) for a in _named(n)),
        }
        if kept & taken or {*self._wrapper.given, self._wrapper.wrapped} & taken:
            raise NotPlain
        # A name of the module would be the parameter or the local of the same name.
        meant = {
            n.id for value in self._wrapper.given.values() for n in ast.walk(value) if isinstance(n, ast.Name)
        }
        read = {n.id for s in self._inner.body for n in ast.walk(s) if isinstance(n, ast.Name)}
        if meant & (kept | taken) or read & kept - {self._args, self._kwargs}:
            raise NotPlain
        if any(
            isinstance(v, ast.List) and not _only_read(self._inner, n) for n, v in self._wrapper.given.items()
        ):
            raise NotPlain  # every call sees what others have done to it
        if kept - set(self._stars()) and not self._passed_on():
            raise NotPlain  # Django's ``kwargs`` have the parameters that are named here
        body = [self.visit(s) for s in self._inner.body]
        new = ast.FunctionDef(self._wrapped.name, self._signature(), body, [], None)
        for name in ast.walk(new):
            if isinstance(name, ast.Name) and name.id in ({self._args, self._kwargs} - {""}) - set(
                self._stars()
            ):
                raise NotPlain
        return new

    def passed_by_name(self) -> frozenset[str] | None:
        """Arguments of the URL that are in the ``kwargs`` of what is wrapped too."""
        if self._of_url is None or self._renamed:
            return None
        return self._of_url & {a.arg for a in self._rest}

    def _passed_on(self) -> bool:
        """Whether ``args`` and ``kwargs`` are passed on and asked for parameters by name, and nothing else."""
        names = {self._args, self._kwargs} - {""}
        known = set()
        for node in ast.walk(self._inner):
            match node:
                case ast.Call(ast.Name(called)) if called == self._wrapper.wrapped:
                    stars = [*node.args, *(k.value for k in node.keywords if k.arg is None)]
                    known |= {id(a.value if isinstance(a, ast.Starred) else a) for a in stars}
                case ast.Call(ast.Attribute(ast.Name() as used, "get"), [ast.Constant(), *_], []):
                    known.add(id(used))
                case ast.Subscript(ast.Name() as used, ast.Constant()):
                    known.add(id(used))
        return all(id(n) in known for n in ast.walk(self._inner) if isinstance(n, ast.Name) and n.id in names)

    def _stars(self) -> list[str]:
        spec = self._wrapped.args
        return [a.arg for a in (spec.vararg, spec.kwarg) if a is not None]

    def _signature(self) -> ast.arguments:
        spec, wrapped = self._inner.args, self._wrapped.args
        if not self._args and not self._kwargs:
            return spec
        if spec.defaults or spec.kwonlyargs:
            raise NotPlain
        defaults = wrapped.defaults[-len(self._rest) :] if self._rest else []
        if not all(isinstance(d, ast.Constant) for d in (*defaults, *(d for d in wrapped.kw_defaults if d))):
            raise NotPlain
        args = [*(ast.arg(name) for name in self._first), *(ast.arg(a.arg) for a in self._rest)]
        return ast.arguments(
            [], args, wrapped.vararg, wrapped.kwonlyargs, wrapped.kw_defaults, wrapped.kwarg, list(defaults)
        )

    # -- what the body says ------------------------------------------------------------------

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if not (isinstance(node.func, ast.Name) and node.func.id == self._wrapper.wrapped):
            found = self._got(node)
            if found is not None:
                return found
            self.generic_visit(node)
            return node
        return self._called(node)

    def _called(self, node: ast.Call) -> ast.expr:
        """``fn(self, request, *args, **kwargs)``."""
        plain = [a for a in node.args if not isinstance(a, ast.Starred)]
        stars = [a for a in node.args if isinstance(a, ast.Starred)]
        if node.args != [*plain, *stars] or any(not _is(s.value, self._args) for s in stars):
            raise NotPlain
        given = [k for k in node.keywords if k.arg is not None]
        self._renamed |= bool(given)
        spread = [k for k in node.keywords if k.arg is None]
        if any(not _is(k.value, self._kwargs) for k in spread):
            raise NotPlain
        whole = (bool(self._args), bool(self._kwargs)) == (bool(stars), bool(spread))
        rest = [a.arg for a in self._rest if a.arg not in {k.arg for k in given}]
        if (rest or self._stars() or self._wrapped.args.kwonlyargs) and (
            not whole or len(plain) != len(self._first)
        ):
            raise NotPlain
        passed: list[ast.expr] = [self.visit(a) for a in plain]
        keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in given]
        if whole and (stars or spread):
            if keywords:
                keywords += [ast.keyword(name, ast.Name(name, ast.Load())) for name in rest]
            else:
                passed += [ast.Name(name, ast.Load()) for name in rest]
            keywords += [
                ast.keyword(a.arg, ast.Name(a.arg, ast.Load())) for a in self._wrapped.args.kwonlyargs
            ]
            spec = self._wrapped.args
            if spec.vararg is not None:
                passed.append(ast.Starred(ast.Name(spec.vararg.arg, ast.Load()), ast.Load()))
            if spec.kwarg is not None:
                keywords.append(ast.keyword(None, ast.Name(spec.kwarg.arg, ast.Load())))
        if not self._method:
            return ast.Call(ast.Name(self._call, ast.Load()), passed, keywords)
        own = self._first[0] if self._first else self._rest[0].arg if self._rest else ""
        if not passed or not own or not _is(passed[0], own):
            raise NotPlain
        return ast.Call(ast.Attribute(passed[0], self._call, ast.Load()), passed[1:], keywords)

    def _got(self, node: ast.Call) -> ast.expr | None:
        """``kwargs.get("pk")`` of a parameter that is always given, by name."""
        match node:
            case ast.Call(ast.Attribute(ast.Name(owner), "get"), [ast.Constant(key), *_], []) if (
                self._kwargs == owner
            ):
                return self._parameter(key)
        return None

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        match node:
            case ast.Subscript(ast.Name(owner), ast.Constant(key)) if self._kwargs and owner == self._kwargs:
                found = self._parameter(key)
                if found is not None:
                    return found
            case ast.Subscript(ast.Name(owner), ast.Constant(int() as place)) if (
                self._args and owner == self._args
            ):
                if not 0 <= place < len(self._rest) or not self._by_place(len(self._first) + place):
                    raise NotPlain
                return ast.Name(self._rest[place].arg, ast.Load())
        self.generic_visit(node)
        return node

    def _parameter(self, key: object) -> ast.expr | None:
        if key in self._by_name_only():
            if self._by_name_only()[key] is not None:
                raise NotPlain  # Django's ``kwargs`` may have none
        elif key not in [a.arg for a in self._rest]:
            return None
        elif key not in (self._of_url or ()) or self._has_default(str(key)):
            raise NotPlain  # whoever calls it may give it by place
        return ast.Name(str(key), ast.Load())

    def _by_name_only(self) -> dict[object, ast.expr | None]:
        spec = self._wrapped.args
        return {a.arg: default for a, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)}

    def _by_place(self, place: int) -> bool:
        """Whether the parameter is never given by name: ``self``, and the request that Django gives a view."""
        return place < self._method + (self._of_url is not None)

    def _has_default(self, name: str) -> bool:
        spec = self._wrapped.args
        return name in [a.arg for a in spec.args[len(spec.args) - len(spec.defaults) :]]

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if _is(node.value, self._wrapper.wrapped):
            if node.attr != "__name__":
                raise NotPlain
            return ast.Constant(self._wrapped.name)
        self.generic_visit(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id == self._wrapper.wrapped:
            raise NotPlain
        return self._wrapper.given.get(node.id, node) if isinstance(node.ctx, ast.Load) else node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        raise NotPlain

    visit_AsyncFunctionDef = visit_ClassDef = visit_FunctionDef  # type: ignore[assignment]


def _is(node: ast.expr, name: str) -> bool:
    return bool(name) and isinstance(node, ast.Name) and node.id == name


_READING = frozenset(
    {"set", "frozenset", "list", "tuple", "len", "sorted", "any", "all", "min", "max", "sum"}
)


def _only_read(inner: ast.FunctionDef, name: str) -> bool:
    """Whether the list called ``name`` is looked at and neither changed nor handed on."""
    read = set()
    for node in ast.walk(inner):
        match node:
            case ast.For(iter=ast.Name() as used) | ast.comprehension(iter=ast.Name() as used):
                read.add(id(used))
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[ast.Name() as used]):
                read.add(id(used))
            case ast.Call(ast.Name(function), [ast.Name() as used], []) if function in _READING:
                read.add(id(used))
    return all(id(n) in read for n in ast.walk(inner) if isinstance(n, ast.Name) and n.id == name)


def _stored(inner: ast.FunctionDef) -> Iterator[str]:
    """Names that the wrapper gives a value."""
    for node in ast.walk(inner):
        match node:
            case ast.Name(name, ast.Store() | ast.Del()):
                yield name
            case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
                yield name
            case ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name):
                yield name
            case ast.alias():
                yield (node.asname or node.name).partition(".")[0]


def _named(spec: ast.arguments) -> Iterator[ast.arg]:
    yield from (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)
