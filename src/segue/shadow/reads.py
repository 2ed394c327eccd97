"""Which operations may be asked once more on the shared database: those whose code is known to read only.

What generated code does is what Django does, so the code of the operation answers for both sides. Everything in it has to be
known as reading; one statement that is not refuses the operation. What ``segue verify explore`` saw an operation write refuses it
as well, whatever its code looks like.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from segue.ledger import Entry, closure
from segue.snapshot.model import Snapshot

# Methods of segue_bridge.db.session.Session that read, or only mark where a transaction begins.
_READS = frozenset({"all", "first", "scalar", "get", "entities", "refresh", "primary", "atomic"})
# Modules of the library that read or compute, by the beginnings of their names.
_QUIET = (
    "segue_bridge.auth.backend", "segue_bridge.auth.cookies", "segue_bridge.auth.crypto", "segue_bridge.auth.csrf", "segue_bridge.auth.guardian",
    "segue_bridge.auth.jwt", "segue_bridge.auth.oauth2", "segue_bridge.auth.passwords", "segue_bridge.auth.permissions", "segue_bridge.auth.session_settings",
    "segue_bridge.auth.stores", "segue_bridge.auth.users", "segue_bridge.auth.who", "segue_bridge.countries", "segue_bridge.db.base", "segue_bridge.db.countries", "segue_bridge.db.phones", "segue_bridge.db.coerce",
    "segue_bridge.db.combined", "segue_bridge.db.compiled", "segue_bridge.db.content_types", "segue_bridge.db.database", "segue_bridge.db.dates",
    "segue_bridge.db.errors", "segue_bridge.db.following", "segue_bridge.db.functions", "segue_bridge.db.json_keys", "segue_bridge.db.polymorphic",
    "segue_bridge.db.pool", "segue_bridge.db.postgres", "segue_bridge.db.query", "segue_bridge.db.ranges", "segue_bridge.db.reads",
    "segue_bridge.db.references", "segue_bridge.db.rereading", "segue_bridge.db.selecting", "segue_bridge.db.session", "segue_bridge.db.totals",
    "segue_bridge.db.truncation", "segue_bridge.db.types", "segue_bridge.errors", "segue_bridge.filters", "segue_bridge.formats",
    "segue_bridge.http.call", "segue_bridge.http.dates", "segue_bridge.http.downloads", "segue_bridge.http.handover", "segue_bridge.http.language",
    "segue_bridge.http.links", "segue_bridge.http.lookup", "segue_bridge.http.media", "segue_bridge.http.metadata", "segue_bridge.http.negotiation",
    "segue_bridge.http.pages", "segue_bridge.http.parameters", "segue_bridge.http.plain", "segue_bridge.http.query", "segue_bridge.http.render",
    "segue_bridge.http.replies", "segue_bridge.http.resource", "segue_bridge.http.responses", "segue_bridge.http.router", "segue_bridge.http.streams",
    "segue_bridge.http.urls", "segue_bridge.http.versioning", "segue_bridge.localized", "segue_bridge.money", "segue_bridge.pagination", "segue_bridge.phones", "segue_bridge.schema",
    "segue_bridge.storage", "segue_bridge.templates", "segue_bridge.text", "segue_bridge.translation", "segue_bridge.zone",
)  # fmt: skip
_WORDS = (
    ("segue_bridge.mail", "it sends mail"),
    ("segue_bridge.task", "it sends tasks"),
    ("segue_bridge.cache", "it writes into the shared cache"),
    ("segue_bridge.outbox", "it writes messages into the outbox"),
    ("segue_bridge.auth.throttles", "a rate limit counts its requests"),
    ("segue_bridge.auth.knox", "authentication may renew or delete the token (knox)"),
    ("segue_bridge.auth.api_keys", "authentication may write to the API key"),
    ("segue_bridge.auth.own", "authentication of the project's own may write"),
    ("segue_bridge.http.login", "it logs somebody in or out"),
    ("segue_bridge.db", "it writes rows"),
)
# Third-party and standard modules that reach nothing outside of the process.
_PURE = frozenset(
    {
        "__future__", "abc", "base64", "bisect", "calendar", "collections", "contextlib", "copy", "csv", "dataclasses", "datetime", "decimal", "difflib",
        "enum", "fastapi", "fractions", "functools", "hashlib", "heapq", "hmac", "html", "inspect", "io", "ipaddress", "itertools", "json", "logging", "math", "mimetypes",
        "operator", "pydantic", "pydantic_settings", "random", "re", "secrets", "sqlalchemy", "starlette", "statistics", "string", "textwrap", "time", "types",
        "typing", "typing_extensions", "unicodedata", "urllib", "uuid", "warnings", "zlib", "zoneinfo",
    }
)  # fmt: skip
_STATEMENTS = frozenset(
    {"insert", "update", "delete", "text", "Insert", "Update", "Delete", "literal_column", "DDL", "Sequence", "create_engine", "sessionmaker"}
)  # fmt: skip
# Parts of SQLAlchemy by which such a statement goes under another name (``postgresql.insert``), or that hold connections of their own.
_UNNAMED = frozenset(
    {"sqlalchemy.sql", "sqlalchemy.dml", "sqlalchemy.schema", "sqlalchemy.event", "sqlalchemy.engine", "sqlalchemy.ext.asyncio", "sqlalchemy.orm.Session"}
)  # fmt: skip
# Methods of the same session that write, by whatever name it goes.
_WRITES = frozenset(
    {
        "execute", "insert", "insert_all", "update", "update_all", "get_or_create", "update_or_create", "delete_all", "delete_matching",
        "assign", "remove", "revoke", "revoke_all",
    }
)  # fmt: skip
_MODULES = frozenset({"sqlalchemy", "sa", "postgresql", "mysql", "sqlite", "dml", "sql"})
_LOCKS = frozenset({"with_for_update"})
_OPENS = frozenset({"io.open", "io.FileIO", "urllib.request.urlopen", "urllib.request.urlretrieve"})
_OUTSIDE = frozenset({"open", "exec", "eval", "__import__"})
# Methods of whatever object: files, sessions, caches, clients.
_ACTS = frozenset(
    {
        "save", "delete", "send", "send_all", "notify", "apply", "delay", "on_commit", "flush", "cycle_key", "set_expiry", "touch", "incr", "decr", "unlink",
        "write_text", "write_bytes", "mkdir", "nextval", "setval", "set_config", "pg_notify",
    }
)  # fmt: skip


def refusals(
    entries: Mapping[str, Entry],
    snapshot: Snapshot,
    output: Path,
    package: str,
    accepted: tuple[str, ...] = (),
    seen: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Why an operation of ``entries`` must not be repeated, by key; '' where it may.

    ``accepted`` are middleware classes that ``segue.toml`` vouches for: of their effects nobody but a run of explore knows. ``seen`` is what that
    run saw operations do (:func:`seen_effects`); operations that it did not run are not in it.
    """
    seen = seen or {}
    texts = closure.read(output, package)
    everywhere = _of_all(texts.get(f"{package}.main", ""), snapshot)
    out, look = dict[str, str](), dict[str, str]()
    for key, entry in entries.items():
        if not entry.native:
            out[key] = "it is not translated"
        elif entry.method != "GET":
            out[key] = f"it is no read ({entry.method})"
        elif seen.get(key):
            out[key] = f"`segue verify explore` saw it {seen[key]}"
        elif accepted and key not in seen:
            out[key] = (
                f"what {accepted[0]} writes is not known (accepted_middleware); run `segue verify explore`, which sees it"
            )
        elif everywhere:
            out[key] = everywhere
        else:
            look[key] = entry.function
    why = _of_code(texts, package, set(look.values()))
    return out | {key: why[function] for key, function in look.items()}


def seen_effects(file: Path, snapshot: str) -> dict[str, str]:
    """What the last explore saw each operation do besides answering, from ``.segue/evidence/explore.json``: ``write shop_view`` or ''.

    Empty without such a file, or with one that an earlier version wrote. A run on another snapshot than the one with the digest ``snapshot`` still
    says what writes, and no longer what does not.
    """
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        operations, today = data["operations"], data.get("about", {}).get("snapshot") == snapshot
        found = {
            str(o["operation"]): ", ".join(_effect(e) for e in o["effects"])
            for o in operations
            if "effects" in o and o["cases"]
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {key: what for key, what in found.items() if what or today}


def _effect(name: str) -> str:
    return f"have effects {name}" if name.startswith("(") else f"write {name}"


def _of_all(main: str, snapshot: Snapshot) -> str:
    """What every request of the service does."""
    value = snapshot.settings.values.get("SESSION_SAVE_EVERY_REQUEST")
    if value is not None and value.data:
        return "every request writes its session (SESSION_SAVE_EVERY_REQUEST)"
    tree = ast.parse(main)
    known = {
        alias.asname or alias.name
        for stmt in tree.body
        if isinstance(stmt, ast.ImportFrom)
        and (stmt.module or "").startswith(("segue_bridge.", "starlette."))
        for alias in stmt.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if name == "add_middleware" and not (node.args and ast.unparse(node.args[0]) in known):
                what = ast.unparse(node.args[0]) if node.args else "a middleware"
                return f"what {what} in main.py does is not known"
            if name == "middleware":
                return "what the middleware in main.py does is not known"
    return ""


def _of_code(texts: Mapping[str, str], package: str, functions: set[str]) -> dict[str, str]:
    try:
        code = closure.alone(texts, package, functions)
    except (SyntaxError, ValueError):
        return dict.fromkeys(functions, "its code cannot be read")
    judged: dict[tuple[str, int | str], str] = {}  # operations share much of their code
    out = dict.fromkeys(functions, "")
    for function, statements in code.items():
        if statements is None:
            out[function] = "its code cannot be followed (names looked up by text)"
            continue
        for module, stmt in statements:
            # An import is made anew for each name of it, and has no line.
            at = (module, getattr(stmt, "lineno", 0) or ast.unparse(stmt))
            if at not in judged:
                judged[at] = _judged(module, stmt, package)
            if judged[at]:
                out[function] = judged[at]
                break
    return out


def _judged(module: str, stmt: ast.stmt, package: str) -> str:
    for line, why in _reasons(stmt, package):
        return f"{why} ({module.replace('.', '/')}.py{f':{line}' if line else ''})"
    return ""


def _reasons(stmt: ast.stmt, package: str) -> Iterator[tuple[int, str]]:
    """Line and why; the line is 0 for an import, which is made anew for each of its names."""
    if isinstance(stmt, ast.Import | ast.ImportFrom):
        yield from ((0, why) for why in _imported(stmt, package))
        return
    for node in ast.walk(stmt):
        yield from ((getattr(node, "lineno", 0), why) for why in _of_node(node))


def _of_node(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        yield from _called(node)
    elif (
        isinstance(node, ast.Await)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr in _WRITES
    ):
        yield f"it writes rows ({ast.unparse(node.value.func)})"
    elif isinstance(node, ast.Attribute) and node.attr == "limits":
        yield "a rate limit counts its requests"
    elif isinstance(node, ast.Attribute) and node.attr == "open_session":
        yield "it works with the session, which it may change"
    elif isinstance(node, ast.Subscript | ast.Attribute) and _sets_session(node):
        yield "it changes the session"


def _is_session(node: ast.AST) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "session") or (
        isinstance(node, ast.Name) and node.id == "session"
    )


def _sets_session(node: ast.Subscript | ast.Attribute) -> bool:
    stored = not isinstance(node.ctx, ast.Load)
    return stored and any(_is_session(n) for n in ast.walk(node.value))


def _imported(stmt: ast.Import | ast.ImportFrom, package: str) -> Iterator[str]:
    if isinstance(stmt, ast.ImportFrom):
        if stmt.level or (stmt.module or "").partition(".")[0] == package:
            return
        names = [f"{stmt.module}.{alias.name}" for alias in stmt.names]
    else:
        names = [alias.name for alias in stmt.names]
    for name in names:
        root, _, rest = name.partition(".")
        if root == "segue_bridge":
            if not any(name == quiet or name.startswith(f"{quiet}.") for quiet in _QUIET):
                yield next(
                    (why for start, why in _WORDS if name.startswith(start)),
                    f"of {name} it is not known that it only reads",
                )
        elif root == "sqlalchemy" and name.rpartition(".")[2] in _STATEMENTS:
            yield f"it writes rows ({name})"
        elif root not in _PURE or name.startswith(("urllib.request", "io.open", "io.File", *_UNNAMED)):
            yield f"of {name} it is not known that it only reads" if rest or root != package else ""


def _called(node: ast.Call) -> Iterator[str]:
    function = node.func
    if isinstance(function, ast.Name):
        if function.id in _OUTSIDE:
            yield f"it calls {function.id}()"
        if function.id == "Resource" and _given(node, "throttles"):
            yield "a rate limit counts its requests"
        if function.id == "SessionSettings" and _given(node, "save_every_request"):
            yield "every request writes its session"
    elif isinstance(function, ast.Attribute):
        base = function.value
        if ast.unparse(function) in _OPENS:
            yield f"it calls {ast.unparse(function)}()"
        if _makes_statement(node, function):
            yield f"it writes rows ({ast.unparse(function)})"
        of_database = (isinstance(base, ast.Name) and base.id == "db") or (
            isinstance(base, ast.Attribute) and base.attr == "db"
        )
        if of_database and function.attr not in _READS:
            yield f"it writes rows ({ast.unparse(function)})"
        elif not of_database and function.attr in _ACTS:
            yield f"of .{function.attr}() it is not known that it only reads"
        elif function.attr in _LOCKS or _given(node, "for_update"):
            yield "it locks rows"
        elif _is_session(base) and function.attr != "get":
            yield "it may change the session"


def _makes_statement(node: ast.Call, function: ast.Attribute) -> bool:
    """``postgresql.insert(Book)``, ``sa.update(Book)``, ``Book.__table__.insert()``; not ``list.insert(0, x)`` nor ``dict.update(x)``."""
    if function.attr == "insert":
        return len(node.args) != 2 or any(k.arg for k in node.keywords)
    by_name = isinstance(function.value, ast.Name) and function.value.id in _MODULES
    of_table = isinstance(function.value, ast.Attribute) and function.value.attr == "__table__"
    return function.attr in _STATEMENTS and (by_name or of_table)


def _given(call: ast.Call, name: str) -> bool:
    """Whether a keyword is given, and not as an empty tuple, False or None."""
    value = next((k.value for k in call.keywords if k.arg == name), None)
    empty = isinstance(value, ast.Tuple) and not value.elts
    return value is not None and not empty and not (isinstance(value, ast.Constant) and not value.value)
