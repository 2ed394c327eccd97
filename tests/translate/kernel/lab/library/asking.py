"""More of the query language: what is read again and again, over windows, moments and relations."""

import datetime
from zoneinfo import ZoneInfo

from django.db.models import (
    Avg,
    BooleanField,
    Case,
    CharField,
    Count,
    DateField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    RowRange,
    StdDev,
    Subquery,
    Sum,
    Value,
    ValueRange,
    Variance,
    When,
    Window,
)
from django.db.models.functions import (
    Coalesce,
    ExtractHour,
    ExtractYear,
    FirstValue,
    JSONObject,
    LastValue,
    Left,
    Length,
    Lower,
    LPad,
    NthValue,
    Ntile,
    Repeat,
    Replace,
    Right,
    RowNumber,
    StrIndex,
    Substr,
    TruncDate,
    TruncDay,
    TruncHour,
    TruncMonth,
    Upper,
)
from rest_framework.views import APIView

from library.models import Author, Book, Ledger, Note, Review, Tag


def titles(books):
    return [book.title for book in books]


TOKYO = ZoneInfo("Asia/Tokyo")


class Asking(APIView):
    # frames of windows --------------------------------------------------------------------

    def case_frame_running_sum(self):
        rows = Book.objects.annotate(
            s=Window(Sum("price"), order_by="id", frame=RowRange(start=None, end=0))
        ).order_by("id")
        return [row.s for row in rows]

    def case_frame_moving_average(self):
        rows = Book.objects.annotate(
            a=Window(Avg("price"), order_by=F("id").asc(), frame=RowRange(start=-1, end=1))
        ).order_by("id")
        return [row.a for row in rows]

    def case_frame_before_alone(self):
        rows = Book.objects.annotate(
            a=Window(Max("price"), partition_by="status", order_by="id", frame=RowRange(start=None, end=-1))
        ).order_by("id")
        return [row.a for row in rows]

    def case_frame_after_alone(self):
        rows = Book.objects.annotate(
            a=Window(Min("price"), order_by="-id", frame=RowRange(start=1, end=2))
        ).order_by("id")
        return [row.a for row in rows]

    def case_frame_whole(self):
        rows = Book.objects.annotate(
            a=Window(LastValue("title"), order_by="price", frame=RowRange()),
            b=Window(FirstValue("title"), order_by="price", frame=RowRange(start=0)),
        ).order_by("id")
        return [[row.a, row.b] for row in rows]

    def case_frame_of_values(self):
        rows = Book.objects.annotate(
            s=Window(Sum("price"), order_by="price", frame=ValueRange(start=None, end=0)),
            t=Window(Count("id"), order_by="status", frame=ValueRange()),
        ).order_by("id")
        return [[row.s, row.t] for row in rows]

    def case_frame_of_values_with_numbers(self):
        rows = Book.objects.annotate(
            s=Window(Sum("price"), order_by="price", frame=ValueRange(start=-2, end=2))
        ).order_by("id")
        return [row.s for row in rows]

    def case_frame_from_the_request(self):
        far = int(self.request.query_params["min"])
        rows = Book.objects.annotate(
            s=Window(Sum("price"), order_by="price", frame=RowRange(start=-far, end=0))
        ).order_by("id")
        return [row.s for row in rows]

    def case_frame_upside_down(self):
        rows = Book.objects.annotate(
            s=Window(Sum("price"), order_by="price", frame=RowRange(start=2, end=1))
        ).order_by("id")
        return [row.s for row in rows]

    def case_window_nth_and_ntile(self):
        rows = Book.objects.annotate(
            nth=Window(NthValue("title", nth=2), order_by="id"),
            part=Window(Ntile(num_buckets=2), order_by="id"),
        ).order_by("id")
        return [[row.nth, row.part] for row in rows]

    def case_window_of_a_sum_of_an_expression(self):
        rows = Book.objects.annotate(
            s=Window(Sum(F("price") * 2), partition_by="status", order_by="id")
        ).order_by("id")
        return [row.s for row in rows]

    def case_window_filtered_aggregate(self):
        rows = Book.objects.annotate(s=Window(Sum("price", filter=Q(in_print=True)), order_by="id")).order_by(
            "id"
        )
        return [row.s for row in rows]

    def case_window_output_field(self):
        rows = Book.objects.annotate(
            s=Window(expression=Sum("price"), order_by="id", output_field=IntegerField())
        ).order_by("id")
        return [row.s for row in rows]

    # moments in a zone --------------------------------------------------------------------

    def case_trunc_in_a_zone(self):
        rows = Book.objects.annotate(
            d=TruncDay("created", tzinfo=TOKYO),
            m=TruncMonth("created", tzinfo=datetime.UTC),
            h=TruncHour("created", tzinfo=ZoneInfo("Asia/Kolkata")),
        ).order_by("id")
        return [[row.d.isoformat(), row.m.isoformat(), row.h.isoformat()] for row in rows]

    def case_trunc_to_a_date_in_a_zone(self):
        rows = Book.objects.annotate(d=TruncDate("created", tzinfo=TOKYO)).order_by("id")
        return [row.d.isoformat() for row in rows]

    def case_trunc_no_zone(self):
        rows = Book.objects.annotate(d=TruncDay("created", tzinfo=None)).order_by("id")
        return [row.d.isoformat() for row in rows]

    def case_trunc_to_dates(self):
        rows = Book.objects.annotate(
            d=TruncDay("created", output_field=DateField()),
            m=TruncMonth("created", output_field=DateField(), tzinfo=datetime.UTC),
        ).order_by("id")
        return [[row.d.isoformat(), row.m.isoformat()] for row in rows]

    def case_trunc_to_moments(self):
        rows = Book.objects.annotate(m=TruncMonth("created", output_field=DateTimeField())).order_by("id")
        return [row.m.isoformat() for row in rows]

    def case_trunc_date_to_moments(self):
        rows = Book.objects.filter(price__lt=6).annotate(
            m=TruncMonth("published", output_field=DateTimeField())
        )
        return [row.m.isoformat() for row in rows]

    def case_extract_in_a_zone(self):
        rows = Book.objects.annotate(
            y=ExtractYear("created", tzinfo=TOKYO), h=ExtractHour("created", tzinfo=datetime.UTC)
        ).order_by("id")
        return [[row.y, row.h] for row in rows]

    def case_trunc_groups_in_a_zone(self):
        rows = (
            Book.objects.annotate(day=TruncDate("created", tzinfo=TOKYO))
            .values("day")
            .annotate(n=Count("id"))
            .order_by("day")
        )
        return [[row["day"].isoformat(), row["n"]] for row in rows]

    def case_datetimes_in_this_zone(self):
        return [m.isoformat() for m in Book.objects.datetimes("created", "day", tzinfo=None)]

    # look-ups of annotations --------------------------------------------------------------

    def case_annotation_of_a_date_filtered(self):
        books = Book.objects.annotate(day=F("published"))
        return [
            titles(books.filter(day__year=2020).order_by("id")),
            titles(books.filter(day__month__gte=5).order_by("id")),
            titles(books.filter(day__year__gt=2019).order_by("id")),
        ]

    def case_annotation_of_text_filtered(self):
        books = Book.objects.annotate(low=Lower("title"))
        return [
            titles(books.filter(low__startswith="a").order_by("id")),
            titles(books.filter(low__in=["beta", "gamma"]).order_by("id")),
            titles(books.exclude(low__contains="a").order_by("id")),
        ]

    def case_annotation_of_a_cut_filtered(self):
        books = Book.objects.annotate(day=TruncDate("created")).filter(day=datetime.date(2024, 6, 1))
        return titles(books.order_by("id"))

    def case_annotation_of_a_cut_moment_filtered(self):
        books = Book.objects.annotate(day=TruncDay("created")).filter(
            day=datetime.datetime(2024, 6, 1, tzinfo=ZoneInfo("America/New_York"))
        )
        return titles(books.order_by("id"))

    def case_annotation_of_a_condition_filtered(self):
        books = Book.objects.annotate(loved=Exists(Review.objects.filter(book=OuterRef("pk"), stars=5)))
        return [titles(books.filter(loved=True)), titles(books.filter(loved=False).order_by("id"))]

    def case_annotation_that_may_be_null_excluded(self):
        books = Book.objects.annotate(r=F("rating"))
        return titles(books.exclude(r=3).order_by("id"))

    def case_annotation_is_null(self):
        books = Book.objects.annotate(r=F("rating"))
        return [titles(books.filter(r__isnull=True)), titles(books.filter(r=None))]

    def case_annotation_of_an_annotation(self):
        books = Book.objects.annotate(a=F("price") + 1).annotate(b=F("a") * 2).filter(b__gt=F("a") + 10)
        return [[book.title, book.b] for book in books.order_by("id")]

    def case_annotation_ordered_by_a_transform(self):
        return titles(Book.objects.annotate(day=F("published")).order_by("day__month", "id"))

    def case_annotation_called_like_a_relation(self):
        books = Book.objects.annotate(city=F("author__profile__city")).filter(city="London")
        return titles(books.order_by("id"))

    # choices ------------------------------------------------------------------------------

    def case_nested_case(self):
        books = Book.objects.annotate(
            kind=Case(
                When(
                    in_print=True,
                    then=Case(When(price__lt=8, then=Value("cheap")), default=Value("dear")),
                ),
                default=Value("gone"),
            )
        ).order_by("id")
        return [book.kind for book in books]

    def case_nested_case_of_columns(self):
        books = Book.objects.annotate(
            n=Case(
                When(Q(rating__isnull=True) | Q(rating=0), then=Value(-1)),
                When(~Q(status="p"), then=Case(When(editor=None, then=F("price")), default=F("rating"))),
                default=F("rating") * 10,
                output_field=IntegerField(),
            )
        ).order_by("id")
        return [book.n for book in books]

    def case_case_of_conditions(self):
        books = Book.objects.annotate(
            good=Case(When(rating__gte=4, then=True), default=False, output_field=BooleanField())
        )
        return titles(books.filter(good=True).order_by("id"))

    def case_case_without_default(self):
        books = Book.objects.annotate(x=Case(When(price__gt=10, then=F("title")))).order_by("id")
        return [book.x for book in books]

    def case_case_with_an_empty_condition(self):
        books = Book.objects.annotate(
            x=Case(When(pk__in=[], then=Value("never")), default=Value("always"))
        ).order_by("id")
        return [book.x for book in books]

    def case_case_over_a_to_many_relation(self):
        books = Book.objects.annotate(
            x=Case(When(tags__label="fun", then=Value("fun")), default=Value("not"))
        ).order_by("id", "x")
        return [[book.title, book.x] for book in books]

    def case_case_ordered_and_summed(self):
        return list(
            Book.objects.order_by()
            .values("author__country")
            .annotate(n=Sum(Case(When(status="p", then=1), default=0)))
            .order_by("author__country")
        )

    # functions ----------------------------------------------------------------------------

    def case_func(self):
        return [b.x for b in Book.objects.annotate(x=Func(F("title"), function="LOWER")).order_by("id")]

    def case_func_with_a_template(self):
        books = Book.objects.annotate(
            x=Func(F("title"), template="UPPER(%(expressions)s)", output_field=CharField())
        )
        return [book.x for book in books]

    def case_functions_of_text(self):
        rows = Author.objects.annotate(
            a=Left("name", 1),
            b=Right("name", 1),
            c=Replace("name", Value("a"), Value("o")),
            d=StrIndex("name", Value("d")),
            e=Substr("name", 2),
            f=LPad("name", 5, Value("-")),
            g=Repeat("name", 2),
        ).order_by("id")
        return [[r.a, r.b, r.c, r.d, r.e, r.f, r.g] for r in rows]

    def case_function_over_a_relation(self):
        return [
            b.x
            for b in Book.objects.annotate(x=Upper("author__name"), n=Length("author__name")).order_by("id")
        ]

    def case_json_object(self):
        return [a.x for a in Author.objects.annotate(x=JSONObject(name="name", age="age")).order_by("id")]

    def case_standard_deviation(self):
        found = Book.objects.aggregate(d=StdDev("price"), v=Variance("price"))
        return [round(found["d"], 6), round(found["v"], 6)]

    def case_custom_lookup(self):
        return titles(Book.objects.filter(title__differs="Alpha"))

    def case_custom_transform(self):
        return titles(Book.objects.filter(price__tens=1))

    def case_coalesce_of_relations(self):
        rows = Book.objects.annotate(who=Coalesce("editor__name", "author__name")).order_by("who", "id")
        return [[row.title, row.who] for row in rows]

    # slices -------------------------------------------------------------------------------

    def case_slice_with_a_step(self):
        return titles(Book.objects.order_by("id")[0:5:2])

    def case_slice_with_a_step_alone(self):
        return titles(Book.objects.order_by("id")[::2])

    def case_slice_of_values_with_a_step(self):
        return Book.objects.order_by("id").values_list("title", flat=True)[:4:3]

    def case_slice_with_a_step_of_the_request(self):
        step = int(self.request.query_params["min"])
        return titles(Book.objects.order_by("id")[:5:step])

    def case_slice_with_a_step_and_filtered(self):
        return Book.objects.order_by("id")[::2].filter(price=5)

    def case_slice_backwards(self):
        return titles(Book.objects.order_by("id")[::-1])

    def case_slice_from_the_end(self):
        return titles(Book.objects.order_by("id")[-2:])

    def case_item_from_the_end(self):
        return Book.objects.order_by("id")[-1].title

    def case_slice_empty(self):
        return [titles(Book.objects.order_by("id")[3:3]), titles(Book.objects.order_by("id")[4:2])]

    # rows in parts ------------------------------------------------------------------------

    def case_iterator_with_prefetched(self):
        books = Book.objects.order_by("id").prefetch_related("tags").iterator(chunk_size=2)
        return [[book.title, len(book.tags.all())] for book in books]

    def case_iterator_with_prefetched_no_size(self):
        books = Book.objects.order_by("id").prefetch_related("tags").iterator()
        return [[book.title, len(book.tags.all())] for book in books]

    def case_iterator_no_size(self):
        return titles(Book.objects.order_by("id").iterator(chunk_size=0))

    def case_iterator_of_the_request(self):
        return titles(Book.objects.order_by("id").iterator(int(self.request.query_params["min"])))

    def case_iterator_with_relations(self):
        books = Book.objects.select_related("author").order_by("id").iterator(chunk_size=2)
        return [f"{book.title} by {book.author.name}" for book in books]

    def case_latest_of_three(self):
        return Book.objects.latest("published", "-price", "id").title

    def case_latest_of_a_relation(self):
        return Book.objects.latest("author__name", "id").title

    def case_latest_of_nothing_named(self):
        return Book.objects.latest().title

    def case_earliest_sliced(self):
        return Book.objects.all()[:3].earliest("id").title

    def case_earliest_of_null(self):
        return Book.objects.earliest("rating", "id").title

    # computed by the database ---------------------------------------------------------------

    def case_generated_read(self):
        return [[row.name, row.double, row.title, row.kind] for row in Ledger.objects.order_by("id")]

    def case_generated_filtered(self):
        return [row.name for row in Ledger.objects.filter(double__gt=4).order_by("-double")]

    def case_generated_values(self):
        return list(Ledger.objects.order_by("id").values("name", "double", "kind"))

    def case_generated_aggregated(self):
        return Ledger.objects.aggregate(s=Sum("double"), m=Max("title"))

    def case_generated_with_f(self):
        return [row.x for row in Ledger.objects.annotate(x=F("double") + F("amount")).order_by("id")]

    # one query for all rows -----------------------------------------------------------------

    def case_many_counted(self):
        return [[author.name, author.books.count()] for author in Author.objects.order_by("id")]

    def case_many_counted_filtered(self):
        return [
            [author.name, author.books.filter(status="p").count()] for author in Author.objects.order_by("id")
        ]

    def case_many_exist(self):
        return [
            [author.name, author.books.filter(price__gt=10).exists(), author.edited.exists()]
            for author in Author.objects.order_by("id")
        ]

    def case_many_first(self):
        found = []
        for author in Author.objects.order_by("id"):
            book = author.books.order_by("-price").first()
            found.append([author.name, book.title if book else None])
        return found

    def case_many_counted_of_many_to_many(self):
        return [[book.title, book.tags.count(), book.tags.exists()] for book in Book.objects.order_by("id")]

    def case_chain_of_relations(self):
        return [
            [review.stars, review.book.title, review.book.author.name, review.book.author.profile.city]
            for review in Review.objects.filter(book__author__name="Ada").order_by("id")
        ]

    def case_many_totals(self):
        return [
            [author.name, author.books.aggregate(s=Sum("price"))["s"]]
            for author in Author.objects.order_by("id")
        ]

    def case_many_latest(self):
        return [
            author.books.latest("created").title for author in Author.objects.order_by("id") if author.age
        ]

    def case_many_values(self):
        return [
            list(author.books.order_by("id").values_list("title", flat=True))
            for author in Author.objects.order_by("id")
        ]

    # relations of relations -------------------------------------------------------------------

    def case_reverse_then_forward(self):
        return sorted({a.name for a in Author.objects.filter(books__editor__name="Bo")})

    def case_twice_the_same_relation(self):
        one = Book.objects.filter(tags__label="fun", tags__id__gt=1)
        two = Book.objects.filter(tags__label="fun").filter(tags__id__gt=1)
        return [titles(one.order_by("id")), titles(two.order_by("id"))]

    def case_exclude_twice(self):
        return [
            titles(Book.objects.exclude(tags__label="fun", price=5).order_by("id")),
            titles(Book.objects.exclude(tags__label="fun").exclude(reviews__stars=3).order_by("id")),
        ]

    def case_exclude_two_of_one_relation(self):
        return titles(Book.objects.exclude(reviews__stars=5, reviews__user__username="bob").order_by("id"))

    def case_not_of_or(self):
        return titles(Book.objects.filter(~(Q(tags__label="new") | Q(price=5))).order_by("id"))

    def case_in_of_nothing_negated(self):
        return titles(Book.objects.exclude(pk__in=[]).order_by("id"))

    def case_in_with_none(self):
        return [
            titles(Book.objects.filter(rating__in=[None, 3])),
            titles(Book.objects.exclude(rating__in=[None, 3]).order_by("id")),
        ]

    def case_group_of_a_function(self):
        return list(
            Author.objects.annotate(first=Lower("country"))
            .values("first")
            .annotate(n=Count("id"))
            .order_by("first")
        )

    def case_annotate_a_subquery_of_values(self):
        newest = Book.objects.filter(author=OuterRef("pk")).order_by("-created", "id")
        authors = Author.objects.annotate(
            newest=Subquery(newest.values("title")[:1]), price=Subquery(newest.values("price")[:1])
        )
        return [[a.name, a.newest, a.price] for a in authors.filter(price__gt=6).order_by("-newest")]

    def case_average_of_floats(self):
        return Book.objects.aggregate(a=Avg("rating", output_field=FloatField()))

    def case_note_in_a_list(self):
        return [note.pk for note in Note.objects.filter(data__kind__in=["a", "b"]).order_by("id")]

    def case_tags_by_a_count(self):
        tags = Tag.objects.annotate(n=Count("books", filter=Q(books__price__gt=6))).filter(n__gte=2)
        return [[tag.label, tag.n] for tag in tags.order_by("label")]

    def case_count_of_a_negated_filter(self):
        return list(
            Author.objects.order_by()
            .values("country")
            .annotate(n=Count("books", filter=~Q(books__status="p")))
            .order_by("country")
        )

    def case_count_of_a_negated_filter_of_another(self):
        return list(
            Author.objects.order_by()
            .values("country")
            .annotate(n=Count("books", filter=~Q(edited__status="p")))
            .order_by("country")
        )

    def case_count_filtered_over_another_relation(self):
        authors = Author.objects.annotate(n=Count("books", filter=Q(books__tags__label__in=["fun", "sad"])))
        return [[a.name, a.n] for a in authors.order_by("id")]

    def case_condition_over_a_to_many_annotated(self):
        return [b.x for b in Book.objects.annotate(x=Q(tags__label="fun")).order_by("id", "x")]

    def case_condition_annotated(self):
        return [b.x for b in Book.objects.annotate(x=Q(price__gt=8)).order_by("id")]

    def case_condition_over_a_relation_annotated(self):
        books = Book.objects.annotate(x=Q(author__name="Ann")).order_by("id")
        return [b.x for b in books]

    def case_condition_over_a_relation_that_may_be_missing_annotated(self):
        return [b.x for b in Book.objects.annotate(x=Q(editor__name="Cy")).order_by("id")]

    def case_condition_over_a_relation_that_may_be_missing_wrapped(self):
        wrapped = ExpressionWrapper(Q(editor__name="Cy"), output_field=BooleanField())
        return [b.x for b in Book.objects.annotate(x=wrapped).order_by("id")]

    def case_condition_over_a_relation_that_may_be_missing_negated(self):
        return [b.x for b in Book.objects.annotate(x=~Q(editor__name="Cy")).order_by("id")]

    def case_condition_over_a_relation_that_is_missing_annotated(self):
        return [b.x for b in Book.objects.annotate(x=Q(editor__name__isnull=True)).order_by("id")]

    def case_condition_on_a_key_that_may_be_missing_annotated(self):
        return [b.x for b in Book.objects.annotate(x=Q(editor=3)).order_by("id")]

    def case_condition_over_a_relation_that_may_be_missing_in_a_case(self):
        chosen = Case(When(Q(editor__name="Cy"), then=Value("his")), default=Value("no"))
        return [b.x for b in Book.objects.annotate(x=chosen).order_by("id")]

    def case_window_filtered_over_a_relation_that_may_be_missing(self):
        rows = Book.objects.annotate(s=Window(Sum("price", filter=Q(editor__name="Cy")), order_by="id"))
        return [row.s for row in rows.order_by("id")]

    def case_sum_with_another_output_field(self):
        authors = Author.objects.annotate(s=Sum("books__price", output_field=FloatField())).order_by("id")
        return [str(author.s) for author in authors]

    def case_sum_with_its_output_field(self):
        authors = Author.objects.annotate(s=Sum("books__price", output_field=IntegerField())).order_by("id")
        return [author.s for author in authors]

    def case_range_of_a_text_and_a_number(self):
        return titles(Book.objects.filter(price__range=(self.request.query_params["min"], 20)).order_by("id"))

    def case_range_of_texts(self):
        low = self.request.query_params["min"]
        return titles(Book.objects.filter(price__range=[low, low]).order_by("id"))

    def case_range_of_none(self):
        return titles(Book.objects.filter(price__range=(None, 20)).order_by("id"))

    def case_range_of_columns(self):
        return titles(Book.objects.filter(price__range=(F("rating"), 20)).order_by("id"))

    def case_row_number_of_groups(self):
        return list(
            Book.objects.values("status")
            .annotate(n=Count("id"), place=Window(RowNumber(), order_by="status"))
            .order_by("status")
        )

    # unions, read a second time ---------------------------------------------------------------

    def case_union_as_it_is_of_values_dicts(self):
        a = Book.objects.filter(price__lt=8).values("title", "price")
        b = Book.objects.filter(price__gt=20).values("title", "price")
        return list(a.union(b).order_by("-price"))

    def case_union_of_values_in_another_order(self):
        a = Author.objects.order_by().values("name", "country")
        b = Author.objects.order_by().values("country", "name")
        return sorted([row["name"], row["country"]] for row in a.union(b))

    def case_union_of_distinct_values(self):
        a = Book.objects.order_by().values_list("status", flat=True).distinct()
        return list(
            a.union(Tag.objects.order_by().values_list("label", flat=True), all=True).order_by("status")
        )

    def case_union_counted_all(self):
        a = Book.objects.order_by().values_list("status", flat=True)
        return [a.union(a, all=True).count(), a.union(a).count(), a.union(a, all=True).exists()]

    def case_union_of_sliced(self):
        a = Book.objects.order_by("price")[:2]
        b = Book.objects.order_by("-price")[:1]
        return titles(a.union(b).order_by("id"))

    def case_union_of_sliced_values(self):
        a = Book.objects.order_by("price").values_list("title", flat=True)[:2]
        b = Book.objects.order_by("-price").values_list("title", flat=True)[:2]
        return list(a.union(b, all=True).order_by("title"))

    def case_union_reversed(self):
        a = Book.objects.filter(price__lt=8).order_by()
        return titles(a.union(Book.objects.filter(price__gt=20).order_by()).order_by("title").reverse())

    def case_union_ordered_twice(self):
        a = Book.objects.filter(price__lt=8).order_by()
        both = a.union(Book.objects.filter(price__gt=20).order_by()).order_by("title")
        return titles(both.order_by("-id"))

    def case_union_values_after(self):
        a = Book.objects.filter(price__lt=8).order_by()
        both = a.union(Book.objects.filter(price__gt=20).order_by())
        return sorted(both.values_list("title", flat=True))

    def case_union_with_select_related(self):
        a = Book.objects.filter(price__lt=8).order_by()
        both = a.union(Book.objects.filter(price__gt=20).order_by()).select_related("author").order_by("id")
        return [[book.title, book.author.name] for book in both]

    def case_union_of_selected_related(self):
        a = Book.objects.select_related("author").filter(price__lt=8).order_by()
        both = a.union(Book.objects.select_related("author").filter(price__gt=20).order_by()).order_by("id")
        return [[book.title, book.author.name] for book in both]

    def case_union_with_prefetched(self):
        a = Book.objects.filter(price__lt=8).order_by()
        both = a.union(Book.objects.filter(price__gt=20).order_by()).prefetch_related("tags").order_by("id")
        return [[book.title, [tag.label for tag in book.tags.all()]] for book in both]

    def case_union_of_only(self):
        a = Book.objects.filter(price__lt=8).only("title").order_by()
        return titles(a.union(Book.objects.filter(price__gt=20).only("title").order_by()).order_by("title"))

    def case_union_of_a_deferred_and_not(self):
        a = Book.objects.filter(price__lt=8).only("title").order_by()
        return titles(a.union(Book.objects.filter(price__gt=20).order_by()))

    def case_union_of_selected_and_not(self):
        a = Book.objects.filter(price__lt=8).select_related("author").order_by()
        return titles(a.union(Book.objects.filter(price__gt=20).order_by()))

    def case_union_of_all_selected_and_not(self):
        a = Review.objects.select_related().order_by()
        return [review.stars for review in a.union(Review.objects.order_by()).order_by("id")]

    def case_union_of_other_columns_deferred(self):
        a = Book.objects.filter(price=5).only("title").order_by()
        return titles(a.union(Book.objects.filter(price=25).only("status").order_by()))

    def case_union_get(self):
        a = Book.objects.filter(price=5).order_by()
        return a.union(Book.objects.filter(price=5).order_by()).get().title

    def case_union_in_bulk(self):
        a = Book.objects.filter(price=5).order_by()
        return sorted(a.union(Book.objects.filter(price=25).order_by()).in_bulk())

    def case_union_aggregated(self):
        a = Book.objects.filter(price=5).order_by()
        return a.union(Book.objects.filter(price=25).order_by()).aggregate(s=Sum("price"))

    def case_union_earliest(self):
        a = Book.objects.filter(price=5).order_by()
        return a.union(Book.objects.filter(price=25).order_by()).latest("price").title

    def case_union_of_one(self):
        return titles(Book.objects.filter(price=5).union().order_by("id"))

    def case_union_with_itself(self):
        a = Book.objects.filter(price__lt=10).order_by()
        return [titles(a.union(a).order_by("id")), titles(a.union(a, all=True).order_by("id"))]

    def case_intersection_with_none(self):
        a = Book.objects.filter(price__lt=10).order_by()
        return [
            titles(a.intersection(Book.objects.none())),
            titles(Book.objects.none().intersection(a)),
            titles(a.difference(Book.objects.order_by().none()).order_by("id")),
            titles(Book.objects.none().difference(a)),
            a.intersection(Book.objects.none()).count(),
            a.difference(Book.objects.order_by().filter(pk__in=[])).count(),
        ]

    def case_intersection_of_values_with_null(self):
        a = Book.objects.order_by().values_list("rating", flat=True)
        b = Book.objects.filter(rating=None).order_by().values_list("rating", flat=True)
        return [list(a.intersection(b)), list(a.difference(b).order_by("rating"))]

    def case_difference_of_joined_rows(self):
        a = Book.objects.filter(tags__label__in=["fun", "sad"]).order_by()
        return titles(a.difference(Book.objects.filter(price=5).order_by()).order_by("id"))

    def case_union_iterated(self):
        a = Book.objects.filter(price=5).order_by()
        return titles(a.union(Book.objects.filter(price=25).order_by()).order_by("id").iterator())

    def case_union_bool(self):
        a = Book.objects.filter(price=500).order_by()
        both = a.union(Book.objects.filter(price=600).order_by())
        return ["some" if both else "none", len(both)]

    def case_union_of_a_relation(self):
        ada = Author.objects.get(name="Ada")
        both = ada.books.order_by().union(ada.edited.order_by())
        return titles(both.order_by("title"))

    def case_union_in_exists(self):
        a = Book.objects.filter(author=OuterRef("pk"), price=5).order_by()
        b = Book.objects.filter(author=OuterRef("pk"), price=25).order_by()
        return [x.name for x in Author.objects.filter(Exists(a.union(b)))]

    def case_union_combined_with_or(self):
        a = Book.objects.filter(price=5).order_by()
        return titles(a.union(Book.objects.filter(price=25).order_by()) | a)

    def case_union_of_three_mixed(self):
        books = Book.objects.order_by()
        x = books.filter(price__lt=10).union(books.filter(price=25)).intersection(books.filter(status="p"))
        return titles(x.order_by("id"))

    def case_union_excluded(self):
        a = Book.objects.filter(price=5).order_by()
        return titles(a.union(Book.objects.filter(price=25).order_by()).exclude(price=5))

    def case_union_last(self):
        a = Book.objects.filter(price__lt=8).order_by()
        both = a.union(Book.objects.filter(price__gt=20).order_by())
        return [both.order_by("title").last().title, both.order_by("-title").first().title]

    def case_union_first_with_meta_ordering(self):
        both = Book.objects.filter(price__lt=8).union(Book.objects.filter(price__gt=20))
        return both.first().title

    def case_union_in_values_subquery(self):
        a = Book.objects.filter(price=5).order_by().values("author_id")
        b = Book.objects.filter(price=25).order_by().values("author_id")
        return [x.name for x in Author.objects.filter(pk__in=a.union(b)).exclude(pk__in=a)]

    def case_union_json(self):
        a = Note.objects.order_by().values_list("data", flat=True)
        return len(a.union(a, all=True))

    # conditions and aggregates, read a second time ----------------------------------------------

    def case_filter_after_a_count_of_the_same_relation(self):
        authors = Author.objects.annotate(n=Count("books")).filter(books__price__gt=8)
        return [[author.name, author.n] for author in authors.order_by("id")]

    def case_count_after_a_filter_of_the_same_relation(self):
        authors = Author.objects.filter(books__price__gt=8).annotate(n=Count("books"))
        return [[author.name, author.n] for author in authors.order_by("id")]

    def case_exclude_after_a_count(self):
        authors = Author.objects.annotate(n=Count("books")).exclude(books__price__gt=20)
        return [[author.name, author.n] for author in authors.order_by("id")]

    def case_count_of_an_annotation(self):
        return Author.objects.annotate(n=Count("books")).filter(n__gt=1).count()

    def case_count_of_a_to_many_filter(self):
        books = Book.objects.filter(tags__label__in=["fun", "sad"])
        return [books.count(), books.distinct().count(), books.exists(), len(books), len(books.values("id"))]

    def case_sum_over_a_to_many_filter(self):
        return Book.objects.filter(tags__label__in=["fun", "sad"]).aggregate(s=Sum("price"), n=Count("id"))

    def case_max_of_text_and_of_nothing(self):
        return [
            Author.objects.aggregate(m=Max("name"))["m"],
            Author.objects.none().aggregate(m=Max("name"), n=Count("id"), s=Sum("age")),
        ]

    def case_average_of_a_relation(self):
        return list(Author.objects.annotate(a=Avg("books__price")).order_by("id").values_list("name", "a"))

    def case_values_then_order_by_a_relation(self):
        return list(Book.objects.values_list("title", flat=True).order_by("author__name", "-price"))

    def case_distinct_relation_values_ordered_by_meta(self):
        return list(Book.objects.values_list("author__name", flat=True).distinct())

    def case_exclude_f_of_null(self):
        return [
            titles(Book.objects.exclude(rating=F("price")).order_by("id")),
            titles(Book.objects.exclude(price__gt=F("rating")).order_by("id")),
            titles(Book.objects.filter(~Q(price__lt=F("rating") * 2)).order_by("id")),
        ]

    def case_exclude_of_a_sum(self):
        return titles(Book.objects.exclude(price__gt=F("rating") + 1).order_by("id"))

    def case_exclude_in_with_null(self):
        keys = Book.objects.values_list("editor_id", flat=True)
        return [author.name for author in Author.objects.exclude(pk__in=keys)]

    def case_not_in_of_values_with_null(self):
        keys = Book.objects.filter(editor__isnull=False).values("editor_id")
        return [author.name for author in Author.objects.exclude(id__in=keys)]

    def case_minus_annotated(self):
        return [b.x for b in Book.objects.annotate(x=-F("price")).order_by("x")]

    def case_not_exists(self):
        loved = Review.objects.filter(book=OuterRef("pk"), stars__gte=3)
        return [
            titles(Book.objects.filter(~Exists(loved)).order_by("id")),
            titles(Book.objects.exclude(Exists(loved)).order_by("id")),
            titles(Book.objects.filter(Exists(loved) | Q(price=25)).order_by("id")),
        ]

    def case_sliced_then_counted_and_last(self):
        books = Book.objects.order_by("-price")[:3]
        return [books.count(), books.exists(), books[0].title, len(books)]

    def case_last_of_a_slice(self):
        return Book.objects.order_by("-price")[:3].last().title

    def case_reverse_of_a_slice(self):
        return titles(Book.objects.order_by("-price")[:3].reverse())

    def case_first_of_a_slice(self):
        return Book.objects.order_by("price")[1:3].first().title

    def case_get_of_a_slice(self):
        return Book.objects.order_by("price")[1:2].get().title

    def case_contains_of_a_slice(self):
        return Book.objects.order_by("price")[:2].contains(Book.objects.get(pk=1))

    def case_in_of_a_slice(self):
        first = Book.objects.order_by("price")[:2]
        return [titles(Book.objects.filter(pk__in=first).order_by("id"))]

    def case_none_or(self):
        return [titles(Book.objects.none() | Book.objects.filter(price=5)), Book.objects.none().count()]

    def case_ordering_by_null_down(self):
        return titles(Book.objects.order_by("-rating", "id")) + titles(Book.objects.order_by("rating", "id"))

    def case_integer_division_of_negatives(self):
        return [b.x for b in Book.objects.annotate(x=(F("price") - 10) / 4).order_by("id")]

    def case_modulo_of_negatives(self):
        return [b.x for b in Book.objects.annotate(x=(F("price") - 10) % 4).order_by("id")]

    def case_not_exists_annotated(self):
        books = Book.objects.annotate(free=~Exists(Review.objects.filter(book=OuterRef("pk")))).order_by("id")
        return [[book.title, book.free] for book in books] + titles(books.filter(free=False))

    def case_number_below_zero_annotated(self):
        return [book.x for book in Book.objects.annotate(x=Value(-3)).order_by("id")]

    def case_exclude_f_of_a_relation(self):
        return [
            titles(Book.objects.exclude(title=F("editor__name")).order_by("id")),
            titles(Book.objects.exclude(price__lt=F("editor__age")).order_by("id")),
            titles(Book.objects.exclude(rating__lt=F("editor__age") - 1).order_by("id")),
        ]

    def case_exclude_f_of_an_annotation(self):
        return titles(Book.objects.annotate(r=F("rating")).exclude(price__gt=F("r")).order_by("id"))
