"""``isinstance(exc, tuple(self.expected_exceptions.keys()))`` and ``self.expected_exceptions[exc.__class__]`` in a ``handle_exception``.

HackSoft's style guide has it, and many have copied it: a dict says which class of DRF stands for which exception. It is drawn out
into one branch for each class. An exception of a class *behind* one of them is in the first and not in the second: a ``KeyError``.
"""

from __future__ import annotations

import ast
import builtins
import copy
import textwrap
from dataclasses import replace

from segue.snapshot.model import Function, GlobalRef, Value
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Scalar
from segue.translate.rules.exceptions import caught_one
from segue.translate.rules.registry import function as named_function
from segue.translate.specialise.endpoint import Endpoint

BESIDE = "beside"
_TYPE, _NAME = "segue_class_", "segue_made_"


def drawn_out(endpoint: Endpoint, function: Function, error: str) -> Function:
    """``function`` with a branch for each class; as it is where it does not look into such a dict. Raises ``Refused``."""
    source = textwrap.dedent(function.source)
    tree = ast.parse(source).body[0]
    assert isinstance(tree, ast.FunctionDef)
    drawer = _Drawer(endpoint, function, error)
    body = [s for statement in tree.body for s in drawer.statement(statement)]
    if not drawer.globals:
        return function
    tree.body = body
    return replace(
        function,
        source=ast.unparse(ast.fix_missing_locations(tree)),
        globals={**function.globals, **drawer.globals},
    )


class _Drawer:
    def __init__(self, endpoint: Endpoint, function: Function, error: str) -> None:
        self.endpoint, self.function, self.error = endpoint, function, error
        self.globals: dict[str, GlobalRef] = {}

    def statement(self, statement: ast.stmt) -> list[ast.stmt]:
        """What a statement of the function's own body becomes."""
        if not isinstance(statement, ast.If):
            return [statement]
        asked = self._asked(statement.test)
        if asked is None:
            return [statement]
        held = self._held(asked)
        branches = [
            self._branch(statement.body, asked, cls, given, number)
            for number, (cls, given) in enumerate(held)
        ]
        whole = branches[-1]
        whole.orelse = statement.orelse
        for branch in reversed(branches[:-1]):
            branch.orelse = [whole]
            whole = branch
        return [whole]

    def _asked(self, test: ast.expr) -> ast.expr | None:
        """The dict, in ``isinstance(exc, tuple(<dict>.keys()))`` and ``isinstance(exc, tuple(<dict>))``."""
        match test:
            case ast.Call(
                ast.Name("isinstance"), [ast.Name(error), ast.Call(ast.Name("tuple"), [held], [])], []
            ) if error == self.error:
                match held:
                    case ast.Call(ast.Attribute(inner, "keys"), [], []):
                        return inner
                return held
        return None

    def _held(self, node: ast.expr) -> list[tuple[str, str]]:
        """Class of the exception → class of DRF."""
        pairs = self._pairs(node, self.function)
        found = list(dict(pairs).items()) if pairs else []
        if not found:
            raise self.endpoint.refuse_method(
                "handle_exception", "Segue does not see which classes it expects."
            )
        for cls, _ in found:
            behind = [
                c.name for c in self.endpoint.ctx.snapshot.classes.values() if cls in c.mro and c.name != cls
            ]
            if behind and not cls.startswith("builtins."):
                raise self.endpoint.refuse_method(
                    "handle_exception", f"{behind[0]} is behind one that it expects."
                )
        # The look-up finds the class itself, wherever it stands: those behind another one are asked first.
        return sorted(found, key=lambda pair: -len(_mro(pair[0])))

    def _pairs(self, node: ast.expr, function: Function) -> list[tuple[str, str]] | None:
        """What a dict holds that the code of ``function`` names; None where that is not known."""
        if isinstance(node, ast.Dict):
            found: list[tuple[str, str]] = []
            for key, value in zip(node.keys, node.values, strict=True):
                if key is None:
                    inner = self._pairs(value, function)
                    if inner is None:
                        return None
                    found += inner
                    continue
                names = [self._class(one, function) for one in (key, value)]
                if not all(names):
                    return None
                found.append((names[0], names[1]))
            return found
        ref = function.globals.get(ast.unparse(node))
        if ref is not None:
            return _of_value(ref.value) if ref.kind == "constant" else None
        match node:
            case ast.Attribute(ast.Name("self"), name):
                return self._attribute(name, "")
            case ast.Attribute(ast.Call(ast.Name("super"), [], []), name):
                return self._attribute(name, function.owner)
        return None

    def _attribute(self, name: str, after: str) -> list[tuple[str, str]] | None:
        """The same of an attribute or a property of the view, behind the class ``after``."""
        known = self.endpoint.klass()
        mro = known.mro if known is not None else ()
        for base in mro[mro.index(after) + 1 if after in mro else 0 :]:
            dotted = f"{base}.{name}"
            function = self.endpoint.ctx.snapshot.functions.get(dotted)
            if function is not None:
                tree = ast.parse(textwrap.dedent(function.source)).body[0]
                body = tree.body if isinstance(tree, ast.FunctionDef) else []
                if function.role in ("property", "cached_property") and len(body) == 1:
                    given = body[0].value if isinstance(body[0], ast.Return) else None
                    return self._pairs(given, function) if given is not None else None
                return None
            held = self.endpoint.ctx.snapshot.classes.get(base)
            found = held.attributes.get(name) if held is not None else None
            if found is not None and found.defined_in == base:
                return _of_value(found.value)
        return None

    def _class(self, node: ast.expr, function: Function) -> str:
        """The dotted class that an expression names; empty for anything else."""
        text = ast.unparse(node)
        ref = function.globals.get(text)
        if ref is not None:
            return ref.name if ref.kind in ("class", "model", "missing", "builtin") else ""
        return f"builtins.{text}" if isinstance(getattr(builtins, text, None), type) else ""

    def _branch(self, body: list[ast.stmt], held: ast.expr, cls: str, given: str, number: int) -> ast.If:
        key, made = f"{_TYPE}{number}", f"{_NAME}{number}"
        self.globals |= {key: GlobalRef("class", cls), made: GlobalRef("class", given)}
        copied = [_LookUp(ast.unparse(held), self.error, made).visit(copy.deepcopy(s)) for s in body]
        if cls.startswith("builtins."):
            self.globals |= {
                BESIDE: GlobalRef("builtin", f"builtins.{BESIDE}"),
                "KeyError": GlobalRef("builtin", "builtins.KeyError"),
            }
            check = f"if {BESIDE}({self.error}, {key}):\n    raise KeyError({cls.rpartition('.')[2]!r})"
            copied = [*ast.parse(check).body, *copied]
        test = ast.parse(f"isinstance({self.error}, {key})", mode="eval").body
        return ast.If(test, copied, [])


def _mro(cls: str) -> tuple[type, ...]:
    """Of Python's own classes."""
    known = getattr(builtins, cls.removeprefix("builtins."), None)
    return known.__mro__ if isinstance(known, type) else ()


def _of_value(value: Value | None) -> list[tuple[str, str]] | None:
    if value is None or value.kind != "dict":
        return None
    found = [(key.name, given.name) for key, given in value.pairs if key.kind == given.kind == "ref"]
    return found if len(found) == len(value.pairs) else None


class _LookUp(ast.NodeTransformer):
    """``<dict>[exc.__class__]`` → the class."""

    def __init__(self, held: str, error: str, made: str) -> None:
        self.looked = {f"{held}[{error}.__class__]", f"{held}[type({error})]"}
        self.made = made

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """One look-up."""
        if ast.unparse(node) in self.looked:
            return ast.Name(self.made, ast.Load())
        self.generic_visit(node)
        return node


@named_function(f"builtins.{BESIDE}")
def beside(frame: Frame, call: CallSite) -> Val:
    """``beside(exc, ValueError)``: of a class behind that one."""
    name = caught_one(frame, frame.function.globals[ast.unparse(call.raw_args[1])].name, call.node)
    assert call.args[0].node is not None
    return Val(Scalar("bool"), quote(f"type({{0}}) is not {name}", call.args[0].node))


__all__ = ["BESIDE", "drawn_out"]
