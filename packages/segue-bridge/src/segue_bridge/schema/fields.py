"""All input fields under one roof, for ``Annotated`` metadata of write models."""

from segue_bridge.schema.base import Field
from segue_bridge.schema.choices import Choice, FilePath, MultipleChoice
from segue_bridge.schema.containers import Anything, Dict, HStore, Json, List, Unparsed
from segue_bridge.schema.dates import Date, DateTime, Duration, Time
from segue_bridge.schema.files import File, Image
from segue_bridge.schema.nested import Nested, NestedList
from segue_bridge.schema.numbers import BigInteger, Boolean, DecimalField, Float, Integer
from segue_bridge.schema.relations import Many, ManyPk, ManySlugRelated, Pk, Reference, SlugRelated
from segue_bridge.schema.text import Char, Email, Ip, Regex, Slug, Url, Uuid

__all__ = [
    "Anything",
    "BigInteger",
    "Boolean",
    "Char",
    "Choice",
    "Date",
    "DateTime",
    "DecimalField",
    "Dict",
    "Duration",
    "Email",
    "Field",
    "File",
    "FilePath",
    "Float",
    "HStore",
    "Image",
    "Integer",
    "Ip",
    "Json",
    "List",
    "Many",
    "ManyPk",
    "ManySlugRelated",
    "MultipleChoice",
    "Nested",
    "NestedList",
    "Pk",
    "Reference",
    "Regex",
    "Slug",
    "SlugRelated",
    "Time",
    "Unparsed",
    "Url",
    "Uuid",
]
