"""The query language: one method per construct, run by Django and by the translation on SQLite and on PostgreSQL."""

import datetime

from django.db.models import (
    Avg,
    Case,
    CharField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.functions import (
    Abs,
    Cast,
    Ceil,
    Coalesce,
    Concat,
    CumeDist,
    DenseRank,
    ExtractDay,
    ExtractMonth,
    ExtractYear,
    FirstValue,
    Floor,
    Greatest,
    Lag,
    LastValue,
    Lead,
    Least,
    Left,
    Length,
    Lower,
    LTrim,
    Mod,
    Now,
    NullIf,
    PercentRank,
    Power,
    Rank,
    Replace,
    Reverse,
    Right,
    Round,
    RowNumber,
    RTrim,
    Sqrt,
    StrIndex,
    Substr,
    Trim,
    Trunc,
    TruncDate,
    TruncDay,
    TruncMonth,
    TruncYear,
    Upper,
)
from rest_framework.views import APIView

from library.models import Author, Book, Category, Note, Review, Tag


def titles(books):
    return [book.title for book in books]


class Language(APIView):
    # what gives rows ---------------------------------------------------------------------

    def case_earliest(self):
        return Book.objects.earliest("published").title

    def case_earliest_of_two_fields(self):
        return Book.objects.filter(price__gt=5).earliest("-created", "id").title

    def case_latest_of_two_fields(self):
        return Book.objects.latest("created", "price").title

    def case_earliest_of_nothing(self):
        return Book.objects.filter(price=-1).earliest("id").title

    def case_earliest_of_what_is_ordered(self):
        return Book.objects.order_by("-price").earliest("created").title

    def case_in_bulk(self):
        found = Book.objects.in_bulk([1, 3, 99])
        return [found[key].title for key in sorted(found)]

    def case_in_bulk_get(self):
        found = Author.objects.in_bulk([1, 2])
        return [found[1].name, found.get(9) is None, len(found)]

    def case_in_bulk_of_all(self):
        return sorted(Book.objects.in_bulk())

    def case_in_bulk_of_a_field(self):
        found = Tag.objects.in_bulk(["fun", "sad"], field_name="label")
        return [found["fun"].id, "new" in found]

    def case_in_bulk_of_nothing(self):
        return len(Book.objects.in_bulk([]))

    def case_in_bulk_filtered_and_ordered(self):
        found = Book.objects.filter(price__lt=20).order_by("-price").in_bulk([1, 2, 3, 4, None])
        return [[key, book.title] for key, book in found.items()]

    def case_in_bulk_of_a_list(self):
        keys = [book.author_id for book in Book.objects.filter(price__gt=8)]
        authors = Author.objects.in_bulk(keys)
        return [[authors[key].name for key in sorted(authors)], 99 in authors]

    def case_in_bulk_of_no_unique_field(self):
        return len(Book.objects.in_bulk(["Alpha"], field_name="title"))

    def case_in_bulk_sliced(self):
        return len(Book.objects.all()[:2].in_bulk([1]))

    def case_iterator(self):
        return [book.title for book in Book.objects.filter(price__gt=5).iterator(chunk_size=2)]

    def case_iterator_asks_again(self):
        books = Book.objects.filter(status="d")
        before = [book.title for book in books]
        Book.objects.filter(pk=1).update(status="d")
        return [before, [book.title for book in books.iterator()], [book.title for book in books]]

    def case_iterator_of_values(self):
        return list(Book.objects.order_by("id").values_list("title", flat=True).iterator())

    def case_using_default(self):
        return titles(Book.objects.using("default").filter(price__gt=10))

    def case_using_default_later(self):
        return titles(Book.objects.filter(price__gt=10).using("default").order_by("id"))

    def case_using_another(self):
        return titles(Book.objects.using("other"))

    def case_dates_of_years(self):
        return [day.isoformat() for day in Book.objects.dates("published", "year")]

    def case_dates_months_latest_first(self):
        return [day.isoformat() for day in Book.objects.dates("published", "month", order="DESC")]

    def case_dates_filtered(self):
        return [day.isoformat() for day in Book.objects.filter(status="p").dates("published", "day")]

    def case_dates_of_weeks(self):
        return [
            [day.isoformat() for day in Book.objects.order_by("price").dates("published", "week", "DESC")],
            [day.isoformat() for day in Book.objects.filter(tags__label="fun").dates("published", "month")],
            Book.objects.dates("published", "year").count(),
            [day.isoformat() for day in Book.objects.dates("published", "year")[:2]],
        ]

    def case_dates_of_moments(self):
        return [day.isoformat() for day in Book.objects.dates("created", "month")]

    def case_dates_of_a_relation(self):
        return [day.isoformat() for day in Review.objects.dates("book__published", "year")]

    def case_datetimes_of_hours(self):
        return [moment.isoformat() for moment in Book.objects.datetimes("created", "hour", order="DESC")]

    def case_datetimes_in_a_zone(self):
        return [m.isoformat() for m in Book.objects.datetimes("created", "day", tzinfo=datetime.UTC)]

    def case_datetimes(self):
        return [moment.isoformat() for moment in Book.objects.datetimes("created", "month")]

    def case_union(self):
        return sorted(
            titles(
                Book.objects.filter(price__lt=8).order_by().union(Book.objects.filter(status="p").order_by())
            )
        )

    def case_union_of_values(self):
        a = Author.objects.filter(age__gt=50).order_by().values_list("name", flat=True)
        b = Tag.objects.order_by().values_list("label", flat=True)
        return sorted(a.union(b))

    def case_union_all_ordered(self):
        a = Book.objects.filter(price__lt=10).values_list("title", flat=True)
        b = Book.objects.filter(status="p").values_list("title", flat=True)
        return list(a.order_by().union(b.order_by(), all=True).order_by("title"))

    def case_union_count(self):
        a = Book.objects.filter(price__lt=10).order_by()
        return a.union(Book.objects.filter(status="p").order_by()).count()

    def case_intersection(self):
        a = Book.objects.filter(price__lt=10).order_by().values_list("title", flat=True)
        return sorted(
            a.intersection(Book.objects.filter(status="p").order_by().values_list("title", flat=True))
        )

    def case_difference(self):
        a = Book.objects.filter(price__lt=10).order_by().values_list("title", flat=True)
        return sorted(
            a.difference(Book.objects.filter(status="p").order_by().values_list("title", flat=True))
        )

    def case_union_filtered(self):
        a = Book.objects.filter(price__lt=10).order_by()
        return titles(a.union(Book.objects.filter(status="p").order_by()).filter(price=5))

    def case_union_ordered(self):
        cheap, shown = Book.objects.filter(price__lt=8).order_by(), Book.objects.filter(status="p").order_by()
        return [
            titles(cheap.union(shown).order_by("-title")),
            titles(shown.union(cheap).order_by("price").reverse()),
        ]

    def case_union_ordered_by_null(self):
        books = Book.objects.order_by()
        return titles(books.filter(price__gt=5).union(books.filter(rating=None)).order_by("rating", "-id"))

    def case_union_of_three(self):
        fun, sad = Tag.objects.filter(label="fun").order_by(), Tag.objects.filter(label="sad").order_by()
        both = fun.union(sad, Tag.objects.filter(pk=1).order_by()).order_by("id")
        return [tag.label for tag in both]

    def case_union_first_and_last(self):
        both = Book.objects.filter(price__lt=8).order_by().union(Book.objects.filter(price__gt=10).order_by())
        return [
            both.first().title,
            both.last().title,
            both.order_by("price").first().title,
            both.exists(),
            both.count(),
        ]

    def case_union_reads_relations(self):
        both = Book.objects.filter(price__lt=8).order_by().union(Book.objects.filter(price__gt=20).order_by())
        return [[book.author.name, book.tags.count()] for book in both.order_by("id")]

    def case_union_of_joined(self):
        fun = Book.objects.filter(tags__label__in=["fun", "sad"]).order_by()
        return titles(fun.union(Book.objects.filter(price=7).order_by()).order_by("id"))

    def case_union_all_of_joined(self):
        fun = Book.objects.filter(tags__label__in=["fun", "sad"]).order_by()
        both = fun.union(Book.objects.filter(price__lt=8).order_by(), all=True)
        return [titles(both.order_by("id")), both.count()]

    def case_union_all_not_ordered(self):
        return titles(Book.objects.filter(price=5).order_by().union(Book.objects.order_by(), all=True))

    def case_union_sliced(self):
        both = Book.objects.filter(price__lt=8).order_by().union(Book.objects.filter(status="p").order_by())
        return [titles(both.order_by("id")[1:3]), both.order_by("-id")[0].title]

    def case_union_sliced_not_ordered(self):
        both = Book.objects.filter(price__lt=8).order_by().union(Book.objects.filter(status="p").order_by())
        return titles(both[:2])

    def case_union_of_none(self):
        books, nothing = Book.objects.filter(price__gt=10).order_by(), Book.objects.order_by().none()
        return [
            titles(Book.objects.none().union(books.order_by("id"))),
            titles(books.union(nothing).order_by("id")),
            Book.objects.none().union(Book.objects.none()).count(),
            len(Book.objects.none().intersection(books)),
            books.intersection(nothing).count(),
            titles(books.difference(nothing).order_by("id")),
        ]

    def case_union_of_what_is_never_there(self):
        books = Book.objects.order_by()
        both = books.filter(pk__in=[]).union(books.filter(pk__in=[]))
        return [
            both.exists(),
            both.count(),
            titles(books.filter(pk__in=[]).union(books.filter(pk=1)).order_by("id")),
        ]

    def case_union_of_values_that_repeat(self):
        a = Book.objects.order_by().values_list("status", flat=True)
        return [
            sorted(a.union(a)),
            sorted(a.union(a, all=True)),
            list(a.union(a.filter(pk__in=[])).order_by("status")),
            a.union(a).count(),
        ]

    def case_left_union_sliced_of_a_part_without_rows(self):
        a = Book.objects.order_by().values_list("status", flat=True)
        return list(a.union(a.filter(pk__in=self.request.data["none"])).order_by("status")[:20])

    def case_union_of_dicts(self):
        a = Author.objects.order_by().values("name", "age")
        b = Author.objects.filter(age=None).order_by().values("country", "age")
        return list(a.union(b).order_by("-age", "name")) + list(b.union(a).order_by("country")[:2])

    def case_union_of_pairs(self):
        a = Book.objects.order_by().values_list("author__name", "price")
        b = Review.objects.order_by().values_list("book__title", "stars")
        return [[name, number] for name, number in a.union(b).order_by("price", "author__name")]

    def case_union_of_groups(self):
        a = Book.objects.order_by().values("status").annotate(n=Count("id")).values_list("status", "n")
        b = Book.objects.filter(price=5).order_by().values_list("title", "price")
        return sorted([text, number] for text, number in a.union(b))

    def case_union_in_a_filter(self):
        a = Book.objects.filter(price__lt=8).order_by().values_list("author", flat=True)
        b = Book.objects.filter(status="p").order_by().values_list("author", flat=True)
        return [
            [author.name for author in Author.objects.filter(pk__in=a.union(b))],
            [author.name for author in Author.objects.exclude(pk__in=a.intersection(b))],
        ]

    def case_union_of_objects_in_a_filter(self):
        keys = Book.objects.filter(price=5).order_by().union(Book.objects.filter(price=25).order_by())
        return titles(Book.objects.filter(pk__in=keys).order_by("id"))

    def case_union_nested(self):
        books = Book.objects.order_by()
        both = books.filter(price=5).union(books.filter(price=15), books.filter(price=25))
        return [
            titles(both.difference(books.filter(status="p")).order_by("id")),
            titles(books.intersection(both).order_by("-id")),
            titles(both.union(books.filter(price=7), all=True).order_by("id")),
        ]

    def case_union_kept_under_a_name(self):
        books = Book.objects.filter(price__lt=8).order_by()
        if self.request.query_params.get("name") == "Ada":
            books = books.union(Book.objects.filter(status="p").order_by())
        else:
            books = books.union(Book.objects.filter(status="d").order_by())
        return [titles(books.order_by("title")), books.count()]

    def case_intersection_of_objects(self):
        books = Book.objects.order_by()
        return [
            titles(books.filter(price__lt=10).intersection(books.filter(status="p")).order_by("id")),
            titles(books.filter(tags__label__in=["fun", "sad"]).intersection(books).order_by("id")),
            books.filter(price=5).intersection(books.filter(price=7)).exists(),
        ]

    def case_difference_of_objects(self):
        books = Book.objects.order_by()
        return [
            titles(books.difference(books.filter(status="p"), books.filter(price=7)).order_by("id")),
            books.difference(books).count(),
        ]

    def case_union_of_two_models(self):
        return len(Tag.objects.order_by().union(Category.objects.order_by()))

    def case_union_of_rows_and_values(self):
        return len(Tag.objects.order_by().union(Tag.objects.order_by().values_list("id", "label")))

    def case_union_of_annotated(self):
        a = Book.objects.order_by().annotate(twice=F("price") * 2)
        return len(a.union(a))

    def case_union_of_other_columns(self):
        a = Book.objects.order_by().values_list("title", "price")
        return len(a.union(Book.objects.order_by().values_list("title", flat=True)))

    def case_union_annotated(self):
        a = Tag.objects.order_by()
        return len(a.union(a).annotate(n=Count("books")))

    def case_union_distinct(self):
        a = Tag.objects.order_by()
        return len(a.union(a).distinct())

    def case_union_updated(self):
        a = Tag.objects.order_by()
        return a.union(a).update(label="x")

    def case_union_deleted(self):
        a = Tag.objects.order_by()
        return a.union(a).delete()[0]

    def case_union_and_values(self):
        a = Book.objects.order_by()
        return sorted(a.union(a).values_list("status", flat=True))

    def case_union_ordered_by_a_relation(self):
        a = Book.objects.order_by()
        return titles(a.union(a).order_by("author__name"))

    def case_union_of_values_ordered_by_another(self):
        a = Book.objects.order_by().values_list("title", flat=True)
        return list(a.union(a).order_by("price"))

    def case_union_contains(self):
        a = Tag.objects.order_by()
        return a.union(a).contains(Tag.objects.get(pk=1))

    def case_or_of_querysets(self):
        return titles(Book.objects.filter(price__lt=8) | Book.objects.filter(status="p"))

    def case_and_of_querysets(self):
        return titles(Book.objects.filter(price__lt=10) & Book.objects.filter(status="p"))

    def case_or_of_querysets_by_relation(self):
        return titles(Book.objects.filter(author__name="Ada") | Book.objects.filter(editor__name="Ada"))

    def case_or_of_querysets_to_many(self):
        return titles(Book.objects.filter(tags__label="fun") | Book.objects.filter(price=25))

    def case_or_of_querysets_to_many_distinct(self):
        books = Book.objects.filter(tags__label="fun") | Book.objects.filter(price__gte=15)
        return titles(books.distinct().order_by("id"))

    def case_or_of_named_querysets(self):
        cheap = Book.objects.filter(price__lt=8)
        old = Book.objects.filter(created__year__lt=2024).order_by("title")
        both = cheap | old
        return [titles(both), titles(old | cheap), (cheap | old).count()]

    def case_or_of_a_queryset_with_all(self):
        return titles(Book.objects.filter(price__lt=8) | Book.objects.all())

    def case_or_of_none(self):
        return [
            titles(Book.objects.none() | Book.objects.filter(price__lt=8).order_by("title")),
            titles(Book.objects.filter(price__lt=8) | Book.objects.none()),
            titles(Book.objects.none() | Book.objects.none()),
            titles(Book.objects.filter(price__lt=8) & Book.objects.none()),
        ]

    def case_and_of_querysets_to_many(self):
        books = Book.objects.filter(tags__label="fun") & Book.objects.filter(tags__label="sad")
        return titles(books)

    def case_or_of_excluded(self):
        books = Book.objects.exclude(rating__gt=3) | Book.objects.exclude(editor__name="Ada")
        return titles(books.order_by("id"))

    def case_or_of_related(self):
        ada = Author.objects.get(name="Ada")
        return titles((ada.books.all() | ada.edited.all()).order_by("id"))

    def case_or_of_distinct_and_not(self):
        return titles(Book.objects.filter(price__lt=8).distinct() | Book.objects.filter(status="p"))

    def case_and_of_many_to_many(self):
        book = Book.objects.get(pk=1)
        return [tag.label for tag in Tag.objects.filter(label__contains="u") & book.tags.all()]

    def case_or_of_sliced(self):
        return titles(Book.objects.all()[:2] | Book.objects.filter(status="p"))

    def case_or_of_two_models(self):
        return len(Book.objects.all() | Author.objects.all())

    def case_values_named(self):
        rows = Book.objects.order_by("id").values_list("title", "price", named=True)
        return [f"{row.title}: {row.price}" for row in rows]

    def case_values_of_an_expression(self):
        return list(Book.objects.order_by("id").values("title", dear=F("price") * 2))

    def case_values_list_of_an_expression(self):
        return list(Author.objects.order_by("id").values_list(Lower("name"), flat=True))

    def case_values_named_of_relations(self):
        rows = Book.objects.order_by("id").values_list("pk", "author__name", "editor__name", named=True)
        return [[row.pk, row.author__name, row.editor__name] for row in rows]

    def case_values_of_expressions_only(self):
        return list(Book.objects.order_by("id").values_list(F("price") + 1, Upper("title")))

    def case_values_of_a_subquery(self):
        stars = Review.objects.filter(book=OuterRef("pk")).order_by("-stars").values("stars")[:1]
        return list(Book.objects.order_by("id").values("id", best=Subquery(stars)))

    def case_values_of_a_constant(self):
        return list(Book.objects.order_by("id").values("id", kind=Value("book")))

    def case_values_of_an_aggregate(self):
        return list(Author.objects.order_by("id").values("name", n=Count("books")))

    def case_values_filtered_by_an_expression(self):
        return list(
            Book.objects.order_by("id").values(dear=F("price") * 2).filter(dear__gt=20).values("title")
        )

    def case_values_of_a_relation_alone(self):
        return [
            list(Book.objects.order_by("id").values_list("author__name", flat=True)),
            list(Book.objects.order_by("id").values("editor__name")),
            list(
                Book.objects.filter(author__age__gt=50).order_by("-id").values_list("author__age", flat=True)
            ),
        ]

    def case_values_distinct_twice(self):
        return list(Book.objects.order_by("status").values("status", "price").distinct().values("status"))

    def case_values_to_many_keys(self):
        return sorted(key for key in Book.objects.values_list("tags__id", flat=True) if key is not None)

    def case_values_to_many_counted(self):
        return Book.objects.values_list("tags__label", flat=True).count()

    def case_values_to_many_filtered(self):
        return sorted(Book.objects.filter(price__lt=10, status="p").values_list("tags__label", flat=True))

    def case_values_to_many_after_a_filter(self):
        return sorted(Book.objects.filter(tags__label="fun").values_list("tags__label", flat=True))

    def case_values_to_many_filtered_later(self):
        return sorted(Book.objects.values_list("tags__label", flat=True).filter(tags__label="fun"))

    def case_values_to_many_distinct(self):
        return sorted(
            Book.objects.order_by().values_list("tags__id", flat=True).distinct().exclude(tags__id=None)
        )

    def case_values_reverse(self):
        return sorted(
            [name, text or ""] for name, text in Author.objects.values_list("name", "books__reviews__text")
        )

    def case_values_first(self):
        return Book.objects.order_by("id").values("title", "price").first()

    def case_values_first_of_none(self):
        return Book.objects.filter(price=-1).values("title").first()

    def case_values_get(self):
        return Book.objects.values("title", "author__name").get(pk=1)

    def case_values_list_get(self):
        return Book.objects.values_list("title", flat=True).get(pk=2)

    def case_values_list_first(self):
        return Book.objects.order_by("id").values_list("title", "price").first()

    def case_values_list_get_none(self):
        return Book.objects.values_list("title", flat=True).get(pk=77)

    def case_values_twice(self):
        return list(Book.objects.order_by("id").values("title", "price").values("price"))

    def case_values_to_many(self):
        return list(Book.objects.order_by("id", "tags__id").values_list("title", "tags__label"))

    def case_values_indexed(self):
        return [row[0] for row in Book.objects.order_by("id").values_list("title", "price")]

    def case_values_unpacked(self):
        rows = Book.objects.order_by("id").values_list("title", "price")
        return [f"{title}: {price}" for title, price in rows]

    def case_alias(self):
        return titles(Book.objects.alias(double=F("price") * 2).filter(double__gt=20).order_by("double"))

    def case_reverse_of_ordered(self):
        return titles(Book.objects.order_by("price").reverse())

    def case_reverse_of_meta_ordering(self):
        return titles(Book.objects.filter(price__gt=6).reverse())

    def case_last_of_ordered(self):
        return Book.objects.filter(price__gt=6).order_by("price").last().title

    def case_only_and_defer(self):
        return titles(Book.objects.only("title").order_by("id")) + titles(
            Book.objects.defer("price").order_by("id")
        )

    def case_none(self):
        return titles(Book.objects.none())

    def case_aggregate_of_none(self):
        return Book.objects.none().aggregate(n=Count("id"))

    def case_order_by_random_count(self):
        return len(Book.objects.order_by("?"))

    def case_order_nulls_last(self):
        return titles(Book.objects.order_by(F("rating").desc(nulls_last=True), "id"))

    def case_order_nulls_none(self):
        return titles(Book.objects.order_by(F("price").desc(nulls_last=None), "id"))

    def case_order_by_to_many(self):
        return titles(Book.objects.order_by("tags__label", "id"))

    def case_order_by_a_part(self):
        return titles(Book.objects.filter(published__isnull=False).order_by("published__year", "id"))

    def case_slice_of_a_slice(self):
        return titles(Book.objects.order_by("id")[1:4][1:2])

    def case_slices_of_slices(self):
        books = Book.objects.order_by("id")
        return [
            titles(books[1:][1:3]),
            titles(books[:4][3:9]),
            titles(books[2:4][5:]),
            titles(books[1:5][:2]),
            books[1:4][1].title,
        ]

    def case_item_of_a_slice_that_is_too_short(self):
        return Book.objects.order_by("id")[1:3][2].title

    def case_count_of_a_slice(self):
        return [Book.objects.order_by("id")[1:4].count(), Book.objects.order_by("id")[1:4][2:].exists()]

    def case_exact_queryset(self):
        return titles(Book.objects.filter(author=Author.objects.filter(name="Ada")[:1]))

    def case_exact_queryset_of_values(self):
        newest = Review.objects.order_by("-id").values("book")[:1]
        return titles(Book.objects.filter(pk=newest))

    def case_exact_queryset_not_sliced(self):
        return titles(Book.objects.filter(author=Author.objects.filter(name="Ada")))

    def case_exact_queryset_of_another(self):
        return titles(Book.objects.filter(author=Author.objects.order_by("-name")[1:2]))

    def case_distinct_on(self):
        return titles(Book.objects.order_by("author_id", "-price").distinct("author_id"))

    def case_distinct_on_values(self):
        rows = Book.objects.order_by("author_id", "-price").distinct("author").values_list("title", flat=True)
        return [list(rows), rows.count()]

    def case_distinct_on_filtered(self):
        dearest = Book.objects.order_by("status", "-price").distinct("status").filter(author__age__gt=1)
        return [[book.title, book.author.name] for book in dearest]

    def case_distinct_on_a_relation(self):
        return titles(Book.objects.order_by("author__name").distinct("author__name"))

    def case_distinct_on_deleted(self):
        return Review.objects.order_by("book").distinct("book").delete()[0]

    def case_distinct_values_ordered_by_another(self):
        return [
            list(Book.objects.order_by("-price").values_list("status", "in_print").distinct()),
            list(Book.objects.order_by("-price").distinct().values("status")),
            list(Book.objects.order_by("author__name").values_list("status", flat=True).distinct()),
            list(Book.objects.order_by("status", "price").values_list("status", flat=True).distinct()[:3]),
            Author.objects.values_list("country", flat=True).distinct().count(),
        ]

    def case_distinct_values_named_and_counted(self):
        countries = Author.objects.values_list("country", flat=True).distinct()
        return [list(countries), countries.count()]

    def case_distinct_values_meta_ordering(self):
        return list(Author.objects.values_list("country", flat=True).distinct())

    # prefetching -------------------------------------------------------------------------

    def case_prefetch_queryset(self):
        books = Book.objects.filter(price__lt=20).order_by("-price")
        return [
            [author.name, titles(author.books.all())]
            for author in Author.objects.prefetch_related(Prefetch("books", queryset=books))
        ]

    def case_prefetch_queryset_filtered_again(self):
        books = Book.objects.filter(price__lt=20)
        return [
            [author.name, titles(author.books.filter(status="p"))]
            for author in Author.objects.prefetch_related(Prefetch("books", queryset=books))
        ]

    def case_prefetch_to_attr(self):
        books = Book.objects.filter(status="p").order_by("title")
        authors = Author.objects.prefetch_related(Prefetch("books", queryset=books, to_attr="published"))
        return [[author.name, titles(author.published)] for author in authors]

    def case_prefetch_to_attr_length(self):
        books = Book.objects.filter(status="p")
        authors = Author.objects.prefetch_related(Prefetch("books", queryset=books, to_attr="published"))
        return [[author.name, len(author.published)] for author in authors]

    def case_prefetch_object_without_queryset(self):
        return [
            [book.title, [tag.label for tag in book.tags.all()]]
            for book in Book.objects.prefetch_related(Prefetch("tags"))
        ]

    def case_prefetch_many_to_many(self):
        tags = Tag.objects.exclude(label="sad").order_by("label")
        return [
            [book.title, [tag.label for tag in book.tags.all()]]
            for book in Book.objects.prefetch_related(Prefetch("tags", queryset=tags)).order_by("id")
        ]

    def case_prefetch_with_relations(self):
        books = Book.objects.select_related("editor").order_by("id")
        return [
            [author.name, [book.display_title for book in author.books.all()]]
            for author in Author.objects.prefetch_related(Prefetch("books", queryset=books))
        ]

    def case_prefetch_count(self):
        books = Book.objects.filter(status="p")
        authors = Author.objects.prefetch_related(Prefetch("books", queryset=books))
        return [[author.name, author.books.count()] for author in authors]

    def case_prefetch_exists_and_first(self):
        books = Book.objects.filter(status="p").order_by("price")
        rows = []
        for author in Author.objects.prefetch_related(Prefetch("books", queryset=books)):
            first = author.books.first()
            rows.append([author.name, author.books.exists(), first.title if first else None])
        return rows

    def case_prefetch_two_lists(self):
        authors = Author.objects.prefetch_related(
            Prefetch("books", queryset=Book.objects.filter(price__lt=10), to_attr="cheap"),
            Prefetch("books", queryset=Book.objects.filter(price__gte=10), to_attr="dear"),
            "edited",
        )
        return [
            [a.name, titles(a.cheap), titles(a.dear), titles(a.books.all()), titles(a.edited.all())]
            for a in authors
        ]

    def case_prefetch_list_without_queryset(self):
        books = Book.objects.prefetch_related(Prefetch("tags", to_attr="labels")).order_by("id")
        return [[book.title, [tag.label for tag in book.labels]] for book in books]

    def case_prefetch_of_one(self):
        author = Author.objects.prefetch_related(
            Prefetch("books", queryset=Book.objects.exclude(tags__label="new"), to_attr="old")
        ).get(name="Ada")
        return [author.name, titles(author.old)]

    def case_prefetch_nested(self):
        books = Book.objects.prefetch_related(
            Prefetch("tags", queryset=Tag.objects.exclude(label="sad"))
        ).filter(price__gt=5)
        return [
            [
                author.name,
                [[book.title, [tag.label for tag in book.tags.all()]] for book in author.books.all()],
            ]
            for author in Author.objects.prefetch_related(Prefetch("books", queryset=books))
        ]

    def case_prefetch_plain_nested(self):
        books = Book.objects.select_related("editor").prefetch_related("tags")
        return [
            [author.name, [[book.display_title, book.tags.count()] for book in author.books.all()]]
            for author in Author.objects.prefetch_related(Prefetch("books", queryset=books))
        ]

    def case_prefetch_plain_of_a_foreign_key(self):
        authors = Author.objects.only("name")
        books = Book.objects.prefetch_related(Prefetch("author", queryset=authors)).order_by("id")
        return [book.author.name for book in books]

    def case_prefetch_of_a_foreign_key_filtered(self):
        authors = Author.objects.filter(age__gt=50)
        return [b.author.name for b in Book.objects.prefetch_related(Prefetch("author", queryset=authors))]

    def case_prefetch_deeper_filtered(self):
        tags = Tag.objects.exclude(label="sad")
        authors = Author.objects.prefetch_related(Prefetch("books__tags", queryset=tags))
        return [[[tag.label for tag in book.tags.all()] for book in a.books.all()] for a in authors]

    def case_prefetch_of_the_request(self):
        books = Book.objects.filter(status=self.request.query_params["tag"])
        return [
            len(a.books.all()) for a in Author.objects.prefetch_related(Prefetch("books", queryset=books))
        ]

    def case_prefetch_sliced(self):
        books = Book.objects.order_by("id")[:1]
        return [
            titles(a.books.all()) for a in Author.objects.prefetch_related(Prefetch("books", queryset=books))
        ]

    def case_prefetch_annotated(self):
        books = Book.objects.annotate(double=F("price") * 2)
        authors = Author.objects.prefetch_related(Prefetch("books", queryset=books))
        return [[book.double for book in author.books.all()] for author in authors]

    def case_prefetch_named_as_a_field(self):
        books = Book.objects.filter(status="p")
        return len(Author.objects.prefetch_related(Prefetch("books", queryset=books, to_attr="edited")))

    def case_prefetch_twice(self):
        books = Book.objects.filter(status="p")
        return len(Author.objects.prefetch_related("books", Prefetch("books", queryset=books)))

    def case_prefetch_and_save(self):
        books = Book.objects.filter(status="p")
        author = Author.objects.prefetch_related(Prefetch("books", queryset=books)).get(name="Ada")
        author.age = 71
        author.save()
        return titles(author.books.all())

    def case_prefetch_and_delete(self):
        books = Book.objects.filter(status="p")
        author = Author.objects.prefetch_related(Prefetch("books", queryset=books)).get(name="Cy")
        return author.delete()[0] > 0

    def case_prefetch_in_one_branch(self):
        books = Book.objects.filter(status="p")
        authors = Author.objects.all()
        if self.request.query_params.get("name") == "Ada":
            authors = authors.prefetch_related(Prefetch("books", queryset=books))
        return [titles(author.books.all()) for author in authors]

    def case_prefetch_with_a_value_of_the_branch(self):
        books = Book.objects.filter(status="p")
        if self.request.query_params.get("name") == "Ada":
            books = Book.objects.filter(price__lt=10)
        authors = Author.objects.prefetch_related(Prefetch("books", queryset=books))
        return [titles(author.books.all()) for author in authors]

    def case_prefetch_of_all_in_a_branch(self):
        authors = Author.objects.all()
        if self.request.query_params.get("name") == "Ada":
            authors = authors.prefetch_related(Prefetch("books", queryset=Book.objects.filter(price__lt=10)))
        return [titles(author.books.all()) for author in authors]

    def case_prefetch_asked_for(self):
        books = Book.objects.filter(price__lt=10)
        authors = Author.objects.prefetch_related(Prefetch("books", queryset=books, to_attr="few"))
        return [
            [len(a.few) if hasattr(a, "few") else -1, titles(getattr(a, "few", [])), hasattr(a, "many")]
            for a in authors
        ]

    def case_prefetch_not_asked_for(self):
        return [[hasattr(a, "few"), len(getattr(a, "few", []))] for a in Author.objects.all()]

    def case_prefetch_forgotten(self):
        books = Book.objects.filter(status="p")
        authors = Author.objects.prefetch_related(Prefetch("books", queryset=books)).prefetch_related(None)
        return [titles(author.books.all()) for author in authors]

    # conditions --------------------------------------------------------------------------

    def case_xor(self):
        return titles(Book.objects.filter(Q(price__lt=10) ^ Q(status="p")))

    def case_xor_with_null(self):
        return titles(Book.objects.filter(Q(rating__gt=3) ^ Q(price__lt=10)))

    def case_xor_of_a_relation(self):
        return titles(Book.objects.filter(Q(editor__age__gt=50) ^ Q(author__name="Ada")))

    def case_xor_of_three(self):
        return titles(Book.objects.filter(Q(price__lt=10) ^ Q(status="p") ^ Q(in_print=True)))

    def case_xor_negated(self):
        return titles(Book.objects.exclude(Q(price__lt=10) ^ Q(status="p")))

    def case_transforms_of_dates(self):
        return [
            titles(Book.objects.filter(created__month=6)),
            titles(Book.objects.filter(created__week_day__gte=3)),
            titles(Book.objects.filter(published__day__in=[1, 5])),
            titles(Book.objects.filter(created__hour=22)),
            titles(Book.objects.filter(published__quarter=1)),
            titles(Book.objects.filter(created__date__gt=datetime.date(2024, 1, 1))),
            titles(Book.objects.filter(published__year__gte=2020)),
        ]

    def case_year_in(self):
        return titles(Book.objects.filter(published__year__in=[2020, 2021]))

    def case_range_of_a_pair(self):
        pair = (7, 15)
        return titles(Book.objects.filter(price__range=pair))

    def case_date_transform_month(self):
        return titles(Book.objects.filter(created__date__month=6))

    def case_isnull_by_value(self):
        return [titles(Book.objects.filter(rating__isnull=flag)) for flag in (True, False)]

    def case_isnull_by_parameter(self):
        flag = self.request.query_params.get("name") == "Ada"
        return titles(Book.objects.filter(rating__isnull=flag))

    def case_filter_annotated_transform(self):
        return titles(Book.objects.annotate(day=F("published")).filter(day__year=2020))

    def case_exclude_to_many_isnull(self):
        return titles(Book.objects.exclude(tags__isnull=True))

    def case_exclude_reverse_isnull(self):
        return titles(Book.objects.exclude(reviews__isnull=False))

    def case_exclude_to_many_none(self):
        return [titles(Book.objects.exclude(tags=None)), titles(Book.objects.exclude(reviews=None))]

    def case_exclude_to_many_column_isnull(self):
        return titles(Book.objects.exclude(reviews__text__isnull=True))

    def case_f_plus_f(self):
        return titles(Book.objects.filter(price__gt=F("rating") * 2 + 1))

    def case_f_of_a_relation(self):
        return titles(Book.objects.filter(price__lt=F("author__age")))

    def case_lookup_of_f_text(self):
        return titles(Book.objects.filter(title__icontains=F("author__name")))

    def case_startswith_and_regex(self):
        return [
            titles(Book.objects.filter(title__istartswith="a")),
            titles(Book.objects.filter(title__regex=r"^[A-Z]")),
            titles(Book.objects.filter(title__iregex=r"^[a-b]")),
            titles(Book.objects.filter(title__endswith="ta")),
        ]

    # JSON --------------------------------------------------------------------------------

    def case_json_key(self):
        return [note.id for note in Note.objects.filter(data__color="red").order_by("id")]

    def case_json_key_number(self):
        return [note.id for note in Note.objects.filter(data__size=3).order_by("id")]

    def case_json_key_bool(self):
        return [note.id for note in Note.objects.filter(data__on=True).order_by("id")]

    def case_json_key_none(self):
        return [note.id for note in Note.objects.filter(data__color=None).order_by("id")]

    def case_json_key_deep(self):
        return [note.id for note in Note.objects.filter(data__list__0__name="x").order_by("id")]

    def case_json_key_gt(self):
        return [note.id for note in Note.objects.filter(data__size__gt=2).order_by("id")]

    def case_json_index_gt(self):
        return [note.id for note in Note.objects.filter(data__numbers__0__gt=1).order_by("id")]

    def case_json_key_isnull(self):
        return [
            [note.id for note in Note.objects.filter(data__color__isnull=True).order_by("id")],
            [note.id for note in Note.objects.filter(data__color__isnull=False).order_by("id")],
        ]

    def case_json_has_key(self):
        return [note.id for note in Note.objects.filter(data__has_key="color").order_by("id")]

    def case_json_has_keys(self):
        return [
            [note.id for note in Note.objects.filter(data__has_keys=["color", "size"]).order_by("id")],
            [note.id for note in Note.objects.filter(data__has_any_keys=["size", "on"]).order_by("id")],
        ]

    def case_json_has_key_that_is_a_number(self):
        return [
            [note.id for note in Note.objects.filter(data__has_key="0").order_by("id")],
            [note.id for note in Note.objects.filter(data__color__has_key="deep").order_by("id")],
            [
                note.id
                for note in Note.objects.filter(data__list__0__has_any_keys=["name", "x"]).order_by("id")
            ],
        ]

    def case_json_first_of_a_list(self):
        return [
            [note.id for note in Note.objects.filter(data__0=1).order_by("id")],
            [note.id for note in Note.objects.filter(data__0__isnull=True).order_by("id")],
            [note.id for note in Note.objects.filter(data__numbers__1__lte=1).order_by("id")],
        ]

    def case_json_key_of_a_text(self):
        return [
            [note.id for note in Note.objects.filter(data__size="3").order_by("id")],
            [note.id for note in Note.objects.filter(data__size__gte="2").order_by("id")],
            [note.id for note in Note.objects.filter(data__size__lt=4.5).order_by("id")],
            [note.id for note in Note.objects.filter(data__color="true").order_by("id")],
        ]

    def case_json_key_of_a_dict(self):
        return [
            [note.id for note in Note.objects.filter(data__color={"deep": "red"}).order_by("id")],
            [note.id for note in Note.objects.filter(data__numbers=[5, 1]).order_by("id")],
            [note.id for note in Note.objects.filter(data=[1, 2]).order_by("id")],
            [note.id for note in Note.objects.filter(data="red").order_by("id")],
            [note.id for note in Note.objects.filter(data=3).order_by("id")],
        ]

    def case_json_key_text_lookups(self):
        return [
            [note.id for note in Note.objects.filter(data__color__iexact="RED").order_by("id")],
            [note.id for note in Note.objects.filter(data__color__startswith="R").order_by("id")],
            [note.id for note in Note.objects.filter(data__size__endswith="3").order_by("id")],
            [note.id for note in Note.objects.filter(data__on__icontains="tru").order_by("id")],
            [note.id for note in Note.objects.filter(data__color__regex="^[rR]ed$").order_by("id")],
        ]

    def case_json_key_in_mixed(self):
        return [
            [note.id for note in Note.objects.filter(data__size__in=[3, 10, None]).order_by("id")],
            [note.id for note in Note.objects.filter(data__on__in=[True, False]).order_by("id")],
            [note.id for note in Note.objects.exclude(data__size__in=[3]).order_by("id")],
        ]

    def case_json_annotated_key(self):
        rows = Note.objects.annotate(size=F("data__size")).order_by("id")
        return [row.size for row in rows]

    def case_json_values_deep(self):
        return list(Note.objects.order_by("id").values("data__list__0__name", "data__numbers", "data__on"))

    def case_json_order_by_key_down(self):
        return [note.id for note in Note.objects.order_by("-data__size", "id")]

    def case_json_exclude_null(self):
        return [
            [note.id for note in Note.objects.exclude(data__color=None).order_by("id")],
            [note.id for note in Note.objects.exclude(data__color__isnull=True).order_by("id")],
            [note.id for note in Note.objects.exclude(data__has_key="color").order_by("id")],
        ]

    def case_json_key_called_like_a_lookup(self):
        return [note.id for note in Note.objects.filter(data__contains__deep="red").order_by("id")]

    def case_json_contained_by(self):
        return [
            note.id
            for note in Note.objects.filter(data__contained_by={"color": "red", "x": 1}).order_by("id")
        ]

    def case_json_range(self):
        return [note.id for note in Note.objects.filter(data__size__range=(1, 5)).order_by("id")]

    def case_json_key_chosen(self):
        rows = Note.objects.annotate(size=Case(When(id__gt=2, then=F("data__size")))).order_by("id")
        return [row.size for row in rows]

    def case_json_largest_key(self):
        return Note.objects.aggregate(most=Max(F("data__size")))

    def case_json_key_icontains(self):
        return [note.id for note in Note.objects.filter(data__color__icontains="RE").order_by("id")]

    def case_json_key_in(self):
        return [note.id for note in Note.objects.filter(data__color__in=["red", "blue"]).order_by("id")]

    def case_json_exact(self):
        return [note.id for note in Note.objects.filter(data={"color": "red"}).order_by("id")]

    def case_json_exact_none(self):
        return [note.id for note in Note.objects.filter(data=None).order_by("id")]

    def case_json_isnull(self):
        return [note.id for note in Note.objects.filter(data__isnull=True).order_by("id")]

    def case_json_exclude_key(self):
        return [note.id for note in Note.objects.exclude(data__color="red").order_by("id")]

    def case_json_not_q(self):
        return [note.id for note in Note.objects.filter(~Q(data__size=3)).order_by("id")]

    def case_json_contains(self):
        return [note.id for note in Note.objects.filter(data__contains={"color": "red"}).order_by("id")]

    def case_json_key_of_a_request(self):
        given = self.request.query_params.get("name")
        return [note.id for note in Note.objects.filter(data__owner=given).order_by("id")]

    def case_json_values_key(self):
        return list(Note.objects.order_by("id").values_list("data__color", flat=True))

    def case_json_order_by_key(self):
        return [note.id for note in Note.objects.order_by("data__color", "id")]

    # PostgreSQL --------------------------------------------------------------------------

    def case_search(self):
        return titles(Book.objects.filter(title__search="alpha"))

    def case_unaccent(self):
        return titles(Book.objects.filter(title__unaccent="alpha"))

    # expressions -------------------------------------------------------------------------

    def case_concat(self):
        books = Book.objects.annotate(line=Concat("title", Value(" by "), "author__name")).order_by("id")
        return [book.line for book in books]

    def case_concat_of_null(self):
        rows = Book.objects.annotate(line=Concat("title", Value("/"), "editor__name")).order_by("id")
        return [book.line for book in rows]

    def case_text_functions(self):
        rows = Book.objects.annotate(
            up=Upper("title"),
            low=Lower("title"),
            size=Length("title"),
            trimmed=Trim("title"),
            cut=Substr("title", 2, 3),
        ).order_by("id")
        return [[row.up, row.low, row.size, row.trimmed, row.cut] for row in rows]

    def case_parts_of_texts(self):
        rows = Book.objects.annotate(
            first=Left("title", 2),
            last=Right("title", 3),
            all=Right("title", 99),
            rest=Substr("title", 3),
            other=Replace("title", Value("a"), Value("-")),
            less=Replace(F("title"), Value("a")),
            place=StrIndex("title", Value("a")),
            back=Reverse("title"),
            bare=LTrim(RTrim(Concat(Value("  "), "title", Value(" ")))),
        ).order_by("id")
        return [[r.first, r.last, r.all, r.rest, r.other, r.less, r.place, r.back, r.bare] for r in rows]

    def case_filtered_by_parts_of_texts(self):
        return [
            titles(Book.objects.annotate(first=Left("title", 1)).filter(first__in=["A", "G"])),
            titles(Book.objects.annotate(size=Length("title")).filter(size__gt=5)),
            titles(Book.objects.order_by(Length("title").desc(), Upper("title"))),
        ]

    def case_numbers(self):
        rows = Book.objects.annotate(
            away=Abs(F("price") - 10),
            up=Ceil(Cast("price", FloatField()) / 2),
            down=Floor(Cast("price", FloatField()) / 2),
            about=Round(Cast("price", FloatField()) / 3, 1),
            whole=Round(Cast("price", FloatField()) / 3),
            squared=Power("price", 2),
            left=Mod("price", 4),
            root=Sqrt("price"),
        ).order_by("id")
        return [[r.away, r.up, r.down, r.about, r.whole, r.squared, r.left, r.root] for r in rows]

    def case_rounded_average(self):
        return Book.objects.aggregate(average=Round(Avg("price"), 1), whole=Round(Avg("rating")))

    def case_greatest_of_dates_and_texts(self):
        rows = Book.objects.annotate(
            late=Greatest("published", Value(datetime.date(2020, 6, 1))),
            text=Least("title", Value("D")),
            number=Greatest("price", 8),
            none=NullIf("title", Value("beta")),
        ).order_by("id")
        return [[r.late and r.late.isoformat(), r.text, r.number, r.none] for r in rows]

    def case_cast_to_text(self):
        return [book.text for book in Book.objects.annotate(text=Cast("price", CharField())).order_by("id")]

    def case_cast_to_float(self):
        rows = Book.objects.annotate(ratio=Cast("price", FloatField()) / 2).order_by("id")
        return [row.ratio for row in rows]

    def case_cast_to_integer(self):
        rows = Book.objects.annotate(flag=Cast("in_print", IntegerField())).order_by("id")
        return [row.flag for row in rows]

    def case_cast_filtered(self):
        return titles(Book.objects.annotate(text=Cast("price", TextField())).filter(text__startswith="2"))

    def case_expression_wrapper(self):
        rows = Book.objects.annotate(
            total=ExpressionWrapper(F("price") * 3, output_field=IntegerField())
        ).order_by("id")
        return [row.total for row in rows]

    def case_expression_wrapper_of_a_condition(self):
        from django.db.models import BooleanField

        rows = Book.objects.annotate(
            cheap=ExpressionWrapper(Q(price__lt=10), output_field=BooleanField())
        ).order_by("id")
        return [bool(row.cheap) for row in rows]

    def case_divide(self):
        return [book.half for book in Book.objects.annotate(half=F("price") / 2).order_by("id")]

    def case_null_if_greatest_least(self):
        rows = Book.objects.annotate(
            none=NullIf("price", Value(5)), most=Greatest("price", "rating"), least=Least("price", "rating")
        ).order_by("id")
        return [[row.none, row.most, row.least] for row in rows]

    def case_coalesce_value(self):
        return [b.r for b in Book.objects.annotate(r=Coalesce("rating", Value(-1))).order_by("id")]

    def case_case_when(self):
        rows = Book.objects.annotate(
            rank=Case(
                When(status="p", then=Value(1)),
                When(Q(price__lt=10) & Q(in_print=True), then=Value(2)),
                default=Value(3),
                output_field=IntegerField(),
            )
        ).order_by("rank", "id")
        return [[row.title, row.rank] for row in rows]

    def case_case_of_texts(self):
        rows = Book.objects.annotate(
            kind=Case(When(price__gt=10, then=Value("dear")), default=F("title"), output_field=CharField())
        ).order_by("id")
        return [row.kind for row in rows]

    def case_case_with_another_output_field(self):
        rows = Book.objects.annotate(
            kind=Case(When(price__gt=10, then=Value(1)), default=Value(0), output_field=CharField())
        ).order_by("id")
        return [row.kind for row in rows]

    def case_order_by_case(self):
        return titles(Book.objects.order_by(Case(When(status="d", then=Value(0)), default=Value(1)), "id"))

    def case_sum_of_a_case(self):
        return Book.objects.aggregate(n=Sum(Case(When(status="p", then=F("price")), default=Value(0))))

    def case_trunc(self):
        rows = Book.objects.annotate(
            month=TruncMonth("created"),
            day=TruncDay("created"),
            on_day=TruncDate("created"),
            year=TruncYear("published"),
        ).order_by("id")
        return [
            [
                row.month.isoformat(),
                row.day.isoformat(),
                row.on_day.isoformat(),
                row.year and row.year.isoformat(),
            ]
            for row in rows
        ]

    def case_trunc_kind(self):
        rows = Book.objects.annotate(week=Trunc("created", "week")).order_by("id")
        return [row.week.isoformat() for row in rows]

    def case_trunc_groups(self):
        return list(
            Book.objects.annotate(month=TruncMonth("created"))
            .values("month")
            .annotate(n=Count("id"))
            .order_by("month")
            .values_list("n", flat=True)
        )

    def case_trunc_date_groups(self):
        found = (
            Book.objects.annotate(day=TruncDate("created"))
            .values("day")
            .annotate(n=Count("id"))
            .order_by("day")
        )
        return [[row["day"].isoformat(), row["n"]] for row in found]

    def case_extract(self):
        rows = Book.objects.annotate(
            y=ExtractYear("published"), m=ExtractMonth("created"), d=ExtractDay("created")
        ).order_by("id")
        return [[row.y, row.m, row.d] for row in rows]

    def case_now(self):
        return titles(Book.objects.filter(created__lt=Now()))

    def case_now_between(self):
        return titles(Book.objects.annotate(seen=Least("created", Now())).filter(seen__year=2024))

    def case_window(self):
        rows = Book.objects.annotate(
            place=Window(RowNumber(), partition_by=[F("author_id")], order_by=F("price").desc())
        ).order_by("id")
        return [row.place for row in rows]

    def case_window_sum(self):
        rows = Book.objects.annotate(total=Window(Sum("price"), partition_by=[F("author_id")])).order_by("id")
        return [row.total for row in rows]

    def case_window_ranks(self):
        rows = Book.objects.annotate(
            rank=Window(Rank(), order_by=F("status").asc()),
            dense=Window(DenseRank(), order_by="-status"),
            share=Window(PercentRank(), order_by="price"),
            cume=Window(CumeDist(), partition_by="status", order_by=["price", "-id"]),
        ).order_by("id")
        return [[row.rank, row.dense, row.share, row.cume] for row in rows]

    def case_window_neighbours(self):
        rows = Book.objects.annotate(
            before=Window(Lag("title"), order_by="id"),
            after=Window(Lead("price", 2), order_by="id"),
            first=Window(FirstValue("published"), partition_by="status", order_by="-price"),
            last=Window(LastValue("title"), order_by="price"),
        ).order_by("id")
        return [[r.before, r.after, r.first and r.first.isoformat(), r.last] for r in rows]

    def case_window_aggregates(self):
        rows = Book.objects.annotate(
            running=Window(Sum("price"), order_by="id"),
            mean=Window(Avg("price"), partition_by=[F("status"), F("in_print")]),
            many=Window(Count("id"), partition_by="author__country"),
            most=Window(Max("rating")),
        ).order_by("id")
        return [[r.running, r.mean, r.many, r.most] for r in rows]

    def case_window_ordered_by_and_cut(self):
        rows = Book.objects.filter(price__gt=5).annotate(
            place=Window(RowNumber(), order_by=F("price").desc())
        )
        return [[row.title, row.place] for row in rows.order_by("-place")[:3]] + [rows.count()]

    def case_window_of_values(self):
        return list(
            Book.objects.order_by("id")
            .annotate(place=Window(RowNumber(), order_by="price"))
            .values("title", "place")
        )

    def case_window_of_an_annotation(self):
        rows = Author.objects.annotate(n=Count("books")).annotate(
            place=Window(RowNumber(), order_by=[F("n").desc(), "name"])
        )
        return [[row.name, row.place] for row in rows.order_by("name")]

    def case_window_filtered(self):
        rows = Book.objects.annotate(place=Window(RowNumber(), order_by="price"))
        return titles(rows.filter(place__lte=2).order_by("id"))

    def case_window_after_a_to_many_filter(self):
        rows = Book.objects.filter(tags__label__in=["fun", "sad"]).annotate(n=Window(Count("id")))
        return [row.n for row in rows.order_by("id")]

    def case_window_then_a_to_many_filter(self):
        rows = Book.objects.annotate(n=Window(Count("id"))).filter(tags__label__in=["fun", "sad"])
        return [row.n for row in rows.order_by("id")]

    def case_window_aggregated(self):
        return Book.objects.annotate(n=Window(RowNumber(), order_by="id")).aggregate(s=Sum("n"))

    def case_window_function_alone(self):
        return [row.n for row in Book.objects.annotate(n=RowNumber())]

    def case_aggregates(self):
        return Book.objects.aggregate(
            n=Count("id"),
            s=Sum("price"),
            a=Avg("price"),
            lo=Min("price"),
            hi=Max("price"),
            d=Count("author", distinct=True),
        )

    def case_aggregate_of_keys(self):
        return Book.objects.aggregate(s=Sum("id"), a=Avg("id"), m=Max("id"), b=Sum("author_id"))

    def case_aggregate_named_as_a_field(self):
        return Book.objects.aggregate(price=Sum("price"), b=Avg("price"))

    def case_aggregate_filtered(self):
        return Book.objects.aggregate(
            dear=Count("id", filter=Q(price__gt=8)),
            sums=Sum("price", filter=Q(status="p")),
            none=Sum("price", filter=Q(price=-1)),
        )

    def case_aggregate_default(self):
        return Book.objects.filter(price=-1).aggregate(total=Sum("price", default=0))

    def case_aggregate_coalesce(self):
        return Book.objects.filter(price=-1).aggregate(total=Coalesce(Sum("price"), 0))

    def case_aggregate_of_f(self):
        return Book.objects.aggregate(total=Sum(F("price") * 2), most=Max(F("price") + 1))

    def case_aggregate_of_relation(self):
        return Author.objects.aggregate(n=Count("books"), s=Sum("books__price"))

    def case_aggregate_distinct_queryset(self):
        return Book.objects.filter(tags__label__in=["fun", "sad"]).distinct().aggregate(s=Sum("price"))

    def case_aggregate_of_a_filtered_relation(self):
        return Book.objects.filter(tags__label__in=["fun", "sad"]).aggregate(s=Sum("price"))

    def case_aggregate_sliced(self):
        return Book.objects.order_by("id")[:2].aggregate(s=Sum("price"))

    def case_aggregate_of_annotation(self):
        return Book.objects.annotate(double=F("price") * 2).aggregate(s=Sum("double"))

    def case_annotate_two_counts_distinct(self):
        rows = Author.objects.annotate(
            n=Count("books", distinct=True), m=Count("edited", distinct=True)
        ).order_by("id")
        return [[row.name, row.n, row.m] for row in rows]

    def case_annotate_count_many_to_many_ordered(self):
        return [[b.title, b.n] for b in Book.objects.annotate(n=Count("tags")).order_by("-n", "id")]

    def case_subquery_count(self):
        counted = (
            Review.objects.filter(book=OuterRef("pk"))
            .order_by()
            .values("book")
            .annotate(n=Count("pk"))
            .values("n")
        )
        rows = Book.objects.annotate(n=Coalesce(Subquery(counted), 0)).order_by("id")
        return [row.n for row in rows]

    def case_subquery_of_the_same_table(self):
        dearest = Book.objects.filter(author=OuterRef("author")).order_by("-price").values("price")[:1]
        return [row.best for row in Book.objects.annotate(best=Subquery(dearest)).order_by("id")]

    def case_subquery_of_the_same_table_twice(self):
        cheaper = Book.objects.filter(price__lt=OuterRef("price")).order_by("-price")
        next_one = Book.objects.filter(pk=OuterRef("pk")).annotate(
            below=Subquery(cheaper.values("title")[:1])
        )
        rows = Book.objects.annotate(
            below=Subquery(cheaper.values("title")[:1]), same=Subquery(next_one.values("below")[:1])
        ).order_by("id")
        return [[row.title, row.below, row.same] for row in rows]

    def case_exists_of_the_same_table_by_a_relation(self):
        other = Book.objects.filter(author=OuterRef("author"), editor__name="Ada").exclude(pk=OuterRef("pk"))
        rows = Book.objects.annotate(more=Exists(other)).order_by("id")
        return [[row.title, row.more] for row in rows]

    def case_parents_of_the_same_table(self):
        rows = Category.objects.annotate(
            kids=Exists(Category.objects.filter(parent=OuterRef("pk"))),
            grandkids=Exists(Category.objects.filter(parent__parent=OuterRef("pk"))),
        ).order_by("id")
        return [[row.name, row.kids, row.grandkids] for row in rows]

    def case_exists_of_the_same_table(self):
        other = Book.objects.filter(author=OuterRef("author"), price__gt=OuterRef("price"))
        return titles(Book.objects.filter(Exists(other)))

    def case_exists_annotated(self):
        rows = Book.objects.annotate(seen=Exists(Review.objects.filter(book=OuterRef("pk")))).order_by("id")
        return [row.seen for row in rows]

    def case_value_annotated(self):
        return [row.kind for row in Author.objects.annotate(kind=Value("author")).order_by("id")]

    def case_two_aggregates_the_second_distinct(self):
        authors = Author.objects.annotate(n=Count("edited"), m=Count("books", distinct=True)).order_by("id")
        return [[author.n, author.m] for author in authors]

    def case_two_aggregates_the_first_distinct(self):
        authors = Author.objects.annotate(m=Count("books", distinct=True)).annotate(n=Count("edited"))
        return [[author.n, author.m] for author in authors.order_by("id")]

    def case_two_aggregates_both_distinct(self):
        authors = Author.objects.annotate(
            m=Count("edited", distinct=True), n=Count("books", distinct=True)
        ).order_by("id")
        return [[author.n, author.m] for author in authors]

    def case_two_aggregates_of_one_relation(self):
        books = Book.objects.annotate(n=Count("reviews"), m=Count("reviews__user", distinct=True)).order_by(
            "id"
        )
        return [[book.n, book.m] for book in books]

    def case_two_aggregates_of_one_relation_not_distinct(self):
        books = Book.objects.annotate(n=Count("reviews"), s=Sum("reviews__stars"), a=Avg("reviews__stars"))
        return [[book.n, book.s, book.a] for book in books.order_by("id")]

    def case_two_aggregates_largest(self):
        authors = Author.objects.annotate(
            a=Max("books__price"), b=Min("edited__price"), n=Count("books", distinct=True)
        )
        return [[author.a, author.b, author.n] for author in authors.order_by("id")]

    def case_two_aggregates_in_one_expression(self):
        books = Book.objects.annotate(mean=Sum("reviews__stars") * 10 + Count("reviews")).order_by("id")
        return [book.mean for book in books]

    def case_two_aggregates_in_one_expression_of_two(self):
        authors = Author.objects.annotate(mean=Count("books") + Count("edited")).order_by("id")
        return [author.mean for author in authors]

    def case_two_aggregates_aliased_and_not(self):
        authors = Author.objects.alias(n=Count("edited")).annotate(m=Count("books")).order_by("id")
        return [author.m for author in authors]

    def case_two_names_of_one_list(self):
        first = second = []
        second.append(1)
        if first:
            return ["filled", first]
        return ["empty", second]

    def case_two_names_of_one_list_in_turn(self):
        second = first = []
        second.append(1)
        return ["filled", first] if first else ["empty", second]

    def case_two_names_of_one_list_by_name(self):
        second = []
        first = second
        second.append(1)
        return ["filled", first] if first else ["empty", second]
