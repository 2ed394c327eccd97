"""Places in the code that go across a relation: look-ups, loads, ordering and search, filters, serializers, attributes.

Serializers, filter sets and views have a known model, so their paths are followed exactly. In functions the model at the beginning of a path is not known: it is
followed from every model that has such a relation, and where only some of these cross the place is told as unsure.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Collection, Iterator, Mapping

from segue.snapshot.model import Function, Model, Snapshot, Value
from segue.split.crossings import Place, Relation
from segue.split.tables import Name, named

_LOADS = {"select_related", "prefetch_related", "Prefetch"}
_NAMES = {
    "order_by",
    "values",
    "values_list",
    "only",
    "defer",
    "F",
    "Count",
    "Sum",
    "Avg",
    "Min",
    "Max",
    "dates",
    "datetimes",
    "distinct",
}
_OWN_KEY = {"pk", "id", "exact", "in", "isnull", "gt", "gte", "lt", "lte"}
_MANAGER = {"all", "filter", "exclude", "get", "first", "last", "count", "exists", "aggregate", "annotate", "values", "values_list", "order_by", "create", "add", "remove", "set", "clear", "update", "delete", "select_related", "prefetch_related", "none", "get_or_create", "update_or_create"}  # fmt: skip
_PATH = re.compile(r"[a-z][a-z0-9_]*", re.IGNORECASE)


class Joins:
    """Finds them in ``snapshot`` for the relations ``crossing``."""

    def __init__(self, snapshot: Snapshot, crossing: Collection[Relation]) -> None:
        self._snapshot = snapshot
        self._crossing = set(crossing)
        self._models = snapshot.models

    def places(self) -> dict[Relation, list[Place]]:
        """By relation; a place may be there for several."""
        found: dict[Relation, list[Place]] = {}
        for relation, place in [*self._serializers(), *self._filters(), *self._views(), *self._functions()]:
            found.setdefault(relation, []).append(place)
        return found

    def walk(self, label: str, path: str, *, loads: bool = False) -> set[Relation]:
        """Relations of those asked for that ``path`` (``a__b``, ``a.b``) goes across from the model ``label``. ``loads``: what it ends at is read as well."""
        parts = [p for p in re.split(r"__|\.", path.lstrip("-=^@$")) if p]
        found: set[Relation] = set()
        for index, part in enumerate(parts):
            model = self._models.get(label)
            step = _step(self._models, model, part) if model is not None else None
            if step is None:
                break
            label, near, far = step
            found |= near & self._crossing
            if loads or any(p not in _OWN_KEY for p in parts[index + 1 :]):
                found |= far & self._crossing
        return found

    def _serializers(self) -> Iterator[tuple[Relation, Place]]:
        for name, serializer in self._snapshot.serializers.items():
            for field in serializer.fields:
                if not serializer.model or field.source == "*":
                    continue
                kind = field.base.rpartition(".")[2]
                loads = bool(field.serializer) or kind in (
                    "StringRelatedField",
                    "SlugRelatedField",
                    "ManyRelatedField",
                    "HyperlinkedRelatedField",
                )
                checks = kind == "PrimaryKeyRelatedField" and not field.read_only
                for relation in self.walk(serializer.model, field.source, loads=loads or checks):
                    what = "checks that the row is there" if checks else "reads"
                    yield (
                        relation,
                        Place(
                            str(serializer.where if field.where.file.startswith("/") else field.where),
                            f"{name.rpartition('.')[2]}.{field.name} {what} {field.source}",
                        ),
                    )

    def _filters(self) -> Iterator[tuple[Relation, Place]]:
        for name, filters in self._snapshot.filtersets.items():
            for one in filters.filters:
                where = (
                    one.where
                    if one.where is not None and not one.where.file.startswith("/")
                    else filters.where
                )
                for relation in self.walk(filters.model, one.field_name):
                    yield (
                        relation,
                        Place(str(where), f"{name.rpartition('.')[2]} filters by {one.field_name}"),
                    )

    def _views(self) -> Iterator[tuple[Relation, Place]]:
        for view in self._snapshot.views.values():
            cls = self._snapshot.classes.get(view.cls)
            if cls is None or not view.queryset_model:
                continue
            for name in ("search_fields", "ordering_fields", "ordering"):
                attribute = cls.attributes.get(name)
                for path in _strings(attribute.value) if attribute is not None else ():
                    for relation in self.walk(view.queryset_model, path):
                        yield (
                            relation,
                            Place(
                                str(attribute.where or view.where if attribute else view.where),
                                f"{name} has {path}",
                            ),
                        )
            for path, loads, _ in _paths(_parsed(view.queryset_source)):
                for relation in self.walk(view.queryset_model, path, loads=loads):
                    yield relation, Place(str(view.where), f"queryset uses {path}")

    def _functions(self) -> Iterator[tuple[Relation, Place]]:
        for function in self._snapshot.functions.values():
            if function.where.file.startswith("/"):
                continue
            tree = _parsed(function.source)
            for path, loads, line in _paths(tree):
                yield from self._unrooted(function, path, line, loads=loads)
            for path, line in _chains(tree):
                yield from self._unrooted(function, path, line, loads=False)

    def _unrooted(
        self, function: Function, path: str, line: int, *, loads: bool
    ) -> Iterator[tuple[Relation, Place]]:
        first = re.split(r"__|\.", path)[0]
        roots = [
            label for label, model in self._models.items() if _step(self._models, model, first) is not None
        ]
        results = [self.walk(label, path, loads=loads) for label in roots]
        for relation in set().union(*results):
            sure = all(relation in result for result in results)
            where = f"{function.where.file}:{function.where.line + line - 1}"
            yield relation, Place(where, path.replace(".*", ""), sure)


def both_sides(snapshot: Snapshot, moved: Collection[Name]) -> list[Place]:
    """Functions of the project that name models of both sides: what is one transaction there would be two."""
    by_class = {model.cls: model for model in snapshot.models.values() if model.own and model.table}
    found = []
    for function in snapshot.functions.values():
        labels: dict[bool, set[str]] = {True: set(), False: set()}
        for used in function.globals.values():
            model = by_class.get(used.name) if used.kind == "model" else None
            if model is not None:
                labels[named(model.table) in moved].add(model.label)
        if labels[True] and labels[False] and not function.where.file.startswith("/"):
            inside, outside = (", ".join(sorted(labels[side])) for side in (True, False))
            found.append(
                Place(str(function.where), f"{function.name.rpartition('.')[2]}: {inside} and {outside}")
            )
    return sorted(set(found))


def _step(
    models: Mapping[str, Model], model: Model, part: str
) -> tuple[str, set[Relation], set[Relation]] | None:
    """One step of a path: the model it comes to, the relations whose both tables are read even where the path ends there, and those where it goes on."""
    for field in model.fields:
        relation = field.relation
        if field.name == part and relation is not None and relation.to in models:
            owner = field.inherited_from or (model.proxy_for if model.proxy else model.label)
            if relation.kind == "m2m":
                return relation.to, *_through(models, relation.through, model.label, relation.to)
            here = {(owner, field.name)}
            return (
                (relation.to, here, set())
                if relation.kind == "generic_relation"
                else (relation.to, set(), here)
            )
    for reverse in model.reverse:
        if part in (reverse.query_name, reverse.accessor) and reverse.model in models:
            if reverse.kind == "m2m":
                field = next(f for f in models[reverse.model].fields if f.name == reverse.field)
                through = field.relation.through if field.relation else ""
                return reverse.model, *_through(models, through, model.label, reverse.model)
            return reverse.model, {(reverse.model, reverse.field)}, set()
    return None


def _through(
    models: Mapping[str, Model], through: str, here: str, there: str
) -> tuple[set[Relation], set[Relation]]:
    """Keys of a table between two models: to the one that a path comes from, and to the other."""
    fields = models[through].fields if through in models else ()
    to = {
        end: {(through, f.name) for f in fields if f.relation and f.relation.to == end}
        for end in (here, there)
    }
    return to[here], to[there]


def _parsed(source: str) -> ast.AST:
    try:
        return ast.parse(textwrap.dedent(source))
    except SyntaxError:  # a part of a file that is no program of its own (an attribute within a class)
        return ast.Module([], [])


def _paths(tree: ast.AST) -> Iterator[tuple[str, bool, int]]:
    """Paths that calls name, whether what they end at is loaded, and the line."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for keyword in node.keywords:
            if keyword.arg and "__" in keyword.arg.strip("_"):
                yield keyword.arg, False, keyword.value.lineno
        for given in node.args:
            text = given.value if isinstance(given, ast.Constant) else None
            if isinstance(text, str) and called in _LOADS | _NAMES and _PATH.fullmatch(text.lstrip("-")):
                yield text.lstrip("-"), called in _LOADS, given.lineno


def _chains(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """``x.a.b`` as ``a.b``: what is read through an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            base = node.value.value
            if node.value.attr == "user" and "request" in (
                getattr(base, "attr", ""),
                getattr(base, "id", ""),
            ):
                continue  # who asks, by authentication
            manager = node.attr in _MANAGER
            yield f"{node.value.attr}.{'*' if manager else node.attr}", node.lineno


def _strings(value: Value) -> Iterator[str]:
    if value.kind == "const" and isinstance(value.data, str):
        yield value.data
    for item in value.items:
        yield from _strings(item)
