"""``isinstance(exc, tuple(self.expected_exceptions.keys()))`` and ``self.expected_exceptions[exc.__class__]`` in a ``handle_exception``.

HackSoft's style guide has it, and many have copied it: a dict says which class of DRF stands for which exception. It is drawn out
into one branch for each class. An exception of a class *behind* one of them is in the first and not in the second: a ``KeyError``,
raised where the look-up stands. A branch that looks nothing up raises none.
"""

from __future__ import annotations

import ast
import builtins
import copy
import textwrap
from dataclasses import replace
from itertools import pairwise

from segue.snapshot.model import Function, GlobalRef, Value
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Scalar
from segue.translate.rules.exceptions import caught_one
from segue.translate.rules.registry import function as named_function
from segue.translate.specialise.endpoint import Endpoint

BESIDE = "beside"
HOOK = "handle_exception"
# What these hold may not be asked for at all, or more than once.
_PERHAPS = (
    ast.BoolOp, ast.Compare, ast.IfExp, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.NamedExpr,
)  # fmt: skip
_OF_MODELS = frozenset(
    {"django.core.exceptions.ObjectDoesNotExist", "django.core.exceptions.MultipleObjectsReturned"}
)
# Functions that nobody notices before a ``KeyError``.
_HARMLESS = frozenset({"super", "str", "repr", "type"})
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
            raise self.endpoint.refuse_method(HOOK, "Segue does not see which classes it expects.")
        for cls, _ in found:
            behind = [
                c.name for c in self.endpoint.ctx.snapshot.classes.values() if cls in c.mro and c.name != cls
            ]
            if behind and not cls.startswith("builtins."):
                raise self.endpoint.refuse_method(HOOK, f"{behind[0]} is behind one that it expects.")
        # The look-up finds the class itself, wherever it stands: those behind another one are asked first.
        return sorted(found, key=lambda pair: -len(self._mro(pair[0])))

    def _mro(self, cls: str) -> tuple[str, ...]:
        """Dotted, ``object`` left out. Raises ``Refused`` where it is not known."""
        known = self.endpoint.ctx.snapshot.classes.get(cls)
        if known is not None:
            return known.mro
        python = getattr(builtins, cls.removeprefix("builtins."), None)
        if not isinstance(python, type):
            raise self.endpoint.refuse_method(HOOK, f"Segue does not know what {cls} is made of.")
        return tuple(f"builtins.{base.__name__}" for base in python.__mro__[:-1])

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

    def _missing(self, cls: str, key: str, statement: ast.stmt, at: tuple[int, int]) -> list[ast.stmt]:
        """The ``KeyError`` of exceptions behind ``cls``. Raises ``Refused`` where it is not certain that the body gets that far."""
        if cls in _OF_MODELS:
            raise self.endpoint.refuse_method(
                HOOK, f"What models raise is behind {cls}, and of no class of its own here."
            )
        if not cls.startswith(("builtins.", "django.db.")):
            return []
        if not _always_first(statement, at):
            raise self.endpoint.refuse_method(
                HOOK,
                "The class may not be looked up first of all, or not at all: give that a line of its own.",
            )
        self.globals |= {
            BESIDE: GlobalRef("builtin", f"builtins.{BESIDE}"),
            "KeyError": GlobalRef("builtin", "builtins.KeyError"),
        }
        check = f"if {BESIDE}({self.error}, {key}):\n    raise KeyError({cls.rpartition('.')[2]!r})"
        return ast.parse(check).body

    def _branch(self, body: list[ast.stmt], held: ast.expr, cls: str, given: str, number: int) -> ast.If:
        key, made = f"{_TYPE}{number}", f"{_NAME}{number}"
        self.globals |= {key: GlobalRef("class", cls), made: GlobalRef("class", given)}
        copied: list[ast.stmt] = []
        looked = False
        for statement in body:
            look_up = _LookUp(ast.unparse(held), self.error, made)
            new = look_up.visit(copy.deepcopy(statement))
            if look_up.at is not None and not looked:
                looked = True
                copied += self._missing(cls, key, statement, look_up.at)
            copied.append(new)
        test = ast.parse(f"isinstance({self.error}, {key})", mode="eval").body
        return ast.If(test, copied, [])


def _always_first(statement: ast.stmt, at: tuple[int, int]) -> bool:
    """Does the statement look it up ``at`` that place whenever it runs, and before it does anything else?"""
    path = _path(statement, at)
    for node, child in pairwise(path):
        match node:
            case ast.Assign() | ast.AnnAssign() | ast.Return() | ast.Expr() | ast.Raise():
                pass
            case ast.If(test) if child is test:
                pass
            case ast.expr() | ast.keyword() if not isinstance(node, _PERHAPS):
                pass
            case _:
                return False
    return all(
        node in path or (node.lineno, node.col_offset) > at or ast.unparse(node.func) in _HARMLESS
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
    )


def _path(node: ast.AST, at: tuple[int, int]) -> list[ast.AST]:
    """From ``node`` down to the look-up ``at`` that place."""
    if isinstance(node, ast.Subscript) and (node.lineno, node.col_offset) == at:
        return [node]
    for child in ast.iter_child_nodes(node):
        found = _path(child, at)
        if found:
            return [node, *found]
    return []


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
        self.at: tuple[int, int] | None = None  # the first

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """One look-up."""
        if ast.unparse(node) in self.looked:
            self.at = self.at or (node.lineno, node.col_offset)
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
