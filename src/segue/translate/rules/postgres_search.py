"""``SearchVector``, ``SearchQuery``, ``SearchRank`` and ``Trigram…`` of ``django.contrib.postgres.search``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, Expr, Kind, Scalar, SearchText, SearchWords
from segue.translate.query.composed import composed
from segue.translate.query.expressions import Expression, as_expression
from segue.translate.query.postgres import HELPERS, on_postgresql
from segue.translate.rules.registry import function

_MODULE = "django.contrib.postgres.search"
_WEIGHTS = ("'A'", "'B'", "'C'", "'D'")
_KINDS = ("plain", "phrase", "raw", "websearch")


@function(f"{_MODULE}.SearchVector")
def vector(frame: Frame, call: CallSite) -> Val:
    """``SearchVector("title", "body", config="english", weight="A")``."""
    on_postgresql(frame, call.node)
    call.only("config", "weight", at_most=99)
    keywords = _texts(frame, call, ("config", "weight"))
    if any(keyword.arg == "weight" and ast.unparse(keyword.value) not in _WEIGHTS for keyword in keywords):
        raise _refused(frame, call, "PostgreSQL has the weights A, B, C and D.")
    return Val(Expr(composed([as_expression(v) for v in call.args], _vector(call, keywords), call.node)))


def _vector(
    call: CallSite, keywords: Sequence[ast.keyword]
) -> Callable[[Frame, list[ast.expr], list[Kind]], tuple[ast.expr, Kind]]:
    named = [keyword.value for keyword in keywords if keyword.arg == "config"]
    config = str(named[0].value) if named and isinstance(named[0], ast.Constant) else ""

    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        for kind in kinds:
            _text_of(inner, kind, call)
        made = ast.Call(inner.imported(HELPERS, "search_vector"), nodes, list(keywords))
        return made, SearchWords("str", config=config)

    return build


@function(f"{_MODULE}.SearchQuery")
def query(frame: Frame, call: CallSite) -> Val:
    """``SearchQuery("words", search_type="websearch", config="english")``."""
    on_postgresql(frame, call.node)
    call.only("value", "config", "search_type", at_most=1)
    text = _given_text(frame, call, call.argument(0, "value"))
    kind = call.kwargs.get("search_type")
    chosen = kind.kind.value if kind is not None and isinstance(kind.kind, Const) else "plain"
    if chosen not in _KINDS or (kind is not None and not isinstance(kind.kind, Const)):
        raise _refused(frame, call, "The type of the search is computed, or is none.")
    keywords = [] if chosen == "plain" else [ast.keyword("kind", literal(chosen))]
    keywords += _texts(frame, call, ("config",))

    def render(inner: Frame, _query: object, _root: object) -> tuple[ast.expr, Kind]:
        return ast.Call(inner.imported(HELPERS, "search_query"), [text], keywords), SearchText("str")

    return Val(Expr(Expression(render)))


@function(f"{_MODULE}.SearchRank")
def rank(frame: Frame, call: CallSite) -> Val:
    """``SearchRank(vector, query)``; names and texts stand for vectors and queries of them."""
    on_postgresql(frame, call.node)
    call.only("vector", "query", "cover_density", at_most=2)
    words, asked = call.argument(0, "vector"), call.argument(1, "query")
    if words is None or asked is None:
        raise _refused(frame, call, "Something is missing.")
    density = call.kwargs.get("cover_density")
    if density is not None and not isinstance(density.kind, Const):
        raise _refused(frame, call, "Whether it is by cover density is computed.")
    dense = density is not None and isinstance(density.kind, Const) and bool(density.kind.value)
    keywords = [ast.keyword("cover_density", literal(True))] if dense else []
    text = None if isinstance(asked.kind, Expr) else _given_text(frame, call, asked)
    bare = not isinstance(words.kind, Expr)

    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        found, null = nodes[0], False
        if bare:
            found, _ = _vector(call, [])(inner, [found], kinds[:1])
        else:
            kind = widen(kinds[0])
            if not isinstance(kind, SearchWords):
                raise _refused(inner, call, "It ranks something else than a SearchVector.")
            null = kind.nullable
        if text is not None:
            searched: ast.expr = quote("{0}({1})", inner.imported(HELPERS, "search_query"), text)
        else:
            if not isinstance(kinds[1], SearchText):
                raise _refused(inner, call, "It ranks by something else than a SearchQuery.")
            searched = nodes[1]
        made = ast.Call(inner.imported(HELPERS, "search_rank"), [found, searched], keywords)
        return made, Scalar("float", null)

    parts = [as_expression(words), *([as_expression(asked)] if text is None else [])]
    return Val(Expr(composed(parts, build, call.node, nullable=True)))


def _likeness(helper: str, text_first: bool) -> Callable[[Frame, CallSite], Val]:
    def rule(frame: Frame, call: CallSite) -> Val:
        on_postgresql(frame, call.node)
        call.only("expression", "string", at_most=2)
        names = ("string", "expression") if text_first else ("expression", "string")
        given = {key: call.argument(position, key) for position, key in enumerate(names)}
        column = given["expression"]
        text = _given_text(frame, call, given["string"])
        if column is None:
            raise _refused(frame, call, "Something is missing.")

        def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
            null = _text_of(inner, kinds[0], call).nullable
            parts = [text, nodes[0]] if text_first else [nodes[0], text]
            return ast.Call(inner.imported(HELPERS, helper), parts, []), Scalar("float", null)

        return Val(Expr(composed([as_expression(column)], build, call.node, nullable=True)))

    return rule


for _name, _helper, _first in (
    ("TrigramSimilarity", "similarity", False),
    ("TrigramDistance", "distance", False),
    ("TrigramWordSimilarity", "word_similarity", True),
):
    function(f"{_MODULE}.{_name}")(_likeness(_helper, _first))


def _text_of(frame: Frame, kind: Kind, call: CallSite) -> Scalar:
    wide = widen(kind)
    if not isinstance(wide, Scalar) or wide.type != "str":
        raise _refused(frame, call, "It looks into something else than text.")
    return wide


def _given_text(frame: Frame, call: CallSite, value: Val | None) -> ast.expr:
    """The text that is searched: a Python value that is no None."""
    kind = widen(value.kind) if value is not None else None
    if value is None or value.node is None or kind != Scalar("str"):
        raise _refused(frame, call, "What is searched is not known to be a text.")
    return value.node


def _texts(frame: Frame, call: CallSite, names: Sequence[str]) -> list[ast.keyword]:
    found = []
    for key in names:
        value = call.kwargs.get(key)
        known = value.kind.value if value is not None and isinstance(value.kind, Const) else None
        if value is not None and not isinstance(known, str):
            raise _refused(frame, call, f"Its {key} is computed.")
        if isinstance(known, str):
            found.append(ast.keyword(key, literal(known)))
    return found


def _refused(frame: Frame, call: CallSite, why: str) -> Exception:
    return frame.refuse("postgres-search", ast.unparse(call.node), why, call.node)
