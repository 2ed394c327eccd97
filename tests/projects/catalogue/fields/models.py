"""Every field class of ``django.db.models`` with the options that reach the database."""

import datetime as dt
import decimal as de
import json
import uuid as ids

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Concat, Lower, Now
from django.utils import timezone


class Colour(models.TextChoices):
    RED = "r", "Red"
    BLUE = "b", "Blue"


class Everything(models.Model):
    big = models.BigIntegerField(default=2**40)
    binary = models.BinaryField(default=b"\x00\x01")
    boolean = models.BooleanField(default=True)
    maybe = models.BooleanField(null=True)
    char = models.CharField(max_length=30, default="it's")
    indexed = models.CharField(max_length=30, db_index=True)
    unique = models.CharField(max_length=30, unique=True, default=ids.uuid4)
    choice = models.CharField(max_length=1, choices=Colour.choices, default=Colour.RED)
    renamed = models.CharField(max_length=5, db_column="other name", blank=True)
    date = models.DateField(default=dt.date.today)
    datetime = models.DateTimeField(default=timezone.now)
    fixed = models.DateTimeField(null=True)
    decimal = models.DecimalField(max_digits=8, decimal_places=2, default=de.Decimal("1.50"))
    duration = models.DurationField(default=dt.timedelta(days=1, seconds=3))
    email = models.EmailField(blank=True)
    file = models.FileField(upload_to="f", blank=True)
    path = models.FilePathField(blank=True)
    image = models.CharField(max_length=100, null=True)
    float = models.FloatField(default=1.5)
    ip = models.GenericIPAddressField(null=True)
    integer = models.IntegerField(default=0)
    json = models.JSONField(default=dict)
    json_null = models.JSONField(null=True)
    positive = models.PositiveIntegerField(default=1)
    positive_big = models.PositiveBigIntegerField(default=1)
    positive_small = models.PositiveSmallIntegerField(default=1)
    slug = models.SlugField(default="a-b")
    small = models.SmallIntegerField(default=-1)
    text = models.TextField(default="")
    text_indexed = models.TextField(db_index=True, default="x")
    time = models.TimeField(default=dt.time(3, 4, 5))
    url = models.URLField(blank=True)
    uuid = models.UUIDField(default=ids.uuid4)
    made = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    born = models.DateField(auto_now_add=True)

    class Meta:
        db_table = "catalogue everything"
        ordering = ["-datetime", "char"]
        unique_together = [("slug", "small", "uuid")]
        indexes = [
            models.Index(fields=["date", "-integer"], name="date_integer"),
            models.Index(fields=["char"], name="only_red", condition=models.Q(choice="r")),
            models.Index(Lower("email"), name="lower_email"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(integer__gte=-100), name="integer_floor"),
            models.UniqueConstraint(fields=["big", "choice"], name="big_choice"),
            models.UniqueConstraint(fields=["email"], name="one_email", condition=~models.Q(email="")),
            models.UniqueConstraint(Lower("renamed"), "unique", name="lower_renamed"),
        ]


class AutoKey(models.Model):
    id = models.AutoField(primary_key=True)


class SmallKey(models.Model):
    id = models.SmallAutoField(primary_key=True)


class TextKey(models.Model):
    code = models.CharField(max_length=10, primary_key=True)


class UuidKey(models.Model):
    id = models.UUIDField(primary_key=True, default=ids.uuid4, editable=False)
    name = models.CharField(max_length=10, default="")


class Reserved(models.Model):
    """Names that Python, SQLAlchemy or the generated module use as well."""

    metadata = models.JSONField(default=dict)
    registry = models.CharField(max_length=5, default="")
    text = models.TextField()
    now = models.DateTimeField(default=timezone.now)
    uuid4 = models.UUIDField(default=ids.uuid4)
    relationship = models.IntegerField(null=True)


class Text(models.Model):
    """A model with the name of a column type."""

    body = models.TextField()
    Any = models.JSONField(null=True)


class DatabaseDefaults(models.Model):
    number = models.IntegerField(db_default=7)
    word = models.CharField(max_length=9, db_default="it's")
    flag = models.BooleanField(db_default=True)
    at = models.DateTimeField(db_default=Now())
    doubled = models.GeneratedField(
        expression=models.F("number") * 2, output_field=models.IntegerField(), db_persist=True
    )


class Unmanaged(models.Model):
    name = models.CharField(max_length=3)

    class Meta:
        managed = False
        db_table = "somebody_elses"


class OwnEncoder(json.JSONEncoder):
    """Writes sets as lists."""

    def default(self, o):
        return sorted(o) if isinstance(o, set) else super().default(o)


class OwnDecoder(json.JSONDecoder):
    """Reads numbers as decimals."""

    def __init__(self, **options):
        super().__init__(parse_float=de.Decimal, **options)


class Anything(models.Model):
    """One column of each kind, for values that are not what it wants."""

    integer = models.IntegerField(null=True)
    float = models.FloatField(null=True)
    decimal = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    boolean = models.BooleanField(null=True)
    text = models.TextField(null=True)
    date = models.DateField(null=True)
    datetime = models.DateTimeField(null=True)
    time = models.TimeField(null=True)
    duration = models.DurationField(null=True)
    uuid = models.UUIDField(null=True)
    binary = models.BinaryField(null=True)
    address = models.GenericIPAddressField(null=True)
    unpacked = models.GenericIPAddressField(null=True, unpack_ipv4=True)
    json = models.JSONField(null=True)
    encoded = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    own_encoded = models.JSONField(null=True, encoder=OwnEncoder)
    own_decoded = models.JSONField(null=True, decoder=OwnDecoder)
    file = models.FileField(null=True, upload_to="f")
    filled = models.FileField(upload_to="f", db_default="f/given.txt")


# Django's own CreateModel fails on it on MariaDB, whose statement for it is None.
OVER_EXPRESSIONS = (
    []
    if "mysql" in settings.DATABASES["default"]["ENGINE"]
    else [models.UniqueConstraint(Lower("word"), name="colon_unique", condition=models.Q(word__gt=" :g"))]
)


class Colons(models.Model):
    """Texts in the database's own statements that look like parameters, and formulas that each database spells its own way."""

    word = models.CharField(max_length=9, db_default=" :a")
    joined = models.GeneratedField(
        expression=Concat(models.F("word"), models.Value(" :b")), output_field=models.CharField(max_length=20), db_persist=True
    )  # fmt: skip

    class Meta:
        indexes = [
            models.Index(fields=["word"], name="colon_where", condition=models.Q(word=":c")),
            models.Index(Concat(models.F("word"), models.Value(":d")), name="colon_formula"),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(word__in=[":e", ":f"]), name="colon_check"),
            *OVER_EXPRESSIONS,
        ]
