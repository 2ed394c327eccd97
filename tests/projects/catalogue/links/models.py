"""Every kind of relation and of inheritance, every ``on_delete``."""

import uuid

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Named(models.Model):
    """An abstract parent."""

    name = models.CharField(max_length=20)

    class Meta:
        abstract = True
        ordering = ["name"]

    def __str__(self):
        return self.name


class Note(models.Model):
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.CharField(max_length=40)
    target = GenericForeignKey()
    text = models.TextField()


class Author(Named):
    boss = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="staff")
    friends = models.ManyToManyField("self")
    follows = models.ManyToManyField("self", symmetrical=False, related_name="followers")
    notes = GenericRelation(Note)


class Tag(models.Model):
    word = models.CharField(max_length=10, unique=True)


class Genre(models.Model):
    code = models.CharField(max_length=4, unique=True)
    key = models.UUIDField(primary_key=True, default=uuid.uuid4)


class Book(Named):
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    editor = models.ForeignKey(Author, null=True, on_delete=models.PROTECT, related_name="edited")
    reader = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    genre = models.ForeignKey(Genre, null=True, to_field="code", on_delete=models.RESTRICT)
    shelf = models.ForeignKey("Shelf", default=1, on_delete=models.SET_DEFAULT)
    loose = models.ForeignKey(
        Author, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    tags = models.ManyToManyField(Tag, related_name="books")
    critics = models.ManyToManyField(Author, through="Review", related_name="reviewed")
    slow = models.ForeignKey(
        Author, null=True, on_delete=models.CASCADE, db_column="slow_ref", db_index=False, related_name="+"
    )


class Shelf(models.Model):
    number = models.PositiveSmallIntegerField(unique=True)


class Review(models.Model):
    book = models.ForeignKey(Book, on_delete=models.CASCADE)
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    stars = models.SmallIntegerField(default=3)

    class Meta:
        unique_together = [("book", "author")]
        indexes = [models.Index(fields=["-book_id", "stars"], name="by_column")]
        constraints = [models.UniqueConstraint(fields=["book_id", "author_id", "stars"], name="columns")]


class Profile(models.Model):
    author = models.OneToOneField(Author, on_delete=models.CASCADE)
    guard = models.ForeignKey(Author, null=True, on_delete=models.RESTRICT, related_name="guarded")


class Place(models.Model):
    title = models.CharField(max_length=20)
    notes = GenericRelation(Note)


class Restaurant(Place):
    stars = models.IntegerField(default=0)


class Bar(Restaurant):
    own_key = models.OneToOneField(Restaurant, parent_link=True, primary_key=True, on_delete=models.CASCADE)
    loud = models.BooleanField(default=False)


class Seat(models.Model):
    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE)


class FunnyBook(Book):
    class Meta:
        proxy = True


class Cafe(Place, Genre):
    """Two parent tables: an object is rows of three tables."""

    own_place = models.OneToOneField(Place, parent_link=True, primary_key=True, on_delete=models.CASCADE)
    garden = models.BooleanField(default=True)


class TeaRoom(Cafe):
    kettles = models.PositiveIntegerField(default=1)


class Board(models.Model):
    """A key of two columns, one of them a foreign key (Django 5.2)."""

    pk = models.CompositePrimaryKey("place_id", "number")
    place = models.ForeignKey(Place, on_delete=models.CASCADE)
    number = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=20, unique=True)
    genre = models.ForeignKey(Genre, null=True, on_delete=models.SET_NULL)

    class Meta:
        indexes = [models.Index(fields=["number", "-label"], name="by_number")]


class Ticket(models.Model):
    """Swapped: Django makes no table for it."""

    number = models.IntegerField()

    class Meta:
        swappable = "TICKET_MODEL"


class SeasonTicket(models.Model):
    number = models.IntegerField()
    season = models.CharField(max_length=9)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["number", "season"],
                name="links_seasonticket_number_and_season_longer_than_postgresql_uniq",
            ),
            models.CheckConstraint(
                condition=models.Q(number__gt=0),
                name="links_seasonticket_number_is_positive_and_longer_than_postgresql",
            ),
        ]


class Gate(models.Model):
    opened_by = models.ForeignKey(settings.TICKET_MODEL, on_delete=models.CASCADE)
