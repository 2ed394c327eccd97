"""The translation of one function body: bindings, output lines, free state."""

from __future__ import annotations

import ast
import contextlib
import keyword
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from segue.refusal import Refused, refuse
from segue.snapshot.model import Function, Where
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.interp.carried import REQUEST_AUTH, on_request
from segue.translate.interp.comments import Comments
from segue.translate.interp.scope import STATE, Scope, StateName
from segue.translate.interp.since import aged
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Instance, Kind, RelatedManager, Scalar, StoredFile, Unknown
from segue.translate.rules import registry

# Builtins that generated code calls: a filter may have such a name, and lines that are still to come need the builtin.
_BUILTINS = frozenset(
    {"abs", "all", "any", "bool", "bytes", "dict", "enumerate", "filter", "float", "frozenset", "getattr", "hasattr", "int",
     "isinstance", "issubclass", "iter", "len", "list", "map", "max", "min", "next", "open", "print", "range", "repr", "reversed",
     "round", "set", "setattr", "sorted", "str", "sum", "tuple", "type", "zip"}
)  # fmt: skip
# Names of helpers that generated code imports often; a local of that name would hide them.
HELPERS = frozenset(
    {"rows", "count", "exists", "keys", "only", "item", "related", "missing", "present", "select", "func", "found", "key",
     "search", "ordering", "settings", "and_", "or_", "not_", "aliased"}
)  # fmt: skip


class RenameNeeded(Exception):
    """A local of the legacy function has the name of a state parameter: translate again, renamed."""

    def __init__(self, local: str) -> None:
        super().__init__(local)
        self.local = local


@dataclass(slots=True)
class Parameter:
    """A parameter of the generated function; ``annotation`` is asked when it is rendered.

    ``legacy`` is the parameter of the legacy function that it stands for; empty for state.
    """

    name: str
    annotation: Callable[[], str]
    default: str = ""
    legacy: str = ""


# Keys of ``Frame.env`` for what code has put on ``self``: dropped where a branch has not.
KEPT = "#self."
# And for what it has put on the request, by the name of the parameter of what reads it.
PUT = "#request."


@dataclass(slots=True)
class Frame:
    """State of the interpreter inside one legacy function.

    ``app`` is the app label whose modules receive what is emitted on the way. ``owner`` is the
    class that defines the function (for ``super()``), ``receiver`` what ``self`` is.
    ``env`` maps legacy local names to values, ``facts`` generated expression texts to narrowed kinds.
    ``wish``: the local that is being assigned, and the expression. ``torn`` are the lines of ``if`` statements whose
    branches leave different things behind, ``splits`` those that are drawn out (:mod:`segue.translate.interp.split`). ``undecided`` are locals whose
    value would have to be known, ``decided`` those that are in both branches of an ``if`` (:mod:`segue.translate.interp.decide`).
    ``hidden`` is the local set of the fields that a serializer does not show, ``hideable`` what may be in it and
    ``checked_fields`` what was looked for in ``self.fields`` before. ``taken`` are the keys that a dict has lost
    for certain, as (code of the dict, key). ``facts_loops`` are the unrolled loops over what is known of a class
    around the statement: locals that say something of one round are not written down. ``loops`` are those around the statement,
    ``given`` names the locals that hold extra state here, ``context_locals`` those that hold entries of a context which it makes,
    ``exits`` what is on ``self`` where the function returns;
    ``selected`` tells which local holds the rows that a view's look-up chose (where it stands: the lines, and how many there were).
    ``causes`` are the names of caught exceptions that another was raised from. ``around`` are the lines before the blocks that the statement stands in, ``captured``: how many of these are kept apart, ``apart`` the ``no_hoist`` at which the innermost began,
    ``sure`` how many of them do not decide whether what is after them runs without it (``try`` whose handlers all leave). ``changes_user``: what the code so far may have done to who asks (``in``, ``out``).
    ``on_view``: the attributes that it has put on the view. ``state_local``: the local that holds what is kept with the request
    (:mod:`segue.translate.rules.request_state`), ``keeps_state`` whether there can be one; ``replaces_user``: whether the code so far may
    have set ``request.user``; ``ends``: the keys of ``env`` wherever the function ends.
    ``bottoms`` the places where a round of the outermost takes something out of what nothing was put into yet.
    ``parameters`` are the kinds of the legacy parameters, ``outgrown`` those of them that have become another local.
    ``saving`` are the saves that are begun: the model, and what its ``save`` reads again afterwards.
    ``put_items`` are the kinds of the keys and values that were put into dicts, by the generated local.
    ``writing`` are the lines of loops around the statement whose earlier rounds may have written something, ``passed`` those of blocks
    in which it was looked whether something had (:mod:`segue.translate.interp.since`).
    ``left`` are, for each loop around the statement, the bindings at each ``break`` and ``continue`` of the round in hand.
    ``same_sets`` are pairs of locals that may hold one queryset, ``evaluated`` the locals whose querysets were evaluated, one after another, and ``gives_read`` whether
    a queryset that the function gives back may have been (:mod:`segue.translate.interp.kept_rows`), ``gives_held`` whether a local has held it.
    """

    ctx: Context
    function: Function
    app: str
    scope: Scope | None = None
    receiver: Val | None = None
    owner: str = ""
    hint: str = ""
    shape: object = None
    env: dict[str, Val] = field(default_factory=dict)
    facts: dict[str, Kind] = field(default_factory=dict)
    wish: tuple[str, ast.expr] | None = None
    lines: list[str] = field(default_factory=list)
    imports: set[Import] = field(default_factory=set)
    state_used: dict[str, Parameter] = field(default_factory=dict)
    url_arguments: dict[str, Kind] = field(default_factory=dict)
    returns: list[Kind] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)
    context_locals: set[str] = field(default_factory=set)
    exits: list[dict[str, Kind]] = field(default_factory=list)
    renames: dict[str, str] = field(default_factory=dict)
    torn: list[int] = field(default_factory=list)
    splits: tuple[int, ...] = ()
    saving: list[tuple[str, tuple[Val, ...]]] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    decided: tuple[str, ...] = ()
    hidden: str = ""
    hideable: tuple[str, ...] = ()
    loops: int = 0
    selected: tuple[Val, list[str], int] | None = None
    bottoms: list[ast.AST] = field(default_factory=list)
    checked_fields: set[str] = field(default_factory=set)
    taken: set[tuple[str, str]] = field(default_factory=set)
    parameters: dict[str, Kind] = field(default_factory=dict)
    outgrown: set[str] = field(default_factory=set)
    put_items: dict[str, list[tuple[Kind, Kind]]] = field(default_factory=dict)
    facts_loops: int = 0
    locals_seen: set[str] = field(default_factory=set)
    is_async: bool = False
    alive: bool = True
    in_atomic: int = 0
    no_hoist: int = 0
    counter: int = 0
    comments: Comments = field(default_factory=Comments)
    changes_user: set[str] = field(default_factory=set)
    on_view: set[str] = field(default_factory=set)
    state_local: str = ""
    keeps_state: bool = False
    replaces_user: bool = False
    ends: list[frozenset[str]] = field(default_factory=list)
    captured: int = 0
    causes: list[ast.expr] = field(default_factory=list)
    around: list[list[str]] = field(default_factory=list)
    apart: int = 0
    sure: int = 0
    writing: list[list[str]] = field(default_factory=list)
    passed: list[list[str]] = field(default_factory=list)
    same_sets: set[frozenset[str]] = field(default_factory=set)
    evaluated: list[str] = field(default_factory=list)
    left: list[list[dict[str, Val]]] = field(default_factory=list)
    gives_read: bool = False
    gives_held: bool = False
    source_file: str = ""

    # places and refusals ---------------------------------------------------------------

    def where(self, node: ast.AST | None = None) -> Where:
        """Place of ``node`` in the legacy source."""
        line = getattr(node, "lineno", 1) or 1
        return Where(self.function.where.file, self.function.where.line + line - 1)

    def refuse(self, code: str, construct: str, why: str, node: ast.AST | None = None) -> Refused:
        """A :class:`Refused` to raise, placed at ``node``."""
        return refuse(code, construct, why, self.where(node))

    # dispatch --------------------------------------------------------------------------

    def eval(self, node: ast.expr) -> Val:
        """Interpret an expression."""
        rule = registry.expressions.get(type(node))
        if rule is None:
            raise self.refuse(
                "expression", type(node).__name__, "Segue has no rule for this expression.", node
            )
        value = rule(self, node)
        if self.facts and value.node is not None and not isinstance(value.node, ast.Constant):
            fact = self.facts.get(value.text)
            # ``document.name`` has the code of ``document``, and ``author.books`` that of ``author``, of which there is a fact.
            of_owner = isinstance(value.kind, RelatedManager) or (
                isinstance(fact, StoredFile) and isinstance(value.kind, Scalar)
            )
            if fact is not None and not of_owner:
                value = Val(fact, value.node)
        return aged(self, node, value)

    def run(self, body: Sequence[ast.stmt]) -> None:
        """Interpret statements in order; what follows a ``return`` or ``raise`` is dropped."""
        for stmt in body:
            if not self.alive:
                self.comments.skip(stmt)
                continue
            rule = registry.statements.get(type(stmt))
            if rule is None:
                raise self.refuse(
                    "statement", type(stmt).__name__, "Segue has no rule for this statement.", stmt
                )
            for line in self.comments.before(stmt):
                self.emit(line)
            at = len(self.lines)
            rule(self, stmt)
            trailing = self.comments.trailing(stmt)
            if trailing and len(self.lines) == at + 1:
                self.lines[-1] += f"  {trailing}"
            elif trailing and len(self.lines) > at:
                self.lines.insert(at, trailing)

    def bottom(self, kind: Kind, at: ast.AST) -> bool:
        """Whether ``kind`` is what an empty list or dict holds, inside a loop whose next round knows what was put in."""
        if not (isinstance(kind, Unknown) and kind.why == "empty" and self.loops):
            return False
        self.bottoms.append(at)
        return True

    # output ----------------------------------------------------------------------------

    def emit(self, text: str) -> None:
        """Append one statement. Raises ``Refused`` inside of an expression that may never come to it."""
        self._refuse_inside(text)
        self.lines.extend(text.split("\n"))

    def _refuse_inside(self, text: str) -> None:
        if self.no_hoist > self.apart:
            raise self.refuse(
                "expression",
                text.partition("\n")[0].strip(),
                "It would be a statement here, and stands inside of an expression (and, or, if … else, a comprehension) that "
                "decides whether it runs. Make it a statement of its own.",
            )

    @contextlib.contextmanager
    def capture(self) -> Iterator[list[str]]:
        """Collect what is emitted inside instead of appending it."""
        outer, self.lines = self.lines, []
        self.around.append(outer)
        above, self.apart = self.apart, self.no_hoist
        self.captured += 1
        try:
            yield self.lines
        finally:
            self.lines, self.apart = self.around.pop(), above
            self.captured -= 1

    def emit_block(self, header: str, lines: list[str]) -> None:
        """Append ``header`` and ``lines`` indented under it (``pass`` when empty)."""
        self._refuse_inside(header)
        self.lines.append(header)
        body = [line for line in lines if not line.strip().startswith("#")]
        self.lines.extend("    " + line if line else line for line in (lines if body else [*lines, "pass"]))

    @property
    def names_taken(self) -> set[str]:
        """Names that mean something in the generated function already: locals, state, imports, helpers."""
        return (
            self.locals_seen
            | set(self.state_used)
            | {item.alias or item.name for item in self.imports}
            | HELPERS
        )

    def fresh(self, stem: str) -> str:
        """A local name of the generated function that nothing uses yet.

        :mod:`segue.translate.finishing.locals` gives ``type_2`` its plain name back where no line calls the builtin.
        """
        taken = self.names_taken | _BUILTINS | {getattr(v.node, "id", "") for v in self.env.values()}
        candidate, number = f"{stem}_" if keyword.iskeyword(stem) else stem, 1
        while candidate in taken:
            number += 1
            candidate = f"{stem}_{number}"
        self.locals_seen.add(candidate)
        return candidate

    def wished(self, stem: str, at: ast.AST) -> str:
        """The name that the assignment of call ``at`` is about to give, where it is free; else a fresh one."""
        local, node = self.wish if self.wish is not None else ("", None)
        target = self.renames.get(local, local)
        taken = HELPERS | set(self.state_used) | {item.alias or item.name for item in self.imports}
        return target if node is at and local not in self.env and target not in taken else self.fresh(stem)

    def hoist(self, stem: str, node: ast.expr, at: ast.AST | None = None, annotation: str = "") -> ast.expr:
        """Compute ``node`` into a local before the current statement; returns its name."""
        if self.no_hoist:
            raise self.refuse(
                "nested-evaluation",
                ast.unparse(at) if at is not None else stem,
                "This needs a statement of its own, but stands inside a comprehension, lambda or condition.",
                at,
            )
        local = self.fresh(stem)
        self.emit(f"{local}{': ' + annotation if annotation else ''} = {ast.unparse(node)}")
        return name(local)

    def use(self, *imports: Import) -> None:
        """Note imports that the emitted code needs."""
        for item in imports:
            module = item.module.replace("{package}", self.ctx.program.package)
            self.imports.add(Import(module, item.name, item.alias, item.type_only))

    def imported(self, module: str, attr: str) -> ast.expr:
        """The name of ``module.attr`` after importing it."""
        for legacy in self.env:
            if self.renames.get(legacy, legacy) == attr and attr in self.locals_seen:
                raise RenameNeeded(legacy)
        self.use(Import(module, attr))
        return name(attr)

    def module(self, dotted: str) -> ast.expr:
        """``dotted`` itself after ``import dotted``; a local or parameter called like it gets another name."""
        root = dotted.partition(".")[0]
        for legacy, value in self.env.items():
            if self.renames.get(legacy, legacy) == root and value.node is not None:
                raise RenameNeeded(legacy)
        if root in self.state_used:
            raise self.refuse("names", dotted, f"{root} is an argument of the URL here, and a module.")
        self.use(Import(dotted))
        return name(dotted)

    # state -----------------------------------------------------------------------------

    def state(self, state_name: str) -> ast.expr:
        """The expression of free state ``state_name`` here (a parameter, or the scope's expression)."""
        if state_name == "user" and "user" in on_request(self.ctx):
            why = "Code has put another there before, and Segue does not know what this makes of it."
            raise self.refuse("request", "request.user", why)
        if state_name == "user" and self.changes_user:
            return self._user_now()
        if self.scope is not None:
            given = self.scope.get(state_name)
            if given is not None:
                return name(given)
        known = self._state_of(state_name)
        self._claim(state_name)
        if state_name not in self.state_used:
            self.use(*known.imports)
            self.state_used[state_name] = Parameter(state_name, lambda: known.annotation)
        return name(state_name)

    def _state_of(self, state_name: str) -> StateName:
        """Its annotation; that of ``auth`` is told by what the project's authentication puts there."""
        known = self.ctx.memo.get(REQUEST_AUTH) if state_name == "auth" else None
        if isinstance(known, Instance):
            from segue.translate.interp.annotations import annotation

            return StateName(*annotation(self.ctx, known))
        return STATE[state_name]

    def _user_now(self) -> ast.expr:
        """Who asks after a login or logout: a parameter would still hold who asked before."""
        folded = self.ctx.memo.get(("kernel", "authenticated"))
        if folded is False or (folded is True and "out" in self.changes_user):
            why = "Whether somebody is logged in was decided before login() or logout() changed it."
            raise self.refuse("login", "request.user", why)
        return ast.Attribute(self.state("call"), "user", ast.Load())

    def url_argument(self, argument: str, kind: Kind, annotation: str) -> Val:
        """``self.kwargs[argument]``: a parameter of that name, or the scope's path expression."""
        if self.scope is not None:
            given = self.scope.url_argument(argument)
            if given is not None:
                return Val(kind, name(given))
        self._claim(argument)
        if argument not in self.state_used:
            if annotation == "UUID":
                self.use(Import("uuid", "UUID"))
            self.state_used[argument] = Parameter(argument, lambda: annotation)
            self.url_arguments[argument] = kind
        return Val(kind, name(argument))

    def extra_state(self, parameter: str, annotation: Callable[[], str], kind: Kind) -> Val:
        """A parameter for state that another room defines (``instance``, ``context`` values)."""
        if parameter in self.given:
            return Val(kind, name(self.given[parameter]))
        if parameter == "request_user" and self.replaces_user:
            return Val(kind, ast.Attribute(self.state("call"), "user", ast.Load()))
        put = self.env.get(PUT + parameter)
        if put is not None and put.node is not None and not isinstance(put.kind, Unknown):
            return Val(kind, put.node)
        if self.scope is not None:
            given = self.scope.get(parameter)
            if given is not None:
                return Val(kind, name(given))
            if parameter.startswith("request_"):
                why = "What is called here reads it from the request, where it is put in some branches only."
                raise self.refuse("request", parameter.replace("_", ".", 1), why)
        self._claim(parameter)
        self.state_used.setdefault(parameter, Parameter(parameter, annotation))
        return Val(kind, name(parameter))

    def _claim(self, state_name: str) -> None:
        for legacy, value in self.env.items():
            if getattr(value.node, "id", None) == state_name and state_name not in self.state_used:
                raise RenameNeeded(legacy)

    @property
    def db(self) -> ast.expr:
        """The session; using it makes the function ``async``."""
        self.is_async = True
        return self.state("db")

    def leave(self, kind: Kind) -> None:
        """The function may return ``kind`` here."""
        self.returns.append(kind)
        self.ends.append(frozenset(self.env))
        self.exits.append(
            {
                key: self.facts.get(value.text, value.kind)
                for key, value in self.env.items()
                if key.startswith(KEPT) and value.node is not None
            }
        )

    # bindings --------------------------------------------------------------------------

    def bind(self, legacy: str, value: Val) -> str:
        """Bind a local to what the generated local of the same name (or its rename) will hold."""
        target = self.renames.get(legacy, legacy)
        if target in HELPERS or target in map(_local, self.imports):
            raise RenameNeeded(legacy)
        if target in self.state_used and not (isinstance(value.node, ast.Name) and value.node.id == target):
            raise RenameNeeded(legacy)
        self.locals_seen.add(target)
        self.env[legacy] = Val(value.kind, name(target))
        self.forget(legacy)
        return target

    def forget(self, legacy: str) -> None:
        """Drop narrowings and fetched results that mention ``legacy``."""
        target = self.renames.get(legacy, legacy)
        pattern = re.compile(rf"\b{re.escape(target)}\b")
        for text in [t for t in self.facts if pattern.search(t)]:
            del self.facts[text]
        for begin in ("#rows:", "#given:"):
            self.env.pop(begin + target, None)

    def forget_attribute(self, attr: str, kept: str) -> None:
        """Drop what tests have told of an attribute of the request, which has been put there anew; ``kept`` is its field."""
        self.replaces_user |= attr == "user"
        for text in (
            ("call.user", "request_user")
            if attr == "user"
            else (f"{self.state_local}.{kept}", f"call.state.{attr}")
        ):
            self.forget(text)

    def snapshot_env(self) -> tuple[dict[str, Val], dict[str, Kind]]:
        """Copy of bindings and narrowings, for branches."""
        return dict(self.env), dict(self.facts)

    def restore_env(self, saved: tuple[dict[str, Val], dict[str, Kind]]) -> None:
        """Back to :meth:`snapshot_env`."""
        self.env, self.facts = dict(saved[0]), dict(saved[1])


def _local(item: Import) -> str:
    """What an import puts into the module's names."""
    return item.alias or item.name or item.module.partition(".")[0]
