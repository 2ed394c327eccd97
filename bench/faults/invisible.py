"""Places where a fault of some kind provably changes nothing that a client or the database could see.

Such a fault is not seeded. Each rule looks at the generated code alone, never at what explore found, names no place,
and says why it holds; ``faults.md`` tells how many places each one took out.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable

Rule = Callable[["Code", ast.stmt, ast.AST], bool]


class Code:
    """The generated package: its top-level statements, and who mentions whom."""

    def __init__(self, trees: Iterable[ast.Module], operations: Iterable[str]) -> None:
        self.operations = frozenset(operations)  # names of the functions that answer requests
        self.statements: dict[str, list[ast.stmt]] = defaultdict(list)
        self.users: dict[str, list[ast.stmt]] = defaultdict(list)
        for tree in trees:
            for stmt in tree.body:
                self.statements[name_of(stmt)].append(stmt)
                for mentioned in {n.id for n in ast.walk(stmt) if isinstance(n, ast.Name)}:
                    if mentioned != name_of(stmt):
                        self.users[mentioned].append(stmt)

    def order_matters(self, stmt: ast.stmt, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a statement built here may be read for more than the one row that a key names, in its own order."""
        if any(_is_key(w) for w in ast.walk(stmt)) or self._cursor(stmt):
            return False
        name = name_of(stmt)
        if name in self.operations or name in seen or not self.users[name]:
            return True
        return any(self.order_matters(user, seen | {name}) for user in self.users[name])

    def _cursor(self, stmt: ast.stmt) -> bool:
        """Whether a statement's rows are paged by ``CursorPagination``, which puts its own order in place of any."""
        mentioned = {n.id for n in ast.walk(stmt) if isinstance(n, ast.Name)}
        return any(
            isinstance(s, ast.Assign)
            and isinstance(s.value, ast.Call)
            and ast.unparse(s.value.func) == "Cursor"
            for name in mentioned
            for s in self.statements[name]
        )


def name_of(stmt: ast.stmt) -> str:
    """The name that a top-level statement defines, '' where none."""
    if isinstance(stmt, ast.Assign):
        return ast.unparse(stmt.targets[0])
    if isinstance(stmt, ast.AnnAssign):
        return ast.unparse(stmt.target)
    return str(getattr(stmt, "name", ""))


def _is_key(node: ast.AST) -> bool:
    """``with key():`` guards a look-up by the key of the URL; what it finds is one row at most."""
    return isinstance(node, ast.With) and any(ast.unparse(i.context_expr) == "key()" for i in node.items)


def _ordered_for_nothing(code: Code, stmt: ast.stmt, node: ast.AST) -> bool:
    return not code.order_matters(stmt)


def _never_partial(code: Code, stmt: ast.stmt, node: ast.AST) -> bool:
    """The function hands on ``partial``, which no caller sets; or what it validates has no input that is required."""
    assert isinstance(node, ast.Call)
    if isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef) and any(
        a.arg == "partial" for a in (*stmt.args.args, *stmt.args.kwonlyargs)
    ):
        called = [
            k for user in code.users[stmt.name] for c in ast.walk(user)
            if isinstance(c, ast.Call) and ast.unparse(c.func) == stmt.name for k in c.keywords
        ]  # fmt: skip
        if not any(k.arg == "partial" for k in called):
            return True
    if _all_optional(code, node):
        return True
    return not any(_differing(s) for s in _schemas(code, node))


def _all_optional(code: Code, call: ast.Call) -> bool:
    """The call hands over the object that is changed (``instance=``), and the function that it calls then takes every
    input as optional: ``collect(…, optional=("title", …) if instance is not None else ())``."""
    if not any(k.arg == "instance" for k in call.keywords):
        return False
    for stmt in code.statements[ast.unparse(call.func)]:
        for inner in ast.walk(stmt):
            given = {k.arg: k.value for k in inner.keywords} if isinstance(inner, ast.Call) else {}
            optional = given.get("optional")
            if not (isinstance(inner, ast.Call) and isinstance(optional, ast.IfExp)):
                continue
            if ast.unparse(optional.test) != "instance is not None" or not isinstance(
                optional.body, ast.Tuple
            ):
                continue
            names = {e.value for e in optional.body.elts if isinstance(e, ast.Constant)}
            return all(not _differing(s) - names for s in _schemas(code, inner))
    return False


def _differing(stmt: ast.stmt) -> set[object]:
    """Names of the inputs that PUT and PATCH treat differently: all but "not given", where one without a value can be
    made optional; where the class inherits or has a default of another kind, more than can be named."""
    assert isinstance(stmt, ast.ClassDef)
    lines = [line for line in stmt.body if isinstance(line, ast.AnnAssign)]
    found: set[object] = {ast.unparse(line.target) for line in lines if line.value is None}
    if any(ast.unparse(b) != "WriteModel" for b in stmt.bases) or any(
        line.value is not None and ast.unparse(line.value) != "UNSET" for line in lines
    ):
        found.add(stmt)
    return found


def _schemas(code: Code, call: ast.Call) -> list[ast.stmt]:
    """The input classes that a call with ``partial`` reads by: named in it, or in the function that it calls."""
    name = ast.unparse(call.func).partition(".")[0]
    found = code.statements[name]
    if any(isinstance(s, ast.ClassDef) for s in found):
        return found
    mentioned = {n.id for s in found for n in ast.walk(s) if isinstance(n, ast.Name)}
    return [s for m in mentioned for s in code.statements[m] if isinstance(s, ast.ClassDef) and _is_input(s)]


def _is_input(stmt: ast.ClassDef) -> bool:
    return "WriteModel" in [ast.unparse(b) for b in stmt.bases]


def _untold(code: Code, stmt: ast.stmt, node: ast.AST) -> bool:
    """A text of ``Resource(…, options=False)``: only OPTIONS tells it, which such a URL leaves to Django."""
    for call in ast.walk(stmt):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Resource":
            given = {k.arg: k.value for k in call.keywords}
            left = "options" in given and ast.unparse(given["options"]) == "False"
            if left and any(given.get(n) is node for n in ("name", "description")):
                return True
    return False


def _documented(code: Code, stmt: ast.stmt, node: ast.AST) -> bool:
    """A text of a parameter's description: only the OpenAPI document has it, which answers no request of the API."""
    return _untold(code, stmt, node) or any(
        isinstance(c, ast.Call) and ast.unparse(c.func) in ("query", "path") and node in c.args
        for c in ast.walk(stmt)
    )


def _hands_on(code: Code, stmt: ast.stmt, node: ast.AST) -> bool:
    """``Resource(…, render=f)`` where ``f`` only gives its data to the JSON renderer: the same JSON, other white space."""
    for call in (c for c in ast.walk(stmt) if isinstance(c, ast.Call) and ast.unparse(c.func) == "Resource"):
        for render in (k.value for k in call.keywords if k.arg == "render"):
            found = code.statements[ast.unparse(render)]
            return bool(found) and all(_plain(f) for f in found)
    return False


def _plain(stmt: ast.stmt) -> bool:
    if not isinstance(stmt, ast.FunctionDef) or any(isinstance(n, ast.If | ast.Try) for n in ast.walk(stmt)):
        return False
    if any(isinstance(n, ast.Dict | ast.List | ast.BinOp | ast.Subscript) for n in ast.walk(stmt)):
        return False
    calls = {ast.unparse(n.func) for n in ast.walk(stmt) if isinstance(n, ast.Call)}
    return calls <= {"call.settings.renderer.render", "bytes"}


def _uncaught(code: Code, stmt: ast.stmt, node: ast.AST) -> bool:
    """The model's name in a ``DoesNotExist`` that no handler around it keeps: it ends up in the log of a 500."""
    if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "only"):
        return False
    caught = any(
        isinstance(t, ast.Try)
        and any(h.name for h in t.handlers)
        and node in ast.walk(ast.Module(t.body, []))
        for t in ast.walk(stmt)
    )
    return not caught


RULES: dict[str, tuple[str, Rule]] = {
    "order dropped": ("the statement is only read for the one row of a key, or a cursor's pages put their own order", _ordered_for_nothing),
    "order turned round": ("the statement is only read for the one row of a key, or a cursor's pages put their own order", _ordered_for_nothing),
    "partial forgotten": ("nobody asks for a partial update, or all inputs are optional, so that PUT and PATCH are alike", _never_partial),
    "other text": ("the text is told by OPTIONS only, which the URL leaves to Django, or by the OpenAPI document only", _documented),
    "header: renderer lost": ("the renderer hands its data to the JSON renderer; answers are compared as JSON", _hands_on),
    "code: error names another model": ("nothing catches the error: its text is in the log of a 500 only", _uncaught),
}  # fmt: skip


def _loaded_before(code: Code, stmt: ast.stmt, node: ast.AST) -> bool:
    """The node is in a branch for objects whose relation is not loaded (``if not is_loaded(book, "category"):``), and
    every caller has its object from a query by key that loads the relation: nothing enters it."""
    for test in ast.walk(stmt):
        if not isinstance(test, ast.If):
            continue
        relation = _missing_relation(test.test)
        if relation and any(node in ast.walk(line) for line in test.body):
            users = code.users[name_of(stmt)]
            return bool(users) and all(_loads(code, user, relation) for user in users)
    return False


def _missing_relation(test: ast.expr) -> str:
    for part in test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]:
        negated = part.operand if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not) else None
        if isinstance(negated, ast.Call) and ast.unparse(negated.func) == "is_loaded":
            return str(ast.literal_eval(negated.args[1]))
    return ""


def _loads(code: Code, user: ast.stmt, relation: str) -> bool:
    """Whether ``user`` looks its object up by a key, with a function that loads ``relation`` of each object."""
    if not any(_is_key(w) for w in ast.walk(user)):
        return False
    reading = {
        n.id
        for n in ast.walk(user)
        if isinstance(n, ast.Name) and "_entities" in n.id and code.statements[n.id]
    }
    return bool(reading) and all(
        any(_gives(c, relation) for s in code.statements[name] for c in ast.walk(s)) for name in reading
    )


def _gives(node: ast.AST, relation: str) -> bool:
    """A call ``Book.loaded({…, "category": …})``, with that key."""
    if not (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "loaded"
    ):
        return False
    return any(
        isinstance(k, ast.Constant) and k.value == relation
        for given in node.args if isinstance(given, ast.Dict) for k in given.keys
    )  # fmt: skip


_NEVER_ENTERED = "in a branch for objects whose relation is not loaded, which every caller has loaded"


def _never_true(code: Code, stmt: ast.stmt, node: ast.AST) -> bool:
    """The test of such a branch: it is false already."""
    return isinstance(node, ast.If) and _loaded_before(code, stmt, node.body[0])


def reason(kind: str, code: Code, stmt: ast.stmt, node: ast.AST) -> str:
    """Why a fault of ``kind`` at ``node`` of ``stmt`` cannot be seen; '' where it can, as far as the rules know."""
    if _loaded_before(code, stmt, node) or (
        kind == "condition always false" and _never_true(code, stmt, node)
    ):
        return _NEVER_ENTERED
    why, rule = RULES.get(kind, ("", None))
    return why if rule is not None and rule(code, stmt, node) else ""
