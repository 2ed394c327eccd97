"""``except Exception`` around code that fails alike on both sides: it sends mails, asks other servers, and computes.

What else generated code does (rows, the database, what Django loads when it is read) raises errors of its own, and ``Unserved``, which
no handler of the project's may take.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from segue.translate.context import Context
from segue.translate.functions.record import by_token, records
from segue.translate.rules.exception_text import FUNCTIONS, METHODS
from segue.translate.rules.libraries import direct

_CALLED = re.compile(
    r"(MAIL\.(send|send_all|notify)|Message|run_in_threadpool|requests\.Session|httpx\.Client|not_none|call\.reply|verified)\Z"
)
_ASKED = frozenset({"json", "raise_for_status", "attach", "attach_alternative", "update", "close"})
_LOGGED = re.compile(r"logging(\.getLogger\([^()]*\))?(\.(debug|info|warning|error|exception|critical))?\Z")

_SAVES = "(rows are saved)"
_READS = "(rows are read)"
_MAKES = "(rows are made)"
_ASKS = re.compile(r"exists|count|segue__rows_\d+__")
_OF_ROWS = frozenset({"only", "or_none", "item"})
_ERRORS = frozenset(
    {"APIException", "ValidationError", "ParseError", "PermissionDenied", "NotFound", "NotAuthenticated"}
)


def fails_alike(ctx: Context, lines: list[str], *, raises: bool = False) -> bool:
    """Whether ``lines``, and the functions that they call, raise on both sides or on none.

    ``raises``: the handler ends with another error. Rows may be saved then, as what the database says against that is an error on
    both sides, and nothing goes on in a transaction that has failed.
    """
    return _alike(ctx, lines, {_SAVES} if raises else set())


def reads_alike(ctx: Context, lines: list[str]) -> bool:
    """The same of code that asks the database for rows besides, where a handler before lets go on what only the service raises.

    A statement that the database refuses, a connection that is lost and a row that is not there are errors on both sides.
    """
    return _alike(ctx, lines, {_READS})


def writes_alike(ctx: Context, lines: list[str]) -> bool:
    """The same of code that makes or changes rows outside of any transaction, where nothing comes of a statement that has failed: middleware,
    behind the view."""
    return _alike(ctx, lines, {_READS, _MAKES})


def _alike(ctx: Context, lines: list[str], seen: set[str]) -> bool:
    try:
        tree = ast.parse("async def body():\n" + "\n".join(f"    {line}" for line in lines or ["pass"]))
    except SyntaxError:
        return False
    return all(_node(ctx, node, seen) for node in _walked(tree, seen))


def _walked(tree: ast.AST, seen: set[str]) -> Iterator[ast.AST]:
    """All nodes, but for what a statement that is asked is made of."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        if not (_READS in seen and _asks(node)) and not (_MAKES in seen and _updates(node)):
            todo.extend(ast.iter_child_nodes(node))


def _asks(node: ast.AST) -> bool:
    """``exists(db, statement)``, ``count(…)`` and loaders of rows, of a statement for which nothing else is run."""
    match node:
        case ast.Call(ast.Name(asked), given, []) if _ASKS.fullmatch(asked):
            inner = [n for one in given for n in ast.walk(one)]
            return not any(isinstance(n, ast.Await) or "segue__fn_" in getattr(n, "id", "") for n in inner)
    return False


def _node(ctx: Context, node: ast.AST, seen: set[str]) -> bool:
    match node:
        case ast.Await(value=call) if _SAVES in seen and _is_save(call):
            return True
        case ast.Await(value=call) if _MAKES in seen and (_makes(call) or _updates(call)):
            return True
        case ast.Await(value=ast.Call(func=func)):
            # Judged as the call that it waits for. Plain data waits for nobody: a ``get`` that waits is that of a cache,
            # which raises errors of its own (``NotPlain``) for what only Django's process can read.
            plain = isinstance(func, ast.Attribute) and func.attr in METHODS | _ASKED
            return not plain or bool(_CALLED.match(ast.unparse(func)))
        case (
            ast.Await()
            | ast.AsyncFor()
            | ast.AsyncWith()
            | ast.With()
            | ast.Try()
            | ast.Yield()
            | ast.YieldFrom()
        ):
            return False
        case ast.Raise(exc=ast.Call(func=ast.Name(id="Unserved"))):
            return False
        case ast.comprehension(is_async=1):
            return False
        case ast.Call():
            return _call(ctx, node, seen)
    return True


def _is_save(node: ast.expr) -> bool:
    """``db.save(row)``: one row that is at hand, with nothing that listens."""
    match node:
        case ast.Call(ast.Attribute(ast.Name("db"), "save"), [ast.Name(), *names], []):
            return all(isinstance(n, ast.Constant) for n in names)
    return False


def _makes(node: ast.expr) -> bool:
    """``db.insert(row)`` and ``db.save(row, …)`` of a row that is at hand."""
    match node:
        case ast.Call(
            ast.Attribute(owner, "insert" | "save" | "update"), [ast.Name() | ast.Attribute(), *names], []
        ):
            return _is_session(owner) and all(isinstance(n, ast.Constant) for n in names)
    return False


def _updates(node: ast.AST) -> bool:
    """``db.execute(update(Row)…)`` of values for which nothing else is run."""
    match node:
        case ast.Call(ast.Attribute(owner, "execute"), [statement], []) if _is_session(owner):
            inner = list(ast.walk(statement))
            return not any(isinstance(n, ast.Await) or "segue__fn_" in getattr(n, "id", "") for n in inner)
    return False


def _is_session(owner: ast.expr) -> bool:
    return ast.unparse(owner) in ("db", "call.db")


def _is_plain(ctx: Context, node: ast.Call) -> bool:
    """What computes the values of a row: its class, who it was, where the request went to."""
    text = ast.unparse(node.func)
    return text in ("is_authenticated", "full_path", "zone.now", "uuid4") or any(
        m.cls.rpartition(".")[2] == text for m in ctx.snapshot.models.values()
    )


def _call(ctx: Context, node: ast.Call, seen: set[str]) -> bool:
    if _SAVES in seen and _is_save(node):
        return True
    if _MAKES in seen and (_makes(node) or _updates(node) or _is_plain(ctx, node)):
        return True
    if _READS in seen and (_asks(node) or ast.unparse(node.func) in _OF_ROWS):
        return True
    if ast.unparse(node.func) == "map" and ast.unparse(node.args[0]) in ("str", "int", "float"):
        return True
    text = ast.unparse(node.func)
    if text in _ERRORS:
        return True  # raising it is what it is made for
    if _CALLED.match(text) or _LOGGED.match(text) or text in FUNCTIONS or text in direct(ctx):
        return True
    if isinstance(node.func, ast.Attribute):
        # A row of the database has no methods of these names; the session's are awaited.
        return node.func.attr in METHODS | _ASKED and not re.search(
            r"\b(db|session)$", ast.unparse(node.func.value)
        )
    record = by_token(ctx).get(text)
    if record is None:
        return False
    if text in seen:
        return True
    seen.add(text)
    return _alike(ctx, record.lines, seen)


def texts_alike(ctx: Context, lines: list[str]) -> bool:
    """Whether what :func:`fails_alike` also has the same text: Python's, smtplib's and the libraries' own."""
    called = [r.lines for r in records(ctx) if any(r.token in line for line in lines)]
    text = "\n".join(["\n".join(lines), *("\n".join(one) for one in called)])
    return not re.search(r"\bnot_none\(|\braise\b|segue__fn_", text)
