"""One method per case; what it returns is compared between Django and the translation."""

import base64
import datetime
import enum
import ipaddress
import json
import logging
import os.path
import random
import re
import statistics
import textwrap
import unicodedata
from collections.abc import Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import Parser
from functools import partial
from html import escape
from urllib.parse import parse_qs, urlparse

from django.apps import apps
from django.conf import settings
from django.core.cache import cache, caches
from django.core.cache.utils import make_template_fragment_key
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.db.models import (
    Avg,
    Case,
    Count,
    Exists,
    F,
    ForeignKey,
    IntegerField,
    Max,
    Min,
    Model,
    OuterRef,
    Q,
    Subquery,
    Sum,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Lower
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import dateformat, formats, timezone
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.views import APIView

from library.models import (
    Author,
    Book,
    Bottle,
    Category,
    Crate,
    Dial,
    Diary,
    Event,
    Folder,
    Machine,
    Permit,
    Placement,
    Plan,
    Plate,
    Profile,
    Review,
    Scan,
    Sheet,
    Sticker,
    Tag,
)

ISO = "%Y-%m-%dT%H:%M:%S.%f%z"
SEEN = {"first": 1}
SYSTEM = random.SystemRandom()
COUNT = 0
LIMITS = {"low": 5, "high": 20}


def remember(key):
    global COUNT
    COUNT += 1
    SEEN[key] = COUNT


def marked_up(html):
    return [escape(html), html]


def text_and_words(text):
    words = []
    for word in text.split():
        words.append(word)
    return (text, words)


def in_place(cls):
    """An object of the class under the name of the class."""
    return cls()


logger = logging.getLogger(__name__)


class StockError(Exception):
    """What may be wrong with the stock."""


class OutOfStock(StockError):
    pass


class WrongAmount(StockError, ValueError):
    pass


class Odd(ValueError):
    pass


class Coded(Exception):
    code = 7
    note = None

    def __init__(self, what: str, *, level=None):
        self.what = what
        self.level = level or str(self.code)
        super().__init__(what, self.level)


class CodedMore(Coded):
    code = 8


class Working(Exception):
    def __init__(self):
        self.at = timezone.now()


class Helping(Exception):
    def help(self):
        return "no"


class Spoken(Exception):
    def __str__(self):
        return "spoken"


class Level(enum.StrEnum):
    HIGH = "high"


class Grade(TextChoices):
    GOOD = "g"


class Shelf:
    total = 0
    entries = []
    limits = {"low": 5, "high": 20}
    marks = {"first": 1}

    def mark(self, title):
        self.marks[title] = len(self.marks)

    @classmethod
    def enter(cls, title):
        cls.total += 1
        cls.entries.append(title)

    @classmethod
    def cheapest(cls, author):
        book = Book.objects.filter(author__name=author).order_by("price", "id").first()
        return cls.named(book.title) if book is not None else cls.named("none")

    @staticmethod
    def named(title):
        return f"shelf: {title}"

    @classmethod
    def below(cls):
        return Book.objects.filter(price__lt=cls.limits["high"]).count()


class LowShelf(Shelf):
    pass


@in_place
class TopShelf(Shelf):
    limits = {"low": 10, "high": 40}


def diary():
    return [line.line for line in Diary.objects.order_by("id")]


def titles(books):
    return [book.title for book in books]


def shortened(text):
    return text[:2].lower()


def books_of(name):
    return Book.objects.filter(author__name=name).count()


def min_price():
    return 8


def priced_over(price, status):
    return Q(price__gt=price) | Q(status=status, price__gt=price - 4)


def related_count(model, field="book"):
    counts = (
        model.objects.filter(**{field: OuterRef("pk")})
        .order_by()
        .values(field)
        .annotate(n=Count("pk"))
        .values("n")
    )
    return Coalesce(Subquery(counts, output_field=IntegerField()), Value(0))


def column_of_books(column):
    return sorted(Book.objects.order_by().values_list(column, flat=True).distinct())


def stripped(text):
    return text.strip() or None


def none_told():
    return None


def nothing_yet():
    return []


def filled(items):
    items.append("filled")


def not_told(book):
    """Kept for those who ask."""
    return


class Away:
    """What no value of a row is."""


class Stars(Away):
    pass


class LabEncoder(DjangoJSONEncoder):
    def default(self, o):
        if isinstance(o, Away):
            return "away"
        elif isinstance(o, Model):
            return {"id": o.pk}
        else:
            return super().default(o)


class RoundingEncoder(DjangoJSONEncoder):
    def default(self, o):
        if isinstance(o, datetime.date):
            return "a day"
        return super().default(o)


def key_of(thing):
    if there := getattr(thing, "catalogue", None):
        return there.pk
    if name := "known":
        return [thing.pk, name, there]
    return []


def noted(title, data=None, loud=False):
    changes = title.split()
    if changes:
        if data is None:
            data = {}
        data["words"] = changes
    if loud:
        title = title.upper()
    if not loud or data:
        return [title, data, len(data) if data else 0]
    return title


def many_or_few(items, data=None):
    if len(items) > 2:
        data = {"secret key": items, "few": items[:1]}
    if data:
        for key, value in data.items():
            if "secret" in key:
                value = data[key]
                data[key] = "hidden" if value else value
    return data


def written(title, extra=None):
    extra = extra or {}
    return described(title, **extra)


def described(title, loud=False):
    return title.upper() if loud else title


def kinds_of_fields(thing):
    found = {}
    for field in thing._meta.fields:
        value = getattr(thing, field.name, None)
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            found[field.name] = "moment"
        elif isinstance(field, ForeignKey):
            found[field.name] = value.pk if value else None
        elif isinstance(value, (Away, Stars)):
            found[field.name] = "away"
        else:
            found[field.name] = json.loads(json.dumps(value, cls=LabEncoder))
    return found


def shouted(text):
    text = stripped(text)
    if text is None:
        return "silence"
    text = text.upper()
    return text + "!"


class Lab(APIView):
    # filtering ---------------------------------------------------------------------------

    def case_all_meta_ordering(self):
        return titles(Book.objects.all())

    def case_filter_column(self):
        return titles(Book.objects.filter(status="p", price__gte=9))

    def case_filter_key_beyond_every_column(self):
        beyond = Author.objects.count() + 10**20
        return Book.objects.filter(author__id=beyond).count(), Book.objects.filter(
            tags__id__lt=beyond
        ).count()

    def case_filter_bool(self):
        return titles(Book.objects.filter(in_print=False))

    def case_exclude_nullable(self):
        return titles(Book.objects.exclude(rating=5))

    def case_exclude_two(self):
        return titles(Book.objects.exclude(status="p", rating=5))

    def case_exclude_gt_nullable(self):
        return titles(Book.objects.exclude(rating__gt=3))

    def case_not_q_nullable(self):
        return titles(Book.objects.filter(~Q(rating=5)))

    def case_double_negation(self):
        return titles(Book.objects.exclude(~Q(rating=5)))

    def case_filter_fk_column(self):
        return titles(Book.objects.filter(author__name="Ada"))

    def case_filter_fk_nullable(self):
        return titles(Book.objects.filter(editor__name="Ada"))

    def case_exclude_fk_nullable(self):
        return titles(Book.objects.exclude(editor__name="Ada"))

    def case_exclude_fk_null_column(self):
        return titles(Book.objects.exclude(author__age=70))

    def case_exclude_fk_gt(self):
        return titles(Book.objects.exclude(author__age__gt=40))

    def case_or_fk_and_local(self):
        return titles(Book.objects.filter(Q(editor__name="Ada") | Q(status="o")))

    def case_or_not(self):
        return titles(Book.objects.filter(Q(status="o") | ~Q(editor__country="SE")))

    def case_fk_isnull(self):
        return titles(Book.objects.filter(editor__isnull=True))

    def case_fk_isnull_false(self):
        return titles(Book.objects.filter(editor__isnull=False))

    def case_fk_column_isnull(self):
        return titles(Book.objects.filter(author__age__isnull=True))

    def case_filter_none(self):
        return titles(Book.objects.filter(rating=None))

    def case_exclude_none(self):
        return titles(Book.objects.exclude(rating=None))

    def case_reverse_one_to_one(self):
        return [a.name for a in Author.objects.filter(profile__city="Rome")]

    def case_reverse_one_to_one_isnull(self):
        return [a.name for a in Author.objects.filter(profile__isnull=True)]

    def case_reverse_one_to_one_exclude(self):
        return [a.name for a in Author.objects.exclude(profile__city="Rome")]

    def case_m2m_repeats(self):
        return titles(Book.objects.filter(tags__label__in=["fun", "sad"]))

    def case_m2m_distinct(self):
        return titles(Book.objects.filter(tags__label__in=["fun", "sad"]).distinct())

    def case_m2m_distinct_ordered(self):
        return titles(Book.objects.filter(tags__label__in=["fun", "sad"]).order_by("title").distinct())

    def case_m2m_exact_object(self):
        tag = Tag.objects.get(label="fun")
        return titles(Book.objects.filter(tags=tag))

    def case_m2m_two_filters(self):
        return titles(Book.objects.filter(tags__label="fun").filter(tags__label="sad"))

    def case_m2m_one_filter(self):
        return titles(Book.objects.filter(tags__label="fun", tags__id__gt=1))

    def case_m2m_exclude(self):
        return titles(Book.objects.exclude(tags__label="fun"))

    def case_m2m_exclude_two(self):
        return titles(Book.objects.exclude(reviews__stars=5, reviews__text="so so"))

    def case_m2m_or(self):
        return titles(Book.objects.filter(Q(tags__label="fun") | Q(status="o")))

    def case_m2m_or_repeats(self):
        return titles(Book.objects.filter(Q(tags__label="fun") | Q(title="Alpha")))

    def case_m2m_or_distinct(self):
        return titles(Book.objects.filter(Q(tags__label="fun") | Q(title="Alpha")).distinct())

    def case_m2m_loop(self):
        queryset = Book.objects.all()
        for label in ["fun", "sad"]:
            queryset = queryset.filter(tags__label=label)
        return titles(queryset)

    def case_reverse_fk_repeats(self):
        return titles(Book.objects.filter(reviews__stars__gte=1))

    def case_reverse_fk_isnull(self):
        return titles(Book.objects.filter(reviews__isnull=True))

    def case_reverse_fk_not_null_repeats(self):
        return titles(Book.objects.filter(reviews__isnull=False))

    def case_reverse_fk_unique_pair(self):
        return titles(Book.objects.filter(reviews__user=self.request.user))

    def case_two_hops(self):
        return [t.label for t in Tag.objects.filter(books__author__country="UK")]

    def case_through(self):
        return [c.name for c in Category.objects.filter(books__title="Alpha").order_by("name")]

    def case_self_reference(self):
        return [c.name for c in Category.objects.filter(parent__name="root")]

    def case_self_reference_twice(self):
        return [c.name for c in Category.objects.filter(parent__parent__name="root")]

    def case_in_subquery(self):
        authors = Author.objects.filter(country="UK")
        return titles(Book.objects.filter(author__in=authors))

    def case_in_subquery_values(self):
        ids = Author.objects.filter(country="UK").values_list("id", flat=True)
        return titles(Book.objects.filter(author_id__in=ids))

    def case_in_subquery_exclude(self):
        ids = Author.objects.filter(country="UK").values("id")
        return titles(Book.objects.exclude(author__in=ids))

    def case_in_same_table(self):
        return titles(Book.objects.filter(id__in=Book.objects.filter(price__lt=10).values("id")))

    def case_in_list(self):
        return titles(Book.objects.filter(pk__in=[1, 3, 99]))

    def case_in_empty(self):
        return titles(Book.objects.filter(pk__in=[]))

    def case_exclude_in_empty(self):
        return titles(Book.objects.exclude(pk__in=[]))

    def case_in_with_none(self):
        return titles(Book.objects.filter(rating__in=[None, 5]))

    def case_exclude_in_with_none(self):
        return titles(Book.objects.exclude(rating__in=[None, 5]))

    def case_contains(self):
        return titles(Book.objects.filter(title__contains="a"))

    def case_icontains_escape(self):
        return titles(Book.objects.filter(title__icontains="100%"))

    def case_startswith(self):
        return titles(Book.objects.filter(title__istartswith="B"))

    def case_iexact(self):
        return titles(Book.objects.filter(title__iexact="ALPHA"))

    def case_range(self):
        return titles(Book.objects.filter(price__range=(5, 9)))

    def case_date_lookup(self):
        return titles(Book.objects.filter(created__date=datetime.date(2023, 12, 31)))

    def case_year(self):
        return titles(Book.objects.filter(created__year=2023))

    def case_date_column_year(self):
        return titles(Book.objects.filter(published__year=2020))

    def case_str_for_int(self):
        return titles(Book.objects.filter(price="5"))

    def case_query_param_int(self):
        return titles(Book.objects.filter(price=self.request.query_params["min"]))

    def case_query_param_bad_int(self):
        return titles(Book.objects.filter(price=self.request.query_params["name"]))

    def case_f_comparison(self):
        return titles(Book.objects.filter(price__gt=F("rating")))

    def case_exists_expression(self):
        reviews = Review.objects.filter(book=OuterRef("pk"), stars__gt=2)
        return titles(Book.objects.filter(Exists(reviews)))

    def case_not_exists_expression(self):
        return titles(Book.objects.filter(~Exists(Review.objects.filter(book_id=OuterRef("id")))))

    # ordering, slicing -----------------------------------------------------------------------

    def case_order_by_two_columns_of_a_relation(self):
        return titles(Book.objects.order_by("author__country", "-author__name", "price"))

    def case_order_by_columns_of_two_relations_to_one_model(self):
        return titles(Book.objects.order_by("editor__country", "author__name", "editor__name", "price"))

    def case_order_by_one_relation_behind_two(self):
        reviews = Review.objects.order_by(
            "book__author__country", "book__editor__country", "book__author__name", "stars", "id"
        )
        return [r.stars for r in reviews]

    def case_order_by(self):
        return titles(Book.objects.order_by("-price"))

    def case_order_by_relation(self):
        return titles(Book.objects.order_by("author", "-price"))

    def case_order_by_relation_column(self):
        return titles(Book.objects.order_by("-author__country", "price"))

    def case_order_by_nullable_relation(self):
        return titles(Book.objects.order_by("editor__name", "price"))

    def case_order_by_twice(self):
        return titles(Book.objects.order_by("price").order_by("-title"))

    def case_order_cleared(self):
        return sorted(titles(Book.objects.order_by()))

    def case_order_by_f(self):
        return titles(Book.objects.order_by(F("rating").desc(nulls_last=True), "id"))

    def case_order_lower(self):
        return titles(Book.objects.annotate(low=Lower("title")).order_by("low"))

    def case_reverse(self):
        return titles(Book.objects.reverse())

    def case_slice(self):
        return titles(Book.objects.all()[1:3])

    def case_index(self):
        return Book.objects.order_by("price")[1].title

    def case_index_error(self):
        return Book.objects.order_by("price")[99].title

    def case_first(self):
        book = Book.objects.filter(status="p").first()
        return book.title if book else None

    def case_first_none(self):
        book = Book.objects.filter(status="x").first()
        return book.title if book else None

    def case_last(self):
        book = Book.objects.last()
        return book.title if book else None

    def case_last_ordered(self):
        review = Review.objects.order_by("stars").last()
        return review.stars if review is not None else None

    def case_first_unordered(self):
        review = Review.objects.filter(stars__lt=5).first()
        return review.stars if review is not None else None

    def case_latest(self):
        return Book.objects.latest("price").title

    # evaluation ------------------------------------------------------------------------------

    def case_get(self):
        return Book.objects.get(title="Gamma").price

    def case_get_missing(self):
        return Book.objects.get(title="nothing").price

    def case_get_many(self):
        return Book.objects.get(status="p").price

    def case_get_missing_caught(self):
        try:
            book = Book.objects.get(title="nothing")
        except Book.DoesNotExist:
            return "missing"
        return book.title

    def case_count(self):
        return Book.objects.filter(tags__label__in=["fun", "sad"]).count()

    def case_count_distinct(self):
        return Book.objects.filter(tags__label__in=["fun", "sad"]).distinct().count()

    def case_count_sliced(self):
        return Book.objects.all()[:2].count()

    def case_exists(self):
        return Book.objects.filter(tags__label="fun").exists()

    def case_not_exists(self):
        return not Book.objects.filter(tags__label="none").exists()

    def case_len_then_loop(self):
        books = Book.objects.filter(price__lt=10)
        return [len(books), [b.title for b in books]]

    def case_values_list_flat(self):
        return list(Book.objects.order_by("id").values_list("title", flat=True))

    def case_values_list(self):
        return [[a, b] for a, b in Book.objects.order_by("id").values_list("title", "author__name")]

    def case_values(self):
        return list(Book.objects.filter(price__lt=8).order_by("id").values("id", "editor__name"))

    def case_values_distinct(self):
        return sorted(Book.objects.order_by().values_list("status", flat=True).distinct())

    def case_aggregate(self):
        return Book.objects.filter(status="p").aggregate(total=Sum("price"), top=Max("rating"))

    def case_aggregate_empty(self):
        return Book.objects.filter(status="x").aggregate(Sum("price"))["price__sum"]

    def case_in_queryset(self):
        book = Book.objects.get(pk=1)
        return book in Book.objects.filter(status="p")

    # annotations -----------------------------------------------------------------------------

    def case_annotate_count(self):
        return [[b.title, b.n] for b in Book.objects.annotate(n=Count("reviews"))]

    def case_annotate_count_filter(self):
        books = Book.objects.annotate(n=Count("reviews", filter=Q(reviews__stars__gt=2)))
        return [[b.title, b.n] for b in books]

    def case_annotate_sum(self):
        return [[b.title, b.n] for b in Book.objects.annotate(n=Sum("reviews__stars"))]

    def case_annotate_coalesce(self):
        return [[b.title, b.n] for b in Book.objects.annotate(n=Coalesce(Sum("reviews__stars"), 0))]

    def case_annotate_filter(self):
        return titles(Book.objects.annotate(n=Count("reviews")).filter(n__gte=1))

    def case_annotate_order(self):
        return titles(Book.objects.annotate(n=Count("reviews")).order_by("-n", "title"))

    def case_annotate_exists(self):
        mine = Review.objects.filter(book=OuterRef("pk"), user=self.request.user)
        return [[b.title, b.reviewed] for b in Book.objects.annotate(reviewed=Exists(mine))]

    def case_annotate_subquery(self):
        best = Review.objects.filter(book=OuterRef("pk")).order_by("-stars").values("stars")[:1]
        return [[b.title, b.best] for b in Book.objects.annotate(best=Subquery(best))]

    def case_annotate_case(self):
        books = Book.objects.annotate(
            band=Case(
                When(price__lt=8, then=Value("low")),
                When(price__lt=20, then=Value("mid")),
                default=Value("high"),
            )
        )
        return [[b.title, b.band] for b in books]

    def case_annotate_f(self):
        return [[b.title, b.name] for b in Book.objects.annotate(name=F("author__name"))]

    def case_annotate_count_m2m(self):
        return [[b.title, b.n] for b in Book.objects.annotate(n=Count("tags"))]

    def case_annotated_ordered(self):
        return [[b.title, b.n] for b in Book.objects.annotate(n=Count("reviews")).order_by("title")]

    def case_annotated_filter_q(self):
        books = Book.objects.annotate(n=Count("reviews", filter=Q(reviews__stars__gt=2))).order_by("id")
        return [[b.title, b.n] for b in books]

    def case_annotated_sum(self):
        books = Book.objects.order_by("id").annotate(n=Sum("reviews__stars"), m=Value(1))
        return [[b.title, b.n, b.m] for b in books]

    def case_annotated_coalesce(self):
        return [b.n for b in Book.objects.annotate(n=Coalesce(Sum("reviews__stars"), 0)).order_by("id")]

    def case_annotated_m2m(self):
        return [b.n for b in Book.objects.annotate(n=Count("tags")).filter(n__gte=1).order_by("id")]

    def case_annotated_count(self):
        return Book.objects.annotate(n=Count("tags")).filter(n__gte=2).count()

    # groups ----------------------------------------------------------------------------------

    def case_group_count(self):
        return list(Book.objects.values("status").annotate(n=Count("id")).order_by("status"))

    def case_group_meta_ordering_is_left_out(self):
        found = Book.objects.values_list("status").annotate(n=Count("*"), most=Max("price"))
        return sorted([status, n, most] for status, n, most in found)

    def case_group_by_relation(self):
        books = Book.objects.values("author__name", "editor__name").annotate(n=Count("editor__age"))
        return list(books.order_by("author__name", "-n", "editor__name"))

    def case_group_to_many_shares_join(self):
        tags = Tag.objects.values("label").annotate(n=Count("books"), best=Max("books__price"))
        return list(tags.order_by("-n", "label"))

    def case_group_to_many_multiplies(self):
        books = Book.objects.values("title").annotate(n=Count("reviews"), m=Count("tags"))
        return list(books.order_by("title"))

    def case_group_distinct_count(self):
        books = Book.objects.values("title").annotate(
            n=Count("reviews", distinct=True), m=Count("tags", distinct=True)
        )
        return list(books.order_by("title"))

    def case_group_filtered_before(self):
        reviews = Review.objects.filter(stars__gt=2, book__status="p").values("book__author__name")
        return list(reviews.annotate(total=Sum("stars"), n=Count("book", distinct=True)).order_by("-total"))

    def case_group_filtered_after(self):
        authors = Book.objects.values("author__name").annotate(n=Count("id"))
        return list(authors.filter(n__gt=1, author__name__lt="C").order_by("author__name"))

    def case_group_excluded_after(self):
        return list(Book.objects.values("status").annotate(n=Count("id")).exclude(n=1).order_by("status"))

    def case_group_order_joins_groups(self):
        return list(Book.objects.values("status").annotate(n=Count("id")).order_by("in_print", "status"))

    def case_group_order_by_relation_joins_groups(self):
        return list(Book.objects.values("status").annotate(n=Count("id")).order_by("author", "status"))

    def case_group_order_before(self):
        return list(Book.objects.order_by("-price").values("status").annotate(n=Count("id")))

    def case_group_top(self):
        tags = Tag.objects.values("label").annotate(n=Count("books")).order_by("-n", "label")[:2]
        return list(tags.values_list("label", flat=True))

    def case_group_length(self):
        return Book.objects.values("status").annotate(n=Count("id")).count()

    def case_group_exists(self):
        return Book.objects.values("status").annotate(n=Count("id")).filter(n__gt=99).exists()

    def case_group_filtered_aggregate(self):
        books = Book.objects.values("status").annotate(
            good=Count("reviews", filter=Q(reviews__stars__gte=4)), cheap=Count("id", filter=Q(price__lt=10))
        )
        return list(books.order_by("status"))

    def case_group_average(self):
        books = Book.objects.values("status").annotate(mean=Avg("price"), low=Min("rating"))
        return list(books.order_by("status"))

    def case_group_later_column(self):
        books = Book.objects.values("status").annotate(n=Count("id")).annotate(kept=F("in_print"))
        return list(books.order_by("status", "kept"))

    def case_group_alias(self):
        books = Book.objects.values("status").alias(n=Count("id")).filter(n__gt=1)
        return list(books.order_by("status"))

    def case_group_in_steps(self):
        books = Book.objects.filter(price__gt=1)
        groups = books.values("author__name")
        groups = groups.annotate(n=Count("reviews"))
        groups = groups.annotate(most=Max("reviews__stars"))
        return [[g["author__name"], g["n"], g["most"]] for g in groups.order_by("author__name")]

    def case_group_subquery(self):
        counts = (
            Review.objects.filter(book=OuterRef("pk"))
            .order_by()
            .values("book")
            .annotate(n=Count("pk"))
            .values("n")
        )
        books = Book.objects.annotate(n=Coalesce(Subquery(counts, output_field=IntegerField()), Value(0)))
        return [[b.title, b.n] for b in books.order_by("title")]

    def case_group_subquery_joined(self):
        best = (
            Review.objects.filter(book=OuterRef("pk"))
            .values("user__username")
            .annotate(n=Sum("stars"))
            .order_by("-n", "user__username")
            .values("user__username")[:1]
        )
        return [[b.title, b.who] for b in Book.objects.annotate(who=Subquery(best)).order_by("title")]

    def case_group_exists_inside(self):
        liked = (
            Review.objects.filter(book=OuterRef("pk")).values("book").annotate(n=Count("pk")).filter(n__gt=1)
        )
        return titles(Book.objects.filter(Exists(liked)).order_by("title"))

    def case_group_in(self):
        busy = Book.objects.values("author").annotate(n=Count("id")).filter(n__gt=1).values("author")
        return [a.name for a in Author.objects.filter(id__in=busy)]

    def case_group_of_related_set(self):
        tag = Tag.objects.get(label="fun")
        return list(tag.books.values("status").annotate(n=Count("id")).order_by("status"))

    def case_group_after_to_many_filter(self):
        books = Book.objects.filter(tags__label__in=["fun", "sad"]).values("status").annotate(n=Count("id"))
        return list(books.order_by("status"))

    def case_group_shares_filter_join(self):
        books = Book.objects.filter(tags__label__in=["fun", "sad"]).values("title").annotate(n=Count("tags"))
        return list(books.order_by("title"))

    def case_annotate_shares_filter_join(self):
        tag = Tag.objects.get(label="fun")
        return [
            [b.title, b.n] for b in Book.objects.filter(tags=tag).annotate(n=Count("tags")).order_by("id")
        ]

    def case_distinct_then_values(self):
        return Book.objects.order_by().distinct().values("status").count()

    def case_nothing_to_try(self):
        found = []
        try:
            pass
        except KeyError:
            return "missing"
        else:
            found.append("else")
        finally:
            found.append("finally")
        return found

    # helpers that give conditions or expressions ---------------------------------------------

    def case_helper_gives_condition(self):
        return titles(Book.objects.filter(priced_over(min_price(), "d")).order_by("title"))

    def case_helper_gives_expression(self):
        books = Book.objects.annotate(n=related_count(Review), m=related_count(Placement, "book"))
        return [[b.title, b.n, b.m] for b in books.order_by("title")]

    def case_helper_names_column(self):
        return column_of_books("title") + column_of_books("status")

    def case_keywords_kept(self):
        known = {"status": "p", "author__name": "Ada"}
        return titles(Book.objects.filter(**known).order_by("title"))

    def case_keywords_by_branch(self):
        known = {"price__gt": 1}
        if self.request.user.is_staff:
            known["status"] = "d"
        else:
            known["status"] = "p"
            known["in_print"] = True
        return titles(Book.objects.filter(**known).order_by("title"))

    def case_keywords_sometimes(self):
        known = {"price__gt": 1}
        for status in ("p", "d"):
            if status == "p":
                known["status"] = status
        book = Book.objects.filter(**known).order_by("title").first()
        return book.title

    def case_keywords_where_asked_for(self):
        known = {"price__gt": 1}
        name = self.request.query_params.get("name")
        if name:
            known["title__gt"] = name
        nothing = self.request.query_params.get("nothing")
        if nothing:
            known["title"] = nothing
        if len(titles(Book.objects.filter(status="p"))) > 1:
            known["in_print"] = True
        return titles(Book.objects.filter(**known).order_by("title"))

    def case_keywords_where_asked_for_of_another(self):
        known = {}
        wanted = self.request.query_params.get("status")
        if wanted:
            known["author__name"] = wanted
        return titles(Book.objects.filter(**known).order_by("title"))

    def case_keywords_where_asked_for_in_q(self):
        known = {}
        wanted = self.request.query_params.get("nothing")
        if wanted:
            known["title"] = wanted
        return titles(Book.objects.filter(Q(status="p") | Q(**known)).order_by("title"))

    def case_keywords_where_asked_for_left_out(self):
        known = {}
        wanted = self.request.query_params.get("nothing")
        if wanted:
            known["title"] = wanted
        return titles(Book.objects.exclude(**known).order_by("title"))

    def case_keywords_that_change_later(self):
        known = {}
        wanted = self.request.query_params.get("name")
        if wanted:
            known["title__gt"] = wanted
        wanted = "d"
        return [wanted, titles(Book.objects.filter(**known).order_by("title"))]

    # the standard library ----------------------------------------------------------------------

    def case_pure_functions(self):
        made = [escape(f"<{b.title}>") for b in Book.objects.order_by("title")]
        return [
            made,
            textwrap.wrap("one two three", 7),
            base64.urlsafe_b64encode(b"a?>").decode("ascii"),
            unicodedata.normalize("NFD", "\u00e9"),
            statistics.mean([b.price for b in Book.objects.order_by("title")]),
            str(ipaddress.ip_network("10.0.0.0/30")),
            parse_qs("a=1&b=2&a=3"),
        ]

    def case_pure_function_fails(self):
        return str(ipaddress.ip_address(self.request.query_params["name"]))

    def case_parts_of_an_address(self):
        parsed = urlparse("https://ann:s@Example.org:81/a;x?b=c#d")
        bare = urlparse(self.request.query_params["name"])
        parts = [parsed.scheme, parsed.netloc, parsed.hostname, parsed.port, parsed.username, parsed.params]
        return [parts, parsed.geturl(), bare.path, bare.hostname, bare.port]

    def case_parts_of_what_may_be_missing(self):
        return urlparse(self.request.query_params.get("nothing")).netloc

    def case_local_called_like_a_module(self):
        html = escape(self.request.query_params["name"] + "<")
        urllib = urlparse("http://example.org/").netloc
        return [html, escape(html), urllib, parse_qs("a=1")]

    def case_parameter_called_like_a_module(self):
        return marked_up(self.request.query_params["name"] + "&")

    def case_header_in_words(self):
        try:
            words = decode_header("=?utf-8?q?caf=C3=A9?= au lait")
        except HeaderParseError:
            return None
        return [str(make_header(words)), len(words)]

    def case_headers_with_several_values(self):
        headers = {}
        parsed = Parser().parsestr("To: a\nCc: b\nCc: c\n\ntext", True)
        for key in parsed.keys():  # noqa: SIM118
            headers[key] = parsed.get_all(key)
            if len(headers[key]) == 1:
                headers[key] = headers[key][0]
        return headers

    def case_header_broken(self):
        try:
            return str(make_header(decode_header("=?utf-8?b?a?=")))
        except HeaderParseError:
            return "broken"

    def case_random_of_the_system(self):
        drawn = "".join(SYSTEM.choices("ab", k=5))
        return [len(drawn), drawn.strip("ab"), SYSTEM.randrange(3, 4)]

    def case_two_different_things(self):
        text, words = text_and_words("a b")
        return [text, words, text_and_words("c")[1], text_and_words("d")[0].upper()]

    # loading ---------------------------------------------------------------------------------

    def case_fk_chain(self):
        return [b.author.name for b in Book.objects.select_related("author")]

    def case_fk_nullable(self):
        return [b.editor.name if b.editor else None for b in Book.objects.select_related("editor")]

    def case_two_relations_same_model(self):
        return [[b.author.name, b.editor.age if b.editor is not None else -1] for b in Book.objects.all()]

    def case_m2m_list(self):
        return [[b.title, [t.label for t in b.tags.all()]] for b in Book.objects.prefetch_related("tags")]

    def case_reverse_list(self):
        return [[b.title, sum(r.stars for r in b.reviews.all())] for b in Book.objects.all()]

    def case_nested_lists(self):
        return [[a.name, [[b.title, b.tag_labels()] for b in a.books.all()]] for a in Author.objects.all()]

    def case_related_filter(self):
        return [b.reviews.filter(stars__gt=2).count() for b in Book.objects.all()]

    def case_related_exists(self):
        return [b.tags.exists() for b in Book.objects.all()]

    def case_prefetched_count(self):
        return [b.tags.count() for b in Book.objects.prefetch_related("tags")]

    def case_reverse_one_to_one_read(self):
        return [
            a.profile.city if hasattr(a, "profile") else None
            for a in Author.objects.select_related("profile")
        ]

    def case_reverse_one_to_one_missing(self):
        return Author.objects.get(name="Bo").profile.city

    def case_property(self):
        return [b.display_title for b in Book.objects.all()]

    def case_method(self):
        return [b.is_cheap() for b in Book.objects.all()]

    def case_author_property(self):
        return [a.is_old for a in Author.objects.all()]

    def case_str(self):
        return [str(b.author) for b in Book.objects.all()]

    def case_percent_of_an_object(self):
        books = Book.objects.all()
        return [("%s" % b.author, "<%s>" % (b.author,), "%s by %s" % (b.title, b.author)) for b in books]  # noqa: UP031

    def case_method_with_query(self):
        return [a.book_count() for a in Author.objects.all()]

    def case_choice_display(self):
        return [b.get_status_display() for b in Book.objects.all()]

    def case_queryset_method(self):
        return titles(Book.objects.cheap())

    def case_queryset_method_chain(self):
        return titles(Book.objects.filter(in_print=True).cheap(limit=8).by_country("UK"))

    def case_fk_id(self):
        return [[b.author_id, b.pk] for b in Book.objects.all()]

    def case_equality(self):
        return [b.author == b.editor for b in Book.objects.exclude(editor=None)]

    def case_user_relation(self):
        return self.request.user.reviews.count()

    def case_user_compare(self):
        return [b.owner == self.request.user for b in Book.objects.all()]

    # control flow -----------------------------------------------------------------------------

    def case_dynamic_filter(self):
        queryset = Book.objects.all()
        name = self.request.query_params.get("name")
        if name:
            queryset = queryset.filter(author__name=name)
        empty = self.request.query_params.get("empty")
        if empty:
            queryset = queryset.filter(title=empty)
        return titles(queryset)

    def case_kwargs(self):
        return Book.objects.get(pk=self.kwargs["pk"]).title

    def case_get_object_or_404(self):
        return get_object_or_404(Book, pk=1).title

    def case_get_object_or_404_missing(self):
        return get_object_or_404(Book, pk=99).title

    def case_raise_permission(self):
        if not self.request.user.is_superuser:
            raise PermissionDenied("no")
        return "yes"

    def case_raise_validation(self):
        raise ValidationError({"field": ["bad"]})

    def case_raise_404(self):
        raise Http404("gone")

    def case_loop_total_of_another_type(self):
        total = 0
        for book in Book.objects.all():
            total += Decimal(book.price)
        return str(total)

    def case_loop_totals(self):
        total = 0
        names = []
        by_status = {}
        for book in Book.objects.all():
            total += book.price
            if book.rating is None:
                continue
            names.append(book.title.lower())
            by_status[book.status] = book.price
        return [total, names, by_status]

    def case_while(self):
        names = []
        category = Category.objects.select_related("parent__parent").get(name="leaf")
        names.append(category.name)
        if category.parent:
            names.append(category.parent.name)
            if category.parent.parent:
                names.append(category.parent.parent.name)
        return names

    def case_sorted_lambda(self):
        books = sorted(Book.objects.all(), key=lambda b: (b.price, b.title))
        return titles(books)

    def case_any_all(self):
        books = Book.objects.all()
        return [any(b.price > 20 for b in books), all(b.price > 20 for b in books)]

    def case_any_query(self):
        return any(b.reviews.filter(stars=3).exists() for b in Book.objects.order_by("id"))

    def case_conditional(self):
        return ["old" if a.age and a.age > 50 else "young" for a in Author.objects.all()]

    def case_or_default(self):
        return [b.rating or 0 for b in Book.objects.all()]

    def case_f_string(self):
        return [f"{b.title}: {b.price:03d}" for b in Book.objects.all()]

    def case_dates(self):
        books = Book.objects.exclude(published=None)
        return [(b.published + datetime.timedelta(days=1)).isoformat() for b in books if b.published]

    def case_setting(self):
        return settings.LAB_LIMIT + 1

    def case_staff(self):
        return self.request.user.is_staff and self.request.user.username == "ann"

    def case_anonymous_branch(self):
        if self.request.user.is_authenticated:
            return Review.objects.filter(user=self.request.user).count()
        return -1

    def case_anon_branch(self):
        if self.request.user.is_authenticated:
            return Review.objects.filter(user=self.request.user).count()
        return -1

    def case_anon_filter(self):
        return Review.objects.filter(user=self.request.user).count()

    # querysets made by managers, branches that leave different things behind ------------------

    def case_queryset_class(self):
        rows = Review.objects.order_by("id")
        return [[r.stars for r in rows], [r.stars for r in Review.objects.good().order_by("id")]]

    def case_queryset_class_later(self):
        return [r.stars for r in Review.objects.filter(stars__lt=5).good().order_by("id")]

    def case_queryset_class_narrowed(self):
        return [r.stars for r in Review.bragging.order_by("id")]

    def case_manager_super_queryset(self):
        return [r.id for r in Review.long.filter(stars__gte=2).order_by("id")]

    def case_manager_super_of_own_class(self):
        return [(r.id, r.stars) for r in Review.long_and_good.order_by("id")]

    def case_manager_order_of_options(self):
        return [(r.stars, r.id) for r in Review.ordered.all()]

    def case_manager_order_then_filter(self):
        return [(r.stars, r.id) for r in Review.ordered.filter(stars__lt=5)]

    def case_manager_from_queryset_with_exclude(self):
        return [r.id for r in Review.excluding.order_by("id")]

    def case_related_set_through_another_manager(self):
        books = Book.objects.order_by("id")
        return [[r.stars for r in book.reviews(manager="bragging").all()] for book in books]

    def case_related_set_through_another_manager_of_one(self):
        book = Book.objects.order_by("id").first()
        return [book.reviews(manager="bragging").count(), book.reviews.count()]

    def case_related_set_through_another_manager_of_prefetched(self):
        books = Book.objects.prefetch_related("reviews").order_by("id")
        return [[r.stars for r in b.reviews(manager="bragging").filter(stars__gt=0)] for b in books]

    def case_branch_q(self):
        if self.request.user.is_authenticated:
            wanted = Q(status="p") | Q(price__lt=5)
        else:
            wanted = Q(status="p")
        return titles(Book.objects.filter(wanted).order_by("id"))

    def case_branch_q_of_parameter(self):
        wanted = Q(in_print=True)
        if self.request.query_params.get("nothing"):
            wanted = Q(author__name="Ada")
        wanted &= Q(price__gte=1)
        return titles(Book.objects.filter(wanted).order_by("id"))

    def case_branch_querysets(self):
        if self.request.query_params.get("name") == "Ada":
            books = Book.objects.filter(author__name="Ada").annotate(n=F("price") + 1)
        else:
            books = Book.objects.filter(status="p").order_by("title")
        return titles(books)

    def case_branch_twice(self):
        if self.request.query_params.get("empty"):
            first = Q(status="d")
        else:
            first = Q(status="p")
        if self.request.query_params.get("name"):
            second = Q(in_print=True)
        else:
            second = Q(in_print=False)
        return titles(Book.objects.filter(first, second).order_by("id"))

    # reading through None, objects of one variable from two places ----------------------------

    def case_read_through_null(self):
        return [book.editor.name for book in Book.objects.order_by("id")]

    def case_read_through_null_caught(self):
        found = []
        for book in Book.objects.order_by("id"):
            try:
                found.append(book.editor.name)
            except AttributeError:
                found.append("nobody")
        return found

    def case_call_through_null(self):
        return [book.editor.book_count() for book in Book.objects.filter(editor=None)]

    def case_related_through_null(self):
        book = Book.objects.filter(editor=None).first()
        return book.editor.books.count()

    def case_get_or_else(self):
        wanted = self.request.query_params["name"]
        try:
            author = Author.objects.get(id=int(wanted))
        except (ValueError, Author.DoesNotExist):
            author = get_object_or_404(Author, name=wanted)
        return [author.name, author.age, author.profile.city]

    def case_dict_of_dicts(self):
        unique = {}
        older = []
        for review in Review.objects.order_by("id"):
            key, user = review.book_id, review.user_id
            if user in unique and key in unique[user]:
                if unique[user][key].stars > review.stars:
                    older.append(review.id)
                    continue
                older.append(unique[user][key].id)
            if user not in unique:
                unique[user] = {}
            unique[user][key] = review
        return [[r.stars for r in Review.objects.order_by("id") if r.id not in older], len(unique)]

    def case_dict_of_last(self):
        last = {}
        for book in Book.objects.order_by("id"):
            if book.status in last and last[book.status].price > book.price:
                continue
            last[book.status] = book
        return sorted(book.title for book in last.values())

    def case_dict_never_filled(self):
        found, titles_ = {}, []
        for book in Book.objects.order_by("id"):
            if book.title in found:
                titles_.append(found[book.title].title)
        return titles_

    def case_compiled_pattern(self):
        words = re.compile(r"[aeiou]+", re.I)
        first = re.compile(r"^([A-Z])(.*)$")
        found = []
        for book in Book.objects.order_by("id"):
            match = first.match(book.title)
            head = match.group(1) if match else "-"
            found.append(
                [head, words.sub("_", book.title), words.split(book.title), words.findall(book.title)]
            )
        return found

    def case_among_two(self):
        book = Book.objects.get(title="Alpha")
        other = Author.objects.get(name="Bo")
        return [other in [book.author, book.editor], book.author in [book.author, book.editor]]

    # writes -----------------------------------------------------------------------------------

    def case_create(self):
        author = Author.objects.create(name="Dee", age=1)
        return [author.name, author.country, Author.objects.filter(name="Dee").count(), author.pk is not None]

    def case_save(self):
        author = Author.objects.get(name="Bo")
        author.age = 44
        author.save()
        return list(Author.objects.values_list("name", "age").order_by("id"))

    def case_save_update_fields(self):
        author = Author.objects.get(name="Bo")
        author.age = 44
        author.name = "not saved"
        author.save(update_fields=["age"])
        return list(Author.objects.order_by("id").values_list("name", "age"))

    def case_delete(self):
        Book.objects.get(title="Alpha").delete()
        return [Book.objects.count(), Review.objects.count()]

    def case_update(self):
        changed = Book.objects.filter(author__country="UK").update(price=1, rating=None)
        return [changed, list(Book.objects.order_by("id").values_list("price", flat=True))]

    def case_update_f(self):
        Book.objects.filter(status="p").update(price=F("price") + 1)
        return list(Book.objects.order_by("id").values_list("price", flat=True))

    def case_queryset_delete(self):
        Review.objects.filter(stars__lt=4).delete()
        return Review.objects.count()

    def case_atomic(self):
        with transaction.atomic():
            profile = Profile.objects.get(city="Rome")
            profile.city = "Oslo"
            profile.save()
        return sorted(Profile.objects.values_list("city", flat=True))

    def case_m2m_add(self):
        book = Book.objects.get(title="beta")
        book.tags.add(Tag.objects.get(label="new"))
        return sorted(t.label for t in Tag.objects.filter(books__title="beta"))

    def case_related_create(self):
        book = Book.objects.get(title="beta")
        book.reviews.create(user=self.request.user, stars=2)
        return Review.objects.filter(book=book).count()

    # hooks of on_commit ------------------------------------------------------------------

    def case_on_commit_at_once(self):
        book = Book.objects.get(title="Alpha")
        done = ["before"]
        with transaction.atomic():
            transaction.on_commit(lambda: done.append(book.title))
            done.append("inside")
        done.append("after")
        return done

    def case_on_commit_of_a_rolled_back_block(self):
        done = []
        try:
            with transaction.atomic():
                transaction.on_commit(lambda: done.append("never"))
                raise ValueError("back")
        except ValueError:
            done.append("back")
        return done

    def case_on_commit_writes(self):
        book = Book.objects.order_by("pk").first()
        with transaction.atomic():
            transaction.on_commit(lambda: Book.objects.filter(pk=book.pk).update(title="Changed"))
        changed = Book.objects.get(pk=book.pk).title
        Book.objects.filter(pk=book.pk).update(title=book.title)
        return changed

    def case_on_commit_partial(self):
        done = []
        for number in (1, 2, 3):
            with transaction.atomic():
                transaction.on_commit(partial(done.append, number))
        return done

    def case_on_commit_partial_in_a_loop(self):
        done = []
        with transaction.atomic():
            for book in Book.objects.order_by("pk")[:3]:
                transaction.on_commit(partial(done.append, book.title))
        return done

    def case_on_commit_lambda_in_a_loop(self):
        done = []
        with transaction.atomic():
            for book in Book.objects.order_by("pk")[:3]:
                transaction.on_commit(lambda: done.append(book.title))  # noqa: B023  (refused for that)
        return done

    def case_on_commit_nested_function(self):
        done = []
        found = Book.objects.order_by("pk").first()

        def tell():
            """Say so."""
            for name in titles([found]):
                done.append(name)

        with transaction.atomic():
            transaction.on_commit(tell)
            done.append("inside")
        return done

    def case_on_commit_later_value(self):
        done = []
        value = 1
        with transaction.atomic():
            transaction.on_commit(lambda: done.append(value))
            value = "two"
        return done

    # functions that are passed on, defaults that are functions, numbers by chance ----------

    def case_default_is_a_function(self):
        made = Folder(name="new")
        mark = made.mark
        made.save()
        return [
            mark,
            Folder.objects.create(name="other", mark="given").mark,
            Folder.objects.get(name="new").mark,
        ]

    def case_map_a_function(self):
        return list(map(shortened, ["One", "Two"])), sorted(map(shortened, column_of_books("title")))

    def case_map_a_function_that_asks(self):
        return list(map(books_of, ["Ada"]))

    def case_seeded(self):
        random.seed(Book.objects.count())
        return [random.randrange(2, 20), random.randint(0, 9), random.uniform(0, 1)]

    def case_remainder(self):
        by = Book.objects.count() - 2
        rows = Book.objects.annotate(rest=F("id") % by).order_by("rest", "id")
        return [[b.title, b.rest] for b in rows]

    def case_remainder_of_null(self):
        return [[b.id, b.rest] for b in Book.objects.annotate(rest=F("rating") % 2).order_by("id")]

    # a delete() of the model's own -------------------------------------------------------

    def case_own_delete_hides(self):
        folder = Folder.objects.get(name="open")
        folder.delete()
        return [[f.name, f.gone] for f in Folder.objects.order_by("id")]

    def case_own_delete_of_what_is_hidden(self):
        Folder.objects.get(name="hidden").delete()
        return [[f.name for f in Folder.objects.order_by("id")], Sheet.objects.count()]

    def case_own_delete_with_an_argument(self):
        Folder.objects.get(name="open").delete(hard=True)
        return [[f.name for f in Folder.objects.order_by("id")], Sheet.objects.count()]

    def case_own_delete_and_more(self):
        sheet = Sheet.objects.get(name="first open")
        sheet.delete()
        return [[f.name, f.sheets] for f in Folder.objects.order_by("id")]

    def case_own_delete_raises(self):
        Sheet.objects.filter(name="kept").order_by("id").first().delete()

    def case_own_delete_not_for_querysets(self):
        Sheet.objects.filter(name="kept").delete()
        Folder.objects.filter(name="open").delete()
        return [f.name for f in Folder.objects.order_by("id")]

    # deletions that are listened to ------------------------------------------------------

    def case_deleted_with_listeners(self):
        crate = Crate.objects.get(name="red")
        crate.delete()
        return [diary(), Bottle.objects.count(), Sticker.objects.count(), crate.pk]

    def case_deleted_with_listeners_of_those_in_it(self):
        Bottle.objects.get(name="w1").delete()
        return diary()

    def case_deleted_one_with_a_listener_to_all(self):
        Permit.objects.get(crate__name="red").delete()
        return diary()

    def case_deleted_by_queryset_with_listeners(self):
        Crate.objects.exclude(name="white").delete()
        return [diary(), Permit.objects.count()]

    def case_deleted_by_queryset_without_dependents(self):
        Permit.objects.filter(name__contains="E").delete()
        return [diary(), Permit.objects.count()]

    def case_deleted_with_a_listener_that_raises(self):
        try:
            Crate.objects.get(name="white").delete()
        except ValueError:
            return [diary(), Bottle.objects.count()]
        return None

    def case_deleted_with_listeners_and_nothing_there(self):
        Bottle.objects.filter(name="nothing").delete()
        return diary()

    def case_saved_with_a_listener_to_all(self):
        return Permit.objects.create(name="new").name

    # the cache ---------------------------------------------------------------------------

    def case_cache_values(self):
        for place in range(4):
            cache.set(f"value {place}", place)
        cache.set("text", "three", 30)
        cache.set("flag", True, timeout=None)
        cache.set("none", None)
        cache.set("list", [1, 2])
        cache.set("dict", {"a": {"b": 1}})
        cache.set("moment", timezone.now())
        found = [cache.get(key) for key in ("text", "flag", "none", "list", "dict", "value 3", "nothing")]
        return [found, cache.get("moment") is None, cache.get("nothing", 7), cache.get("none", default=8)]

    def case_cache_row(self):
        author = Author.objects.get(name="Ada")
        cache.set(f"author-{author.pk}", {"name": author.name, "age": author.age})
        return cache.get(f"author-{author.id}")

    def case_cache_filled_when_empty(self):
        out = []
        for _ in range(2):
            count = cache.get("count of authors")
            if count is None:
                count = Author.objects.count()
                cache.set("count of authors", count, 60 * 5)
            out.append(count)
        return out

    def case_cache_added_and_deleted(self):
        added = [cache.add("one", 1), cache.add("one", 2), cache.get("one")]
        touched = [cache.touch("one", 10), cache.touch("nothing"), cache.has_key("one")]
        return [
            added,
            touched,
            cache.delete("one"),
            cache.delete("one"),
            cache.has_key("one"),
            cache.touch("one"),
        ]

    def case_cache_counted(self):
        cache.set("hits", 5)
        return [cache.incr("hits"), cache.incr("hits", 4), cache.decr("hits", delta=2), cache.get("hits")]

    def case_cache_counted_nothing(self):
        return cache.incr("no hits")

    def case_cache_expired(self):
        cache.set("gone", 1, 0)
        cache.set("past", 1, -5)
        return [cache.get("gone"), cache.get("past"), cache.add("gone", 2, timeout=0), cache.get("gone")]

    def case_cache_get_or_set(self):
        first = cache.get_or_set("made", 4, 100)
        return [first, cache.get_or_set("made", 5), cache.get_or_set("made later", [1])]

    def case_cache_many(self):
        failed = cache.set_many({"a": 1, "b": "two"}, timeout=50)
        found = cache.get_many(["a", "b", "c"])
        cache.delete_many(["a", "c"])
        return [failed, found, cache.get("a"), cache.get("b")]

    def case_cache_contains(self):
        cache.set("there", None)
        found = ["there" in cache, "nothing" in cache, "there" not in cache]
        cache.clear()
        return [*found, "there" in cache, caches["default"].get("there", 4)]

    def case_cache_in_a_table(self):
        table = caches["in a table"]
        table.set("a", {"b": [1, None]}, 30)
        found = [
            table.get("a"),
            table.add("a", 1),
            table.add("c", 2),
            table.incr("c"),
            "c" in table,
            cache.get("c"),
        ]
        table.delete("a")
        return [*found, table.get_many(["a", "c"]), table.touch("c"), table.touch("a")]

    def case_cache_in_a_table_undone(self):
        try:
            with transaction.atomic():
                caches["in a table"].set("undone", 1)
                Author.objects.get(name="nobody of that name")
        except Author.DoesNotExist:
            pass
        return caches["in a table"].get("undone", "nothing")

    def case_cache_of_a_fragment(self):
        author = Author.objects.get(name="Ada")
        key = make_template_fragment_key("author", [author.pk, author.name, "é"])
        cache.set(key, "<b>Ada</b>")
        return [key, cache.get(key), make_template_fragment_key("all")]

    def case_cache_in_this_process(self):
        return caches["here"].get("a")

    def case_cache_that_is_not_there(self):
        return caches["nowhere"].get("a")

    def case_cache_of_a_computed_name(self):
        return caches[Author.objects.get(name="Ada").name].get("a")

    def case_cache_of_a_fragment_by_object(self):
        return make_template_fragment_key("author", [Author.objects.get(name="Ada")])

    def case_cache_of_an_object(self):
        cache.set("author", Author.objects.get(name="Ada"))
        return 1

    def case_cache_of_rows(self):
        cache.set("authors", list(Author.objects.all()))
        return 1

    def case_cache_of_a_queryset(self):
        cache.set("authors", Author.objects.values_list("name", flat=True))
        return 1

    def case_cache_of_another_version(self):
        return cache.get("a", version=3)

    def case_cache_of_a_function(self):
        return cache.get_or_set("authors", lambda: Author.objects.count(), 5)

    def case_cache_under_what_may_be_none(self):
        return cache.get(Author.objects.get(name="Ada").age)

    def case_cache_for_half_a_second(self):
        cache.set("short", 1, 0.5)
        return 1

    # stored files ------------------------------------------------------------------------

    def case_file_links(self):
        return [scan.link() for scan in Scan.objects.order_by("id")]

    def case_file_names(self):
        return [
            [s.paper.name, s.picture.name, f"<{s.picture}>", str(s.paper)]
            for s in Scan.objects.order_by("id")
        ]

    def case_file_size(self):
        scan = Scan.objects.get(name="both")
        return [scan.paper.size, os.path.basename(scan.paper.path), os.path.splitext(scan.paper.name)[1]]

    def case_file_size_of_what_is_lost(self):
        return Scan.objects.get(name="lost").paper.size

    def case_file_url_of_none(self):
        return Scan.objects.get(name="none").paper.url

    def case_file_path_of_null(self):
        return Scan.objects.get(name="paper").picture.path

    def case_file_deleted_with_its_row(self):
        scan = Scan.objects.get(name="both")
        there = [default_storage.exists(scan.paper.name), default_storage.exists("scans/p.png")]
        scan.delete()
        return [there, default_storage.exists("scans/a b.txt"), default_storage.exists("scans/p.png")]

    def case_file_deleted_by_cascade(self):
        Permit.objects.all().delete()
        return [default_storage.exists("scans/a b.txt"), default_storage.exists("scans/é.txt"), diary()]

    def case_file_deleted_by_name(self):
        default_storage.delete("scans/é.txt")
        default_storage.delete("scans/nothing.txt")
        return [default_storage.exists("scans/é.txt"), default_storage.url("scans/é.txt")]

    def case_file_outside_of_the_folder(self):
        return default_storage.exists("../secret.txt")

    # django-cleanup ------------------------------------------------------------------------

    def case_on_commit_file_replaced(self):
        plan = Plan.objects.get(name="one")
        plan.name = "other"
        plan.save()
        before = default_storage.exists("scans/é.txt")
        plan.paper = "scans/p.png"
        plan.save()
        between = [default_storage.exists("scans/é.txt"), default_storage.exists("scans/p.png")]
        plan.name = "one"
        plan.paper = "scans/é.txt"
        plan.save()
        return [before, between, default_storage.exists("scans/p.png")]

    def case_on_commit_file_replaced_is_the_default(self):
        plan = Plan.objects.get(name="kept")
        plan.paper = "scans/p.png"
        plan.save()
        plan.paper = "scans/a b.txt"
        plan.save()
        return [default_storage.exists("scans/a b.txt"), default_storage.exists("scans/p.png")]

    def case_on_commit_file_of_a_new_row_replaced(self):
        plan = Plan.objects.create(name="new", paper="scans/é.txt")
        plan.paper = "scans/p.png"
        plan.save()
        between = default_storage.exists("scans/é.txt")
        plan.delete()
        return [between, default_storage.exists("scans/p.png")]

    def case_on_commit_files_of_rows_that_go(self):
        Plan.objects.create(name="new", paper="scans/é.txt")
        Plan.objects.create(name="new", paper="scans/p.png")
        Plan.objects.create(name="new")
        Plan.objects.create(name="new", paper="")
        Plan.objects.create(name="new", paper="scans/lost.txt")
        Plan.objects.create(name="new", paper="../secret.txt")
        Plan.objects.filter(name="new").delete()
        return [default_storage.exists(f"scans/{name}") for name in ("é.txt", "p.png", "a b.txt")]

    def case_file_stays_until_the_commit(self):
        Plan.objects.get(name="one").delete()
        return [Plan.objects.count(), default_storage.exists("scans/é.txt")]

    def case_file_replaced_with_named_columns(self):
        plan = Plan.objects.get(name="one")
        plan.paper = "scans/p.png"
        plan.save(update_fields=["paper"])
        return plan.paper.name

    def case_class_attribute_that_changes(self):
        return Shelf.total

    def case_class_attribute_that_changes_in_a_subclass(self):
        return LowShelf.total

    def case_class_attribute_changed_in_place(self):
        return len(Shelf.entries)

    def case_class_attribute_changed_through_an_object(self):
        return Shelf.marks["first"]

    def case_module_variable_that_changes(self):
        return COUNT

    def case_module_dict_changed_in_place(self):
        return SEEN["first"]

    def case_module_dict_that_stays(self):
        return Book.objects.filter(price__lt=LIMITS["high"]).count()

    def case_classmethod_of_a_class(self):
        return [Shelf.cheapest("Ada"), Shelf.cheapest("nobody"), Shelf.below()]

    def case_classmethod_of_an_object_in_the_place_of_its_class(self):
        return [TopShelf.cheapest("Ada"), TopShelf.named("x"), TopShelf.below()]

    def case_type_of(self):
        book = Book.objects.order_by("id").first()
        made = book.created
        return [
            type(made) is datetime.date,
            type(made) is datetime.datetime,
            isinstance(made, datetime.date),
            isinstance(made, datetime.time),
            timezone.is_naive(made),
            timezone.is_aware(made),
        ]

    def case_subclass_of_the_class_that_all_are_of(self):
        return issubclass(Book, object)

    def case_subclass_of_a_class(self):
        return [issubclass(Book, Book), issubclass(Book, Shelf)]

    def case_of_an_abstract_class(self):
        names = ["a", "b"]
        known = {"a": 1}
        text = Book.objects.get(id=1).title
        return [
            isinstance(names, Iterable),
            isinstance(names, Mapping),
            isinstance(names, (Mapping, Sequence)),
            isinstance(known, Mapping),
            isinstance(known, Sequence),
            isinstance(text, Iterable),
            isinstance(None, Iterable),
            isinstance((1, 2), Hashable),
            isinstance([], Hashable),
        ]

    def case_error_named_in_a_handler(self):
        try:
            Book.objects.get(title="nothing")
        except Book.DoesNotExist:
            error = "gone"
            raise ValidationError(error)  # noqa: B904

    def case_error_named_behind_a_handler(self):
        try:
            Book.objects.get(title="nothing")
        except Book.DoesNotExist:
            error = "gone"
            if self is None:
                raise ValidationError("none")  # noqa: B904
        return error

    def case_part_of_an_error_of_a_subclass(self):
        try:
            json.loads("{")
        except ValueError as e:
            return e.msg if hasattr(e, "msg") else str(e)

    def case_part_of_any_error(self):
        try:
            raise PermissionDenied("no")
        except Exception as e:  # noqa: BLE001
            return str(e.detail) if hasattr(e, "detail") else "none"

    def case_what_a_class_of_an_enum_has(self):
        return [hasattr(Grade, "choices"), hasattr(Grade, "labels")]

    def case_error_raised_from_what_was_caught(self):
        try:
            Book.objects.get(title="nothing")
        except Book.DoesNotExist:
            raise ValidationError("gone")  # noqa: B904

    def case_made_a_list_where_it_is_none(self):
        names = ["a", "b"]
        if names is None:
            names = getattr(self, "other", None)
        if not names:
            return False
        if isinstance(names, str) or not isinstance(names, Iterable):
            names = [names]
        for name in names:
            if not Book.objects.filter(title=name).exists():
                return name
        return True

    def case_logged_rows(self):
        book = Book.objects.get(id=1)
        logger.error("Seen %s of %s", book, book.author, extra={"book": book.title, "pages": [3]})
        logging.debug("Seen %s", book.title, stacklevel=2)
        return book.title

    def case_member_of_an_enum(self):
        return isinstance(Level.HIGH, Level)

    def case_every_letter_of_a_datetime(self):
        moments = [
            datetime.datetime.strptime("2024-02-29T12:00:00.000000+00:00", ISO),
            timezone.localtime(datetime.datetime.strptime("1999-12-31T05:00:07.000009+00:00", ISO)),
            timezone.localtime(datetime.datetime.strptime("2026-07-11T22:30:00.000000+00:00", ISO)),
            timezone.localtime(
                datetime.datetime.strptime("2024-11-03T06:15:00.000000+00:00", ISO)
            ),  # an hour that comes twice
            datetime.datetime(2021, 1, 3, 0, 5, 59),
            datetime.datetime(987, 9, 22, 13, 1),
        ]
        return [
            dateformat.format(
                moment,
                r"a A b c d D e E f F g G h H i I j l L m M n N o O P r s S t T u U w W y Y z Z \a\t k \\d-é",
            )
            for moment in moments
        ]

    def case_every_letter_of_a_date(self):
        days = [
            datetime.date(2024, 1, 1), datetime.date(2023, 3, 2), datetime.date(2022, 4, 3), datetime.date(2021, 5, 13),
            datetime.date(2020, 6, 21), datetime.date(2019, 8, 22), datetime.date(2018, 10, 23), datetime.date(5, 11, 11),
        ]  # fmt: skip
        return [dateformat.format(day, "b c d D E F I j l L m M n N o r S t U w W y Y z") for day in days]

    def case_every_letter_of_a_time(self):
        times = [datetime.time(0, 0), datetime.time(12, 0), datetime.time(23, 9, 8, 7), datetime.time(1, 30)]
        return [dateformat.time_format(one, "a A e f g G h H i O P s T u Z") for one in times]

    def shown(self, value, style=None):
        return formats.date_format(value, style or "SHORT_DATETIME_FORMAT")

    def case_formats_by_name(self):
        book = Book.objects.order_by("id").first()
        return [
            formats.date_format(book.created),
            formats.date_format(book.created, "DATETIME_FORMAT"),
            formats.date_format(timezone.localtime(book.created), format="YEAR_MONTH_FORMAT"),
            formats.time_format(book.created),
            formats.time_format(timezone.localtime(book.created), "H:i"),
            formats.localize(book.created),
            formats.localize(datetime.date(2024, 5, 6)),
            formats.localize(datetime.time(17, 45)),
            self.shown(book.created),
            self.shown(book.created, "jS F Y"),
            self.shown(book.created, "MONTH_DAY_FORMAT"),
        ]

    def case_format_of_a_date_with_a_time(self):
        return formats.date_format(datetime.date(2024, 5, 6), "H:i")

    def case_format_of_what_may_be_none(self):
        return [formats.date_format(b.published) for b in Book.objects.order_by("id") if b.title]

    def case_format_from_a_row(self):
        book = Book.objects.order_by("id").first()
        return formats.date_format(book.created, book.title)

    def case_format_of_the_settings(self):
        return formats.date_format(Book.objects.order_by("id").first().created, use_l10n=False)

    def amount(self, text):
        if not text:
            raise ValueError("nothing is given")
        return int(text)

    def case_text_of_an_error(self):
        found = []
        for text in ["5", "", "x"]:
            try:
                found.append(f"{self.amount(text)}")
            except ValueError as error:
                found += [
                    str(error),
                    f"{error}!",
                    "%s?" % error,  # noqa: UP031
                    f"{error}",
                    error.args[0],
                ]
        return found

    def case_text_of_a_key_error(self):
        count = Book.objects.count()
        try:
            if count > 0:
                raise KeyError("colour")
        except KeyError as error:
            return f"{error} is required"
        return ""

    def case_text_of_broken_json(self):
        found = []
        for book in Book.objects.order_by("id"):
            try:
                found.append(json.loads("[1, " + book.title))
            except json.JSONDecodeError as error:
                found += [str(error), error.msg, error.lineno, error.colno, error.pos, error.doc]
        return found

    def case_text_of_a_date_that_is_none(self):
        try:
            return datetime.datetime.strptime("2024-02-30", "%Y-%m-%d").isoformat()
        except ValueError as error:
            return str(error)

    def case_text_of_no_row(self):
        try:
            return Author.objects.get(name="nobody").name
        except Author.DoesNotExist as error:
            return [str(error), f"{error}"]

    def case_text_of_no_related_row(self):
        found = []
        for author in Author.objects.order_by("id"):
            try:
                found.append(f"{author.profile.id}")
            except Profile.DoesNotExist as error:
                found.append(str(error))
        return found

    def case_text_of_a_value_that_a_query_refuses(self):
        try:
            return int(Book.objects.order_by("id").first().title)
        except ValueError as error:
            return f"{error}"

    def case_text_of_an_error_of_the_database(self):
        try:
            with transaction.atomic():
                Tag.objects.create(label="again")
        except IntegrityError as error:
            return f"{error}"
        return ""

    def case_error_of_an_error(self):
        try:
            return int(Book.objects.order_by("id").first().title)
        except ValueError as error:
            raise ValidationError(error) from error

    def case_text_of_an_error_in_a_list(self):
        try:
            return int(Book.objects.order_by("id").first().title)
        except ValueError as error:
            return "%s %s" % ("no", error)  # noqa: UP031

    def case_text_of_a_wrong_type(self):
        try:
            return int(Book.objects.order_by("id").first().created)
        except TypeError as error:
            return str(error)

    def taken(self, title):
        book = Book.objects.filter(title=title).first()
        if book is None:
            raise OutOfStock(f"no {title}")
        if book.price % 2:
            raise Odd(title, book.price)
        return book.title

    def case_own_exceptions(self):
        found = []
        for book in Book.objects.order_by("id"):
            try:
                found.append(self.taken(book.title if book.price < 12 else "nothing"))
            except StockError as error:
                found.append(f"stock: {error}")
            except ValueError:
                found.append("value")
        return found

    def case_own_exception_of_two(self):
        try:
            return self.taken("nothing")
        except (OutOfStock, Odd) as error:
            return str(error)

    def case_own_exception_that_nobody_catches(self):
        return self.taken("nothing")

    def case_own_exception_that_rolls_back(self):
        try:
            with transaction.atomic():
                Tag.objects.create(label="once")
                raise StockError
        except StockError as error:
            return [str(error), Tag.objects.filter(label="once").count()]

    def case_own_exception_with_two_bases(self):
        raise WrongAmount("x")

    def case_own_exception_with_an_attribute(self):
        found = []
        for cls in (1, 2, 3):
            try:
                if cls == 1:
                    raise Coded("a")
                if cls == 2:
                    raise CodedMore(what="b", level="high")
                raise CodedMore("c")
            except CodedMore as error:
                found.append([error.code, error.what, error.level, error.note, f"{error}"])
            except Coded as error:
                found.append([error.code, str(error), list(error.args)])
        return found

    def case_own_exception_with_its_own_text(self):
        try:
            raise Spoken("x")
        except (Spoken, Coded) as error:
            return str(error)

    def case_own_exception_that_works(self):
        raise Working()

    def case_own_exception_with_a_method(self):
        raise Helping()

    def case_own_exception_asked_for_what_it_has_not(self):
        try:
            raise Spoken("x")
        except Spoken as error:
            return error.code

    def case_model_by_its_name(self):
        book = apps.get_model("library", "book")
        tag = apps.get_model("library.Tag")
        return [book.objects.filter(price__lt=10).count(), tag.objects.count()]

    def case_model_by_a_computed_name(self):
        return apps.get_model("library", Book.objects.order_by("id").first().title).objects.count()

    def case_own_attribute_read_in_save(self):
        made = Crate.objects.create(name="made")
        made.name = "again"
        made.save()
        return [made.name, Crate.objects.filter(name="again").count(), getattr(made, "_later", "nothing")]

    def case_own_attribute_put_and_read_in_save(self):
        crate = Crate.objects.create(name="made")
        crate._later = [Bottle(crate=crate, name="new")]
        crate.save()
        return Bottle.objects.filter(name="new").count()

    def case_own_attribute_put_and_asked_for_in_save(self):
        crate = Crate(name="made")
        setattr(crate, "_told", "told")  # noqa: B010
        crate.save()
        return diary()

    def case_own_attribute_that_nothing_reads(self):
        crate = Crate.objects.create(name="made")
        crate._mark = crate.bottles.count()
        shown = []
        for book in Book.objects.order_by("id"):
            book._mark = book.title
            shown.append(book.title)
        return [crate.name, *shown]

    def case_own_attribute_put_and_read(self):
        found = []
        for book in Book.objects.order_by("id"):
            book._both = 1
            found.append(getattr(book, "_both", 0))
        return found

    def case_own_attribute_read_before_it_is_put(self):
        seen = []
        for book in Book.objects.order_by("id"):
            seen.append(getattr(book, "_seen", False))
            book._seen = True
        return seen

    def case_own_attribute_put_on_a_row(self):
        crate = Crate.objects.get(name=Crate.objects.create(name="made").name)
        crate._later = None
        return crate.name

    def case_own_attribute_put_on_what_is_saved(self):
        crate = Crate.objects.get(name=Crate.objects.create(name="made").name)
        crate._later = None
        crate.name = "other"
        crate.save()
        return crate.name

    def case_nested_function_with_arguments(self):
        def described(book, mark):
            return f"{book.title}{mark}{book.author.name}"

        books = Book.objects.order_by("id")
        return [described(books[0], "!"), described(book=books[1], mark="?")]

    def case_nested_functions_of_one_name(self):
        def made(name):
            return Crate.objects.create(name=name).name

        first = made("one")

        def made(crate):
            return crate.name.upper()

        return [first, made(Crate.objects.get(name="one"))]

    def case_nested_function_with_its_own_variable(self):
        found = 1

        def counted(limit):
            found = Book.objects.filter(price__lt=limit).count()
            return found + 0

        return [counted(10), found]

    def case_nested_function_that_looks_around(self):
        limit = 10

        def counted(more):
            return Book.objects.filter(price__lt=limit + more).count()

        limit = 5
        return counted(1)

    def case_nested_function_with_a_default(self):
        def counted(limit=10):
            return Book.objects.filter(price__lt=limit).count()

        return counted()

    def case_nested_function_that_reaches_itself(self):
        def shortened(text):
            return text if len(text) < 3 else shortened(text[1:])

        return shortened("abcdef")

    def case_on_commit_nested_function_with_arguments(self):
        def told(name):
            Crate.objects.create(name=name)

        transaction.on_commit(told)
        return 1

    def case_parameter_that_becomes_something_else(self):
        return [shouted(" a "), shouted("  ")]

    def case_related_from_the_other_side_in_save(self):
        Machine.objects.bulk_create([Machine(name="bare"), Machine(name="marked")])
        Plate.objects.create(machine=Machine.objects.get(name="marked"), number=3)
        bare = Machine.objects.get(name="bare")
        bare.save()
        marked = Machine.objects.get(name="marked")
        marked.save()
        return [bare.number, marked.number]

    def case_try_that_comes_to_its_end(self):
        try:
            book = Book.objects.get(title="Dune")
            if book.price > 1000:
                return book.title
        except Book.DoesNotExist:
            pass

    def case_dict_of_a_number_and_a_list(self):
        told = {"total": Book.objects.count(), "names": [a.name for a in Author.objects.order_by("id")]}
        for tag in Tag.objects.order_by("id"):
            told["names"].append(tag.label)
        return told

    def case_dict_that_gets_values_of_another_type(self):
        told = {"total": Book.objects.count()}
        told["first"] = Author.objects.order_by("id")[0].name
        return told

    def case_value_of_a_function_that_gives_none(self):
        return [{"title": book.title, "by": not_told(book)} for book in Book.objects.order_by("id")]

    def case_empty_list_named_where_it_is_asked_for(self):
        if found := nothing_yet():
            return "more"
        filled(found)
        return found

    def case_empty_list_named_and_asked_for_alone(self):
        if found := nothing_yet():
            filled(found)
            return found
        return "nothing"

    def case_empty_list_named_behind_another(self):
        if nothing_yet() or (found := nothing_yet()):
            return [*found]
        return "nothing"

    def case_none_of_a_function_before_what_it_would_be_asked_for(self):
        if none_told() and none_told().title in ("a", "b"):
            return "told"
        return "none"

    def case_save_that_fails_as_another_error(self):
        crate = Crate.objects.create(name="kept")
        try:
            crate.save()
        except Exception as error:
            raise ValidationError("not saved") from error
        return crate.name

    def case_save_that_fails_left_for_some(self):
        crate = Crate.objects.create(name="kept")
        try:
            crate.save()
        except Exception as error:
            if crate.name:
                return "not saved"
            raise ValidationError("not saved") from error
        return crate.name

    def case_two_names_of_one_list(self):
        first = second = ["here"]
        first.append("filled")
        return [first, second]

    def case_two_names_of_what_is_made_once(self):
        first = second = Crate.objects.create(name="once")
        return [first.name, second.name, Crate.objects.filter(name="once").count()]

    def case_named_where_it_is_a_constant(self):
        crate = Crate.objects.create(name="made")
        crate.save()
        return [
            key_of(crate)[1:],
            key_of(Book.objects.get(price=Book.objects.first().price, title=Book.objects.first().title))[1:],
        ]

    def case_attribute_that_an_object_lacks(self):
        crate = Crate.objects.create(name="made")
        crate.name = "written"
        crate.save()
        return [
            hasattr(crate, "weight_of_it"),
            getattr(crate, "weight_of_it", "none"),
            getattr(crate, "name", "none"),
        ]

    def case_method_asked_for(self):
        book = Book.objects.order_by("id")[0]
        if getattr(book, "is_cheap", None) and getattr(book, "tag_labels", None):
            return [book.is_cheap()]
        return []

    def case_argument_set_in_a_branch(self):
        return [noted("a b"), noted("", loud=True), noted("", {"given": ["1"]}), noted("c", None, True)]

    def case_argument_looked_into_in_a_loop(self):
        return [many_or_few([1, 2, 3]), many_or_few([1])]

    def case_keywords_or_none(self):
        return [written("a"), written("b", None)]

    def case_names_of_fields_in_a_property(self):
        scan = Scan.objects.create(name="first")
        found = []
        for name in scan.long_names:
            found.append(getattr(scan, name, None))
        return found

    def case_names_of_fields_in_a_property_of_a_row(self):
        found = []
        placement = Placement.objects.order_by("id").first()
        for name in placement.numbers:
            found.append(getattr(placement, name, None))
        return found

    def case_dumped_by_an_encoder(self):
        return [json.loads(json.dumps(b.created, cls=DjangoJSONEncoder)) for b in Book.objects.order_by("id")]

    def case_dumped_by_an_encoder_with_options(self):
        book = Book.objects.order_by("id").first()
        return json.dumps(
            {"b": book.published, "a": [book.rating, book.price]}, cls=LabEncoder, indent=1, sort_keys=True
        )

    def case_dumped_by_an_encoder_that_rounds(self):
        return [json.dumps(b.published, cls=RoundingEncoder) for b in Book.objects.order_by("id")]

    def case_dumped_by_an_encoder_of_an_object(self):
        return json.dumps(Book.objects.order_by("id").first(), cls=LabEncoder)

    def case_fields_of_an_object_and_their_values(self):
        book = Book.objects.order_by("id")[0]
        event = Event.objects.create(name="written")
        event.name = "again"
        event.save()
        return [kinds_of_fields(book), kinds_of_fields(event)["name"], kinds_of_fields(event)["made"]]

    def case_fields_of_a_class_of_the_project(self):
        dial = Dial.objects.create(name="new", seen=None)
        return kinds_of_fields(dial)["turned"], kinds_of_fields(dial)["seen"], kinds_of_fields(dial)["name"]
