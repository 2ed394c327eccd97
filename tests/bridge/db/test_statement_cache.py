"""SQLAlchemy keeps what it has compiled: two statements that differ in an argument of a column type are not taken for one."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest
from sqlalchemy import create_engine, literal, select

from segue_bridge.db import types
from segue_bridge.db.types.base import DjangoType
from segue_bridge.db.types.converted import Converted
from segue_bridge.db.types.raw import OwnText, Raw


class Loud(json.JSONEncoder):
    def default(self, o: object) -> str:
        return type(o).__name__.upper()


class Quiet(json.JSONEncoder):
    def default(self, o: object) -> str:
        return type(o).__name__


@pytest.mark.parametrize(
    ("value", "one", "other", "read"),
    [
        (
            "ab",
            Converted(types.Text(), write=str.upper),
            Converted(types.Text(), write=str.title),
            ["AB", "Ab"],
        ),
        ({1}, types.Json(encoder=Loud), types.Json(encoder=Quiet), ["SET", "set"]),
        ("::ffff:1.2.3.4", types.Inet(unpack=True), types.Inet(), ["1.2.3.4", "::ffff:1.2.3.4"]),
    ],
    ids=["converted", "json", "address"],
)
def test_each_is_written_by_its_own_type(
    value: object, one: DjangoType[Any], other: DjangoType[Any], read: list[str]
) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        assert [connection.scalar(select(literal(value, kind))) for kind in (one, other)] == read
    engine.dispose()


def _all(cls: type[Any]) -> list[type[Any]]:
    return [cls, *(found for below in cls.__subclasses__() for found in _all(below))]


def test_no_argument_that_decides_about_values_is_left_out_of_the_key() -> None:
    """Those of :class:`Raw` and :class:`OwnText`, and collations, are for the DDL of a table only."""
    assert {Raw, OwnText} < set(_all(DjangoType))
    for cls in _all(DjangoType):
        for name, parameter in inspect.signature(cls.__init__).parameters.items():
            if parameter.kind is parameter.KEYWORD_ONLY and not issubclass(cls, Raw | OwnText):
                assert name == "collation", (cls, name)
