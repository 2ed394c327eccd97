"""Writing the tags of an object as django-taggit 6 does.

Source: ``taggit.managers._TaggableManager`` (``set``, ``add``, ``remove``) and ``taggit.models.TagBase.save``. Nothing of it is one
transaction in taggit, nor here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from segue_bridge.db.base import Base, mapper_of, primary_key
from segue_bridge.db.content_types import content_type
from segue_bridge.db.errors import IntegrityError
from segue_bridge.db.query import iexact, one_of, startswith
from segue_bridge.text import slugify

if TYPE_CHECKING:
    from segue_bridge.db.session import Session


@dataclass(frozen=True, slots=True)
class Tagging:
    """The tags of one model.

    ``tag`` is the class of tags, ``through`` that of the rows between, with the key of the object in ``source`` and of the tag in
    ``target``. Where these rows may belong to any model, ``types`` is the class of content types, ``type_column`` their column and
    ``model`` app label and name of this one. ``ignore_case`` is ``TAGGIT_CASE_INSENSITIVE``.
    """

    tag: type[Base]
    through: type[Base]
    source: str
    target: str
    types: type[Base] | None = None
    type_column: str = ""
    model: tuple[str, str] = ("", "")
    ignore_case: bool = False

    async def set(self, db: Session, key: Any, names: Sequence[str]) -> None:
        """``instance.tags.set(names)`` for the object with this key.

        Tags that are not there yet are made; rows of tags that the object keeps are left as they are, and repeats count once.
        Raises :class:`IntegrityError` where the database refuses a tag.
        """
        tags = await self._tags(db, names)
        own = await self._own(db, key)
        link = getattr(self.through, self.target)
        where = [getattr(self.through, column) == value for column, value in own.items()]
        with db.primary():
            there: Sequence[Any] = await db.all(
                select(link, self._name).join(self.tag, self._key == link).where(*where)
            )
        kept = {row[1] for row in there}
        new = [tag for tag in tags if self._called(tag) not in kept]
        gone = kept - {self._called(tag) for tag in tags}
        if gone:
            keys = list({row[0] for row in there if row[1] in gone})
            await db.delete_matching(select(self.through).where(*where, one_of(link, keys)))
        for tag in new:
            (pk,) = primary_key(tag)
            await db.get_or_create(self.through, {self.target: pk, **own}, {})

    @property
    def _name(self) -> Any:
        return getattr(self.tag, "name")  # noqa: B009

    @property
    def _key(self) -> Any:
        (column,) = mapper_of(self.tag).primary_key
        return column

    def _called(self, tag: Base) -> str:
        return str(getattr(tag, "name"))  # noqa: B009

    async def _own(self, db: Session, key: Any) -> dict[str, Any]:
        """The columns of a row between that say whose it is (``lookup_kwargs``)."""
        if self.types is None:
            return {self.source: key}
        (type_,) = primary_key(await content_type(db, self.types, *self.model))
        return {self.source: key, self.type_column: type_}

    async def _tags(self, db: Session, names: Sequence[str]) -> list[Base]:
        """The tags of these names, each once (``_to_tag_model_instances``)."""
        known = await self._known(db, names)
        found: dict[Any, Base] = {}
        for name in names:
            tag = known.get(name)
            if tag is None:
                tag = await self._get_or_create(db, name)
            found.setdefault(primary_key(tag), tag)
        return list(found.values())

    async def _known(self, db: Session, names: Sequence[str]) -> dict[str, Base]:
        if not names:
            return {}
        with db.primary():
            if not self.ignore_case:
                tags = await db.entities(select(self.tag).where(one_of(self._name, list(names))))
                return {self._called(tag): tag for tag in tags}
            known: dict[str, Base] = {}
            for name in names:
                tags = await db.entities(
                    select(self.tag).where(iexact(self._name, name)).order_by(self._key).limit(1)
                )
                known.update((name, tag) for tag in tags)
            return known

    async def _get_or_create(self, db: Session, name: str) -> Base:
        condition = iexact(self._name, name) if self.ignore_case else self._name == name
        with db.primary():
            found = await db.get(self.tag, condition)
        if found is not None:
            return found
        try:
            async with db.atomic():
                return await self._create(db, name)
        except IntegrityError:
            with db.primary():
                found = await db.get(self.tag, condition)
            if found is not None:
                return found
            raise

    async def _create(self, db: Session, name: str) -> Base:
        made = self.tag(name=name)
        await insert_tag(db, made)
        return made


async def insert_tag(db: Session, tag: Base) -> None:
    """``TagBase.save`` of a new tag: without a slug it gets the first that is free. Raises :class:`IntegrityError`."""
    held: Any = tag
    if held.slug:
        await db.insert(tag)
        return
    held.slug = slug = slugify(held.name, allow_unicode=True)
    try:
        async with db.atomic():
            await db.insert(tag)
    except IntegrityError:
        column = type(held).slug
        with db.primary():
            taken = {row[0] for row in await db.all(select(column).where(startswith(column, slug)))}
        held.slug = next(one for number in count(1) if (one := f"{slug}_{number}") not in taken)
        await db.insert(tag)


__all__ = ["Tagging", "insert_tag"]
