"""A view's own ``__init__``, which runs for every request: it may put methods of the view in the place of others.

``as_view`` makes the object, and then looks for its handlers there: ``self.list = self.list_with_rights`` answers what ``list`` would.
Source: ``django.views.generic.base.View.as_view``, ``rest_framework.viewsets.ViewSetMixin.as_view``.
"""

from __future__ import annotations

import ast
import textwrap

from segue.refusal import Refused
from segue.snapshot.model import Class
from segue.translate.specialise.endpoint import Endpoint

HOOK = "__init__"
_ONLY = "Segue follows methods of the view in the place of its handlers only."
_HANDLERS = frozenset(
    {
        "get", "post", "put", "patch", "delete", "list", "create", "retrieve", "update", "partial_update", "destroy",
    }
)  # fmt: skip


def replaced(endpoint: Endpoint) -> tuple[tuple[str, str], ...]:
    """The methods that stand in the place of others once the view is made, as :attr:`Endpoint.rebound`. Raises ``Refused``."""
    known = endpoint.klass()
    dotted = endpoint.overridden(HOOK)
    if known is None or not dotted or dotted.startswith("builtins."):
        return ()
    own = [
        c
        for c in known.mro
        if f"{c}.{HOOK}" in endpoint.ctx.snapshot.functions and not c.startswith("django.")
    ]
    function = endpoint.ctx.snapshot.functions.get(dotted)
    if function is None or own != [function.owner]:
        raise endpoint.refuse_method(HOOK, "Several classes have one, or Segue has no source of it.")
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list or len(tree.args.args) != 1:
        raise endpoint.refuse_method(HOOK, "It is no plain __init__(self, *args, **kwargs).")
    return _Made(endpoint, known, tree).read()


class _Made:
    """Reads the statements one after another."""

    def __init__(self, endpoint: Endpoint, known: Class, tree: ast.FunctionDef) -> None:
        self.endpoint, self.known, self.tree = endpoint, known, tree
        self.me = tree.args.args[0].arg
        self.owner = endpoint.overridden(HOOK).rpartition(".")[0]
        self.found: dict[str, str] = {}

    def read(self) -> tuple[tuple[str, str], ...]:
        goes_on = sum(self._goes_on(statement) for statement in self.tree.body)
        if goes_on != 1:
            raise self._refused(
                self.tree, "It does not call super().__init__ once, with all that it was given."
            )
        for statement in self.tree.body:
            self._one(statement)
        return tuple(self.found.items())

    def _one(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Expr(ast.Constant()) | ast.Pass():
                return
            case ast.If(test, body, orelse):
                for inner in body if self._has(test) else orelse:
                    self._one(inner)
            case ast.Assign(
                [ast.Attribute(ast.Name(owner), name)], ast.Attribute(ast.Name(giver), method)
            ) if owner == giver == self.me:
                put = self.found.get(method, self.known.methods.get(method, ""))
                function = self.endpoint.ctx.snapshot.functions.get(put)
                handlers = _HANDLERS | {o.action for o in self.endpoint.route.operations}
                replaces = name in handlers and name in self.known.methods
                if not replaces or function is None or function.role != "method":
                    raise self._refused(statement, _ONLY)
                self.found[name] = put
            case _ if self._goes_on(statement):
                return
            case _:
                raise self._refused(statement, _ONLY)

    def _goes_on(self, statement: ast.stmt) -> bool:
        spec = self.tree.args
        match statement:
            case ast.Expr(ast.Call(ast.Attribute(ast.Call(ast.Name("super"), [], []), "__init__")) as call):
                given = [ast.unparse(a) for a in call.args] + [
                    f"**{ast.unparse(k.value)}" if k.arg is None else k.arg for k in call.keywords
                ]
                taken = [f"*{spec.vararg.arg}"] if spec.vararg is not None else []
                taken += [f"**{spec.kwarg.arg}"] if spec.kwarg is not None else []
                return given == taken and spec.kwarg is not None
        return False

    def _has(self, test: ast.expr) -> bool:
        """``hasattr(super(), "list")``, ``hasattr(self, "list")``."""
        match test:
            case ast.UnaryOp(ast.Not(), inner):
                return not self._has(inner)
            case ast.Call(ast.Name("hasattr"), [asked, ast.Constant(str(name))], []):
                if ast.unparse(asked) == self.me:
                    if name in self.found or name in self.known.methods or name in self.known.attributes:
                        return True
                    raise self._refused(test, "Segue does not see whether the view has that.")
                if ast.unparse(asked) == "super()":
                    return self._behind(name, test)
        raise self._refused(test, "Segue cannot tell what this comes to.")

    def _behind(self, name: str, test: ast.expr) -> bool:
        """Whether a class behind the one with ``__init__`` defines it."""
        mro = self.known.mro
        for base in mro[mro.index(self.owner) + 1 :]:
            known = self.endpoint.ctx.snapshot.classes.get(base)
            if f"{base}.{name}" in (
                *self.endpoint.ctx.snapshot.functions,
                self.known.methods.get(name, ""),
            ) or (known is not None and (name in known.methods or name in known.attributes)):
                return True
            if known is None and not base.startswith(("rest_framework.", "django.", "builtins.")):
                raise self._refused(test, "Segue does not see what stands behind the class.")
        return False

    def _refused(self, node: ast.AST, why: str) -> Refused:
        function = self.endpoint.ctx.snapshot.functions[self.endpoint.overridden(HOOK)]
        shown = ast.unparse(node).splitlines()[0]
        return self.endpoint.refuse("override-init", shown, why, function.where)


__all__ = ["HOOK", "replaced"]
