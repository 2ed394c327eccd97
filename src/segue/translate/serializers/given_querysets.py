"""``self.fields["track"].queryset = request.event.tracks.all()`` in a serializer's ``__init__``: the rows that input may name.

Source: ``rest_framework.relations.RelatedField.get_queryset``. A field with ``many=True`` is a ``ManyRelatedField``, which asks its child
for rows: what is set on it changes nothing.
"""

from __future__ import annotations

import ast

from segue.snapshot.model import Function, SerializerField
from segue.translate.interp.conditions import test
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import QuerySet, SerializerSelf
from segue.translate.query.build import settle
from segue.translate.serializers import from_context
from segue.translate.serializers.facts import base_name, field_refusal, serializer_of
from segue.translate.serializers.own_init import init_body, inits

_ROWS = ("PrimaryKeyRelatedField", "SlugRelatedField")


def given_queryset(frame: Frame, item: SerializerField) -> Val | None:
    """The rows that ``item`` was given in ``__init__``; None where it keeps its own. Raises ``Refused``."""
    me = frame.env.get("self")
    if me is None or not isinstance(me.kind, SerializerSelf) or base_name(item) == "ManyRelatedField":
        return None
    serializer = serializer_of(frame.ctx, me.kind.name)
    for function in inits(frame.ctx, serializer.name) or ():
        # Each begins with its parent's, so that the nearest decides.
        if not any(_sets(s, item.name) for s in init_body(function)):
            continue
        if from_context.is_a_field(frame.ctx, serializer.name):
            raise field_refusal(
                item,
                "relation-queryset",
                "Its serializer is a field of another one, too: it is made without a context then, and finds no request.",
            )
        found = _Reader(frame, function, item, me).run(init_body(function))
        if found is not None:
            return found
    return None


def _sets(statement: ast.stmt, name: str) -> bool:
    """Whether ``self.fields[name].queryset = …`` is in the statement."""
    return any(
        isinstance(n, ast.Attribute)
        and n.attr == "queryset"
        and isinstance(n.ctx, ast.Store)
        and ast.unparse(n.value) == f"self.fields[{name!r}]"
        for n in ast.walk(statement)
    )


def _sets_a_name(statement: ast.stmt) -> bool:
    return any(isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) for n in ast.walk(statement))


class _Reader:
    """Runs the statements that :func:`from_context.sets_querysets` has accepted."""

    def __init__(self, frame: Frame, function: Function, item: SerializerField, me: Val) -> None:
        self.frame, self.function, self.item = frame, function, item
        self.env: dict[str, Val] = {"self": me}
        self.found: Val | None = None

    def run(self, body: list[ast.stmt]) -> Val | None:
        """The queryset that is set last."""
        was = self.frame.env, self.frame.function, self.frame.facts
        self.frame.env, self.frame.function, self.frame.facts = self.env, self.function, {}
        try:
            self._statements(body)
        finally:
            self.frame.env, self.frame.function, self.frame.facts = was
        return self.found

    def _statements(self, body: list[ast.stmt]) -> None:
        for statement in body:
            match statement:
                case ast.Assign([ast.Name(local)], value):
                    looked = from_context.of_context(value)
                    if looked is not None:
                        self.env[local] = self.frame.eval(looked)
                case ast.If(condition, then, otherwise) if _sets(statement, self.item.name):
                    asked = test(self.frame, condition)
                    if asked.known is None:
                        raise self._refused("Which rows it may name is decided by the request.")
                    self._statements(then if asked.known else otherwise)
                case ast.If() if _sets_a_name(statement):
                    raise self._refused("Of what its rows are is decided by the request.")
                case ast.Assign(
                    [ast.Attribute(ast.Subscript(held, ast.Constant(name)), "queryset")], value
                ) if name == self.item.name and ast.unparse(held) == "self.fields":
                    self.found = self._rows(value)

    def _rows(self, node: ast.expr) -> Val:
        if base_name(self.item) not in _ROWS:
            raise self._refused("It is no plain relation field.")
        value = settle(self.frame, self.frame.eval(node))
        kind = value.kind
        if (
            not isinstance(kind, QuerySet)
            or kind.query.model != self.item.queryset_model
            or value.node is None
        ):
            raise self._refused("Segue does not see which rows it may name.")
        query = kind.query
        plain = not (
            query.values
            or query.annotations
            or query.sliced
            or query.distinct
            or query.grouped
            or query.compound
        )
        if not plain or query.many or query.crossed or query.maybe_distinct or query.pending:
            raise self._refused("Its rows are looked up over to-many relations, or by more than conditions.")
        return value

    def _refused(self, why: str) -> Exception:
        return field_refusal(self.item, "relation-queryset", why)


__all__ = ["given_queryset"]
