"""factory_boy's factories for mapped classes: what ``factory.django.DjangoModelFactory`` is for models.

    class BookFactory(ModelFactory[Book]):
        class Meta:
            model = Book

        title = factory.Sequence(lambda n: f"Book {n}")
        author = factory.SubFactory(AuthorFactory)

Needs the extra ``factories`` (factory_boy 3.3 or later), and the fixture ``client`` of the test that calls it.
Source: ``factory.django`` (``DjangoModelFactory._create``, ``_get_or_create``, ``_after_postgeneration``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from factory.base import Factory, FactoryOptions, OptionDefault
from factory.errors import FactoryError

from segue_bridge.db.base import Base, is_new, mapper_of
from segue_bridge.testing.rows import run
from segue_bridge.testing.values import taken

if TYPE_CHECKING:
    from segue_bridge.db.session import Session

T = TypeVar("T", bound=Base)


class ModelOptions(FactoryOptions):
    """``get_or_create``: names by which a row that is there is taken (``django_get_or_create``). ``skip_postgeneration_save``: an
    object is not saved once more after ``post_generation``."""

    get_or_create: tuple[str, ...]
    skip_postgeneration_save: bool

    def _build_default_options(self) -> list[OptionDefault]:
        return [
            *super()._build_default_options(),  # type: ignore[no-untyped-call]
            OptionDefault("get_or_create", (), inherit=True),  # type: ignore[no-untyped-call]
            OptionDefault("skip_postgeneration_save", False, inherit=True),  # type: ignore[no-untyped-call]
        ]


class ModelFactory(Factory[T]):
    """Makes rows. ``build()`` makes objects that are not saved."""

    _options_class = ModelOptions
    _meta: ModelOptions

    class Meta:
        abstract = True

    @classmethod
    async def _save(cls, db: Session, entity: T) -> None:
        """Write the object; overridden where saving one does more."""
        await (db.insert(entity) if is_new(entity) else db.save(entity))

    @classmethod
    def _build(cls, model_class: type[T], *args: Any, **kwargs: Any) -> T:
        return model_class(*args, **taken(model_class, kwargs))

    @classmethod
    def _create(cls, model_class: type[T], *args: Any, **kwargs: Any) -> T:
        names = cls._meta.get_or_create
        missing = [name for name in names if name not in kwargs]
        if missing:
            raise FactoryError(
                f"{cls.__name__}: get_or_create names {', '.join(missing)}, which have no value."
            )

        async def written(db: Session) -> T:
            entity = model_class(*args, **taken(model_class, kwargs))
            if names:
                found = await db.get(model_class, *_equal(model_class, entity, names))
                if found is not None:
                    return found
            await cls._save(db, entity)
            return entity

        return run(written)

    @classmethod
    def _after_postgeneration(
        cls, instance: T, create: bool, results: Mapping[str, Any] | None = None
    ) -> None:
        if create and results and not cls._meta.skip_postgeneration_save:
            run(lambda db: cls._save(db, instance))


def _equal(model: type[Base], entity: Base, names: tuple[str, ...]) -> list[Any]:
    """The columns of ``names`` are what they are in ``entity``."""
    found = []
    for name in names:
        relation = mapper_of(model).relationships.get(name)
        pairs = relation.local_remote_pairs or () if relation is not None else ()
        columns = [mapper_of(model).get_property_by_column(local).key for local, _ in pairs] or [name]
        for column in columns:
            value = getattr(entity, column)
            attribute = getattr(model, column)
            found.append(attribute.is_(None) if value is None else attribute == value)
    return found
