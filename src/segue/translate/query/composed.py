"""Aggregates, and expressions made of other expressions, which are aggregates where one of those is."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Kind
from segue.translate.query.build import query_of, root_of
from segue.translate.query.expressions import Expression, Render
from segue.translate.query.ir import Query
from segue.translate.query.paths import resolve

Build = Callable[[Frame, list[ast.expr], list[Kind]], tuple[ast.expr, Kind]]


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate(Expression):
    """``grouped`` renders it over the rows of a query, for ``aggregate()`` and groups, and joins what it needs; ``render`` as a
    subquery of one row. ``parts``: how many aggregates it is made of. ``over``: the bare call, for a window, of which ``written`` makes
    what Django reads. ``paths`` are the names of what it aggregates; ``steady``: rows that are there twice change nothing."""

    grouped: Callable[[Frame, Val], tuple[Val, ast.expr, Kind]] | None = None
    distinct: bool = False
    parts: int = 1
    over: Render | None = None
    written: Callable[[Frame, ast.expr, Kind, ast.expr | None], ast.expr] | None = None
    paths: tuple[str, ...] = ()
    steady: bool = False


def composed(parts: Sequence[Expression], build: Build, at: ast.AST, *, nullable: bool = False) -> Expression:
    """What ``build`` makes of the SQLAlchemy expressions of ``parts``."""

    def render(frame: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        if count > 1:
            check_together(frame, query.model, [(part.paths, part.steady) for part in aggregates], at)
        found = [part.render(frame, query, root) for part in parts]
        return build(frame, [node for node, _ in found], [kind for _, kind in found])

    aggregates = [part for part in parts if isinstance(part, Aggregate)]
    count = sum(part.parts for part in aggregates)
    if not aggregates:
        return Expression(render, nullable=nullable, constant=all(part.constant for part in parts))

    def grouped(frame: Frame, owner: Val) -> tuple[Val, ast.expr, Kind]:
        nodes: list[ast.expr] = []
        kinds: list[Kind] = []
        for part in parts:
            if isinstance(part, Aggregate):
                assert part.grouped is not None
                owner, node, kind = part.grouped(frame, owner)
            elif part.constant:
                query = query_of(owner)
                node, kind = part.render(frame, query, root_of(frame, query.model))
            else:
                raise frame.refuse(
                    "group-by", ast.unparse(at), "A column beside an aggregate joins the groups.", at
                )
            nodes.append(node)
            kinds.append(kind)
        return owner, *build(frame, nodes, kinds)

    return Aggregate(
        render,
        aggregate=True,
        nullable=nullable,
        grouped=grouped,
        distinct=all(part.distinct for part in aggregates),
        parts=count,
        paths=tuple(path for part in aggregates for path in part.paths),
        steady=all(part.steady for part in aggregates),
    )


def relations(frame: Frame, label: str, paths: Sequence[str], at: ast.AST) -> tuple[str, ...]:
    """The to-many joins that Django makes for ``paths``; ``?`` for one that is not known."""
    found = []
    for path in paths or ("",):
        hops = resolve(frame, label, path, at).hops if path not in ("", "*") else ()
        many = [number for number, hop in enumerate(hops) if hop.many]
        found.append("__".join(hop.name for hop in hops[: many[-1] + 1]) if many else "?")
    return tuple(found)


def check_together(
    frame: Frame, label: str, aggregates: Sequence[tuple[Sequence[str], bool]], at: ast.AST
) -> None:
    """Refuse aggregates (paths, steady) over several to-many relations: each join repeats the rows of the others."""
    joins = {name for paths, _ in aggregates for name in relations(frame, label, paths, at)}
    if (len(joins) > 1 or "?" in joins) and not all(steady for _, steady in aggregates):
        raise frame.refuse(
            "two-aggregates",
            ast.unparse(at),
            "Two aggregates over to-many relations multiply each other in Django.",
            at,
        )
