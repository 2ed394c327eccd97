"""The declarative base of entities: plain objects that are written explicitly.

An entity is an instance of a mapped class that never joins an ORM session. What Django's
``Model.__init__`` and descriptors do happens here: defaults are filled on construction,
assigning a to-one relation sets its column, changing the column forgets the relation, and
reading a relation nobody loaded raises instead of querying.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Self, TypeVar, cast

from sqlalchemy import Column, ColumnElement, event, inspect
from sqlalchemy.orm import DeclarativeBase, Mapper, RelationshipProperty
from sqlalchemy.orm.attributes import instance_dict
from sqlalchemy.orm.interfaces import MANYTOONE

from segue_bridge.db.errors import RelationNotLoaded
from segue_bridge.db.types.base import DjangoType


@dataclass(frozen=True, slots=True)
class GenericRelation:
    """A ``GenericRelation`` of a model: rows of ``model`` that point here by content type.

    ``model`` is the dotted path of the mapped class, the others are column attributes of it.
    """

    model: str
    content_type: str = "content_type_id"
    object_id: str = "object_id"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What the Django model was called (``articles.Article``), and what a table cannot say.

    ``generic`` are its generic relations: their rows are deleted with the object.
    ``content_types`` is the dotted path of the mapped ``ContentType`` class when it has any.
    ``ordering`` is Django's ``Meta.ordering``, for the record: statements write it out.
    """

    label: str
    generic: tuple[GenericRelation, ...] = ()
    content_types: str = ""
    ordering: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """The class name in Django's messages."""
        return self.label.rpartition(".")[2]


class Base(DeclarativeBase):
    """Base of all mapped classes of a generated project. See the module's text."""

    __segue__: ClassVar[ModelInfo]
    _stored = False

    def __init__(self, **values: Any) -> None:
        """Set ``values`` by attribute name and every other column to its default.

        Raises ``TypeError`` for an unknown name, with the text of Django's ``Model.__init__``.
        """
        defaults = _defaults(type(self))
        names = _names(type(self))
        for name in values:
            if name not in names:
                raise TypeError(f"{type(self).__name__}() got unexpected keyword arguments: {name!r}")
        held = instance_dict(self)
        for name, make in defaults.items():
            if name not in values:
                held[name] = make()
        for name, value in values.items():
            setattr(self, name, value)

    @classmethod
    def loaded(cls, values: Mapping[str, Any]) -> Self:
        """An entity as it stands in the database. ``values`` by attribute name, taken as they are."""
        return as_loaded(cls, values)

    def __eq__(self, other: object) -> bool:
        """Equal when of one model with the same key, as in Django; unsaved ones only with themselves."""
        if self is other:
            return True
        if not isinstance(other, Base) or inspect(type(self)) is not inspect(type(other)):
            return False
        key = primary_key(self)
        return None not in key and key == primary_key(other)

    def __hash__(self) -> int:
        key = primary_key(self)
        if None in key:
            raise TypeError("Model instances without primary key value are unhashable")
        return hash(key[0] if len(key) == 1 else key)


E = TypeVar("E", bound=Base)


def as_loaded(cls: type[E], values: Mapping[str, Any]) -> E:
    """:meth:`Base.loaded`, for classes that have a column of that name, too."""
    entity = cast(E, inspect(cls).class_manager.new_instance())
    held = instance_dict(entity)
    held.update(values)
    held["_stored"] = True
    return entity


REREAD = "_reread"  # to-many relations, by name, of which an entity holds rows that it has written since


def forget_rows(entity: Base, table: Any) -> None:
    """The rows that ``entity`` holds of its to-many relations over ``table`` are to be read again: its manager has written them
    (``_remove_prefetched_objects`` of Django's related managers)."""
    held = instance_dict(entity)
    names = {
        relation.key
        for relation in mapper_of(type(entity)).relationships
        if relation.uselist and table in (relation.secondary, relation.mapper.local_table)
    }
    if names & held.keys():
        held[REREAD] = held.get(REREAD, frozenset()) | names


def copied(entity: E) -> E:
    """``copy.deepcopy(instance)``: another entity of the same row, which changes on its own.

    Objects that it leads to are not copied: they are the same ones.
    """
    made = cast(E, inspect(type(entity)).class_manager.new_instance())
    instance_dict(made).update(
        {
            key: deepcopy(value) if isinstance(value, (dict, list)) else value
            for key, value in instance_dict(entity).items()
            if key != "_sa_instance_state"
        }
    )
    return made


def no_default(name: str) -> Callable[[], Any]:
    """A default that only Django can compute. Code that would need it is refused by translation;
    making an entity without a value for the column raises ``RuntimeError``."""

    def missing() -> Any:
        raise RuntimeError(f"The default {name} was not translated: give a value.")

    return missing


def is_new(entity: Base) -> bool:
    """Whether the object was made here and has not been saved: ``entity._state.adding``."""
    return not entity._stored


def mapper_of(cls: type[Base]) -> Mapper[Any]:
    """The mapper of an entity class."""
    return inspect(cls)


def column_key(mapper: Mapper[Any], column: ColumnElement[Any]) -> str:
    """The attribute name of ``column`` on the mapped class."""
    return mapper.get_property_by_column(cast(Column[Any], column)).key


def primary_key(entity: Base) -> tuple[Any, ...]:
    """Values of the primary key, of the root table for multi-table models."""
    mapper = mapper_of(type(entity))
    held = instance_dict(entity)
    return tuple(held.get(column_key(mapper, column)) for column in mapper.primary_key)


_DEFAULTS: dict[type[Base], dict[str, Callable[[], Any]]] = {}
_NAMES: dict[type[Base], frozenset[str]] = {}


def _names(cls: type[Base]) -> frozenset[str]:
    known = _NAMES.get(cls)
    if known is None:
        known = _NAMES[cls] = frozenset(mapper_of(cls).attrs.keys())
    return known


def _defaults(cls: type[Base]) -> dict[str, Callable[[], Any]]:
    """How each column attribute is filled: ``Field.get_default`` of Django."""
    known = _DEFAULTS.get(cls)
    if known is None:
        known = {}
        for attribute in mapper_of(cls).column_attrs:
            column = attribute.columns[0]
            if isinstance(column, Column) and not _left_to_database(column):
                known[attribute.key] = _default(column)
        _DEFAULTS[cls] = known
    return known


def _left_to_database(column: Column[Any]) -> bool:
    """Columns with a database default or a formula hold nothing until the row is written."""
    return column.server_default is not None and column.identity is None


def _default(column: Column[Any]) -> Callable[[], Any]:
    make = _plain_default(column)
    if isinstance(column.type, DjangoType) and column.type.converts_assigned:
        assigned = column.type.assigned
        return lambda: assigned(make())
    return make


def _plain_default(column: Column[Any]) -> Callable[[], Any]:
    default: Any = column.default
    if default is not None:
        if default.is_callable:
            make = default.arg
            return lambda: make(None)
        value = default.arg
        return lambda: value
    empty = None
    if not column.nullable and not column.primary_key and not column.foreign_keys:
        empty = column.type.empty if isinstance(column.type, DjangoType) else None
    elif column.primary_key and not column.foreign_keys and isinstance(column.type, DjangoType):
        empty = column.type.empty
    return lambda: empty


def _not_loaded(relation: str, local: tuple[str, ...]) -> Callable[..., Any]:
    def missing(target: Any, value: Any, dict_: dict[str, Any]) -> Any:
        if local and all(dict_.get(name) is None for name in local):
            return None
        raise RelationNotLoaded(
            f"{type(target).__name__}.{relation} is read, but nothing loaded it (there is no lazy loading)."
        )

    return missing


def _no_collection(relation: str) -> Callable[..., Any]:
    def missing(target: Any, collection: Any, adapter: Any) -> None:
        if relation not in instance_dict(target):
            raise RelationNotLoaded(
                f"{type(target).__name__}.{relation} is read, but nothing loaded it (there is no lazy loading)."
            )

    return missing


@cache
def back_of(relation: RelationshipProperty[Any]) -> str:
    """The one-to-one relation of the other class that leads back; '' where it has none, or leads to many."""
    ends = {(remote, local) for local, remote in relation.local_remote_pairs or ()}
    for other in relation.mapper.relationships:
        one = not other.uselist and other.mapper is relation.parent and other is not relation
        if one and ends == set(other.local_remote_pairs or ()):
            return other.key
    return ""


def _takes_columns(
    relation: RelationshipProperty[Any], pairs: tuple[tuple[str, str], ...]
) -> Callable[..., Any]:
    """Assigning a relation sets its columns (``ForwardManyToOneDescriptor.__set__``).

    The other end of a one-to-one relation remembers it as well (``ForwardOneToOneDescriptor.__set__``).

    Raises ``ValueError`` for what is no object of a model and has no key: an anonymous user.
    """

    def assign(target: Any, value: Any, old: Any, initiator: Any) -> None:
        back = back_of(relation)
        if back and isinstance(value, Base):
            instance_dict(value)[back] = target
        for name, remote in pairs:
            if value is not None and getattr(value, remote) is None and not isinstance(value, Base):
                raise ValueError(
                    f'Cannot assign "{value!r}": "{type(target).__name__}.{initiator.key}" must be an object of its model.'
                )
            instance_dict(target)[name] = None if value is None else getattr(value, remote)

    return assign


def _forgets(relation: str) -> Callable[..., Any]:
    """Changing the column forgets the related object (``ForeignKeyDeferredAttribute.__set__``)."""

    def changed(target: Any, value: Any, old: Any, initiator: Any) -> None:
        held = instance_dict(target)
        if relation in held and held.get(initiator.key) != value:
            del held[relation]

    return changed


def _converts(kind: DjangoType[Any]) -> Callable[..., Any]:
    """A descriptor of a Django field that converts what is assigned (``PhoneNumberDescriptor.__set__``)."""

    def assign(target: Any, value: Any, old: Any, initiator: Any) -> Any:
        return kind.assigned(value)

    return assign


@event.listens_for(Base, "mapper_configured", propagate=True)
def _guard_relations(mapper: Mapper[Any], cls: type[Base]) -> None:
    for attribute in mapper.column_attrs:
        kind = attribute.columns[0].type
        if attribute.parent is mapper and isinstance(kind, DjangoType) and kind.converts_assigned:
            listener = _converts(kind)
            event.listen(getattr(cls, attribute.key), "set", listener, retval=True, propagate=True)
    for relation in mapper.relationships:
        if relation.parent is not mapper:
            continue
        _guard(cls, mapper, relation)


def _guard(cls: type[Base], mapper: Mapper[Any], relation: RelationshipProperty[Any]) -> None:
    attribute = getattr(cls, relation.key)
    if relation.uselist:
        event.listen(attribute, "init_collection", _no_collection(relation.key), propagate=True)
        return
    if relation.direction is not MANYTOONE:
        event.listen(attribute, "init_scalar", _not_loaded(relation.key, ()), propagate=True)
        return
    pairs = tuple(
        (column_key(mapper, local), column_key(relation.mapper, remote))
        for local, remote in relation.local_remote_pairs or ()
        if isinstance(local, Column) and isinstance(remote, Column)
    )
    local = tuple(name for name, _ in pairs)
    event.listen(attribute, "init_scalar", _not_loaded(relation.key, local), retval=True, propagate=True)
    event.listen(attribute, "set", _takes_columns(relation, pairs), propagate=True)
    for name in local:
        event.listen(getattr(cls, name), "set", _forgets(relation.key), propagate=True)
