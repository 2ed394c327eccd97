"""What PostgreSQL alone has: one method per construct, run by Django and by the translation."""

import datetime

from django.contrib.postgres.aggregates import (
    ArrayAgg,
    BitAnd,
    BitOr,
    BitXor,
    BoolAnd,
    BoolOr,
    JSONBAgg,
    StringAgg,
)
from django.contrib.postgres.search import (
    SearchQuery,
    SearchRank,
    SearchVector,
    TrigramDistance,
    TrigramSimilarity,
    TrigramWordSimilarity,
)
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest
from rest_framework.views import APIView
from stacks.models import Paper, Rack, Slip


def titles(papers):
    return [paper.title for paper in papers]


class Postgres(APIView):
    # rows in no order, which lead to others ---------------------------------------------------------

    def case_rows_in_no_order(self):
        return [[paper.title, paper.rack.name if paper.rack else None] for paper in Paper.objects.all()]

    def case_filtered_rows_in_no_order(self):
        return [[slip.id, slip.paper.title] for slip in Slip.objects.filter(id__gt=0)]

    def case_related_rows_in_no_order(self):
        racks = Rack.objects.order_by("-id").prefetch_related("papers__slip_set")
        return [
            [slip.paper.title for paper in rack.papers.all() for slip in paper.slip_set.all()]
            for rack in racks
        ]

    def case_rows_in_no_order_that_are_distinct(self):
        papers = Paper.objects.filter(rack__gt=0).distinct("rack")
        return sorted([paper.rack.name if paper.rack else None, bool(paper.title)] for paper in papers)

    # full text and likeness on PostgreSQL ----------------------------------------------------------

    def case_search_lookup(self):
        return [
            titles(Paper.objects.filter(title__search=text).order_by("id")) for text in ("fox", "days", "zzz")
        ]

    def case_search_of_null(self):
        return [
            titles(Paper.objects.filter(body__search="dogs").order_by("id")),
            titles(Paper.objects.exclude(body__search="dogs").order_by("id")),
        ]

    def case_search_of_the_request(self):
        return titles(Paper.objects.filter(title__search=self.request.query_params["tag"]).order_by("id"))

    def case_search_over_a_relation(self):
        return [rack.name for rack in Rack.objects.filter(papers__title__search="dog").order_by("id")]

    def case_search_vector(self):
        papers = Paper.objects.annotate(text=SearchVector("title", "body")).filter(text="dog")
        return titles(papers.order_by("id"))

    def case_search_vector_configured(self):
        papers = Paper.objects.annotate(text=SearchVector("title", "body", config="simple"))
        return [
            titles(papers.filter(text="dog").order_by("id")),
            titles(papers.filter(text=SearchQuery("dogs", config="english")).order_by("id")),
        ]

    def case_search_query_types(self):
        papers = Paper.objects.annotate(text=SearchVector("title", "body"))
        return [
            titles(papers.filter(text=SearchQuery("lazy dog", search_type="phrase")).order_by("id")),
            titles(papers.filter(text=SearchQuery("fox & !jump", search_type="raw")).order_by("id")),
            titles(papers.filter(text=SearchQuery("dog -cats", search_type="websearch")).order_by("id")),
        ]

    def case_search_query_that_is_wrong(self):
        papers = Paper.objects.annotate(text=SearchVector("title"))
        return titles(papers.filter(text=SearchQuery("fox &", search_type="raw")))

    def case_search_queries_together(self):
        papers = Paper.objects.annotate(text=SearchVector("title", "body"))
        return [
            titles(papers.filter(text=SearchQuery("fox") & SearchQuery("dog")).order_by("id")),
            titles(papers.filter(text=SearchQuery("cat") | SearchQuery("fox")).order_by("id")),
            titles(
                papers.filter(text=SearchQuery("fox") & (SearchQuery("cat") | SearchQuery("lazy"))).order_by(
                    "id"
                )
            ),
            titles(
                papers.filter(text=SearchQuery("cat") | SearchQuery("fox") & SearchQuery("zzz")).order_by(
                    "id"
                )
            ),
        ]

    def case_search_query_inverted(self):
        papers = Paper.objects.annotate(text=SearchVector("title", "body"))
        return titles(papers.filter(text=~SearchQuery("dog")).order_by("id"))

    def case_search_vector_shown(self):
        return [
            str(paper.text) for paper in Paper.objects.annotate(text=SearchVector("title")).order_by("id")
        ]

    def case_trigram_similarity_weighed(self):
        papers = Paper.objects.annotate(alike=TrigramSimilarity("title", "quick") * 0.7).order_by("id")
        return [paper.alike for paper in papers]

    def case_search_rank(self):
        vector = SearchVector("title", weight="A") + SearchVector("body", weight="B")
        query = SearchQuery("fox")
        papers = (
            Paper.objects.annotate(rank=SearchRank(vector, query))
            .filter(rank__gte=0.1)
            .order_by("-rank", "id")
        )
        return [[paper.title, paper.rank] for paper in papers]

    def case_search_rank_by_names(self):
        papers = Paper.objects.annotate(rank=SearchRank("title", "fox")).order_by("-rank", "id")
        return [paper.rank for paper in papers]

    def case_search_rank_ordered(self):
        vector = SearchVector("title", "body")
        query = SearchQuery(self.request.query_params["name"])
        papers = (
            Paper.objects.annotate(text=vector)
            .filter(text=query)
            .order_by(SearchRank(vector, query).desc(), "id")
        )
        return titles(papers)

    def case_search_rank_configured(self):
        papers = Paper.objects.annotate(
            rank=SearchRank(
                SearchVector("title"),
                SearchQuery("fox"),
                weights=[0.2, 0.4, 0.6, 0.8],
                normalization=Value(2),
            )
        )
        return [paper.rank for paper in papers.order_by("id")]

    def case_search_vector_column(self):
        Paper.objects.update(found=SearchVector("title"))
        return [
            titles(Paper.objects.filter(found="fox").order_by("id")),
            titles(Paper.objects.filter(found=SearchQuery("dog")).order_by("id")),
        ]

    def case_trigram_similar(self):
        return titles(Paper.objects.filter(title__trigram_similar="fox quick").order_by("id"))

    def case_trigram_word_similar(self):
        return titles(Paper.objects.filter(title__trigram_word_similar="lazy").order_by("id"))

    def case_trigram_similarity(self):
        papers = Paper.objects.annotate(alike=TrigramSimilarity("title", "the quick dog"))
        return [[paper.title, paper.alike] for paper in papers.filter(alike__gt=0.1).order_by("-alike", "id")]

    def case_trigram_similarity_of_the_request(self):
        word = self.request.query_params["name"]
        papers = Paper.objects.annotate(
            alike=TrigramSimilarity("title", word) + TrigramSimilarity("body", word)
        )
        return [paper.alike for paper in papers.order_by("id")]

    def case_trigram_greatest(self):
        papers = Paper.objects.annotate(
            alike=Greatest(TrigramSimilarity("title", "dog"), TrigramSimilarity("body", "dog"))
        )
        return [paper.alike for paper in papers.order_by("-alike", "id")]

    def case_trigram_distance(self):
        papers = Paper.objects.annotate(far=TrigramDistance("title", "quick dog")).order_by("far", "id")
        return [[paper.title, paper.far] for paper in papers]

    def case_trigram_word_similarity(self):
        papers = Paper.objects.annotate(alike=TrigramWordSimilarity("lazy", "title")).order_by("-alike", "id")
        return [paper.alike for paper in papers]

    # arrays on PostgreSQL --------------------------------------------------------------------------

    def case_array_contains(self):
        return [
            titles(Paper.objects.filter(words__contains=["red"]).order_by("id")),
            titles(Paper.objects.filter(words__contains=["red", "new"]).order_by("id")),
            titles(Paper.objects.filter(words__contains=["averyverylongword"]).order_by("id")),
            titles(Paper.objects.filter(words__contains=[]).order_by("id")),
            titles(Paper.objects.exclude(numbers__contains=[1]).order_by("id")),
        ]

    def case_array_contained_by(self):
        return titles(Paper.objects.filter(numbers__contained_by=[1, 2, 3]).order_by("id"))

    def case_array_overlap(self):
        return [
            titles(Paper.objects.filter(words__overlap=["new", "blue"]).order_by("id")),
            titles(
                Paper.objects.filter(words__overlap=[self.request.query_params["tag"], "new"]).order_by("id")
            ),
        ]

    def case_array_len(self):
        return [
            titles(Paper.objects.filter(words__len=0).order_by("id")),
            titles(Paper.objects.filter(words__len__gte=2).order_by("id")),
            titles(Paper.objects.filter(numbers__len__lt=2).order_by("id")),
        ]

    def case_array_item(self):
        return [
            titles(Paper.objects.filter(words__0="red").order_by("id")),
            titles(Paper.objects.filter(numbers__1__gt=0).order_by("id")),
            titles(Paper.objects.filter(words__0__icontains="E").order_by("id")),
        ]

    def case_array_slice(self):
        return titles(Paper.objects.filter(numbers__0_2=[3, 1]).order_by("id"))

    def case_array_exact(self):
        return [
            titles(Paper.objects.filter(words=["red"]).order_by("id")),
            titles(Paper.objects.filter(words__in=[["red"], []]).order_by("id")),
            titles(Paper.objects.filter(numbers__isnull=True)),
        ]

    def case_array_contains_over_a_relation(self):
        return [
            rack.name
            for rack in Rack.objects.filter(papers__words__contains=["red"]).order_by("id").distinct()
        ]

    def case_array_written(self):
        paper = Paper.objects.create(title="x", words=["a", "b"], numbers=[7])
        Paper.objects.filter(pk=paper.pk).update(numbers=[8, 9])
        paper.refresh_from_db()
        return [paper.words, paper.numbers]

    # aggregates on PostgreSQL ----------------------------------------------------------------------

    def case_array_agg_distinct(self):
        racks = Rack.objects.annotate(names=ArrayAgg("papers__title", distinct=True)).order_by("id")
        return [rack.names for rack in racks]

    def case_array_agg_filtered(self):
        racks = Rack.objects.annotate(
            names=ArrayAgg(
                "papers__title", distinct=True, filter=Q(papers__title__contains="o"), default=Value([])
            )
        )
        return [rack.names for rack in racks.order_by("id")]

    def case_array_agg_many_to_many(self):
        papers = Paper.objects.annotate(texts=ArrayAgg("labels__text", distinct=True)).order_by("id")
        return [paper.texts for paper in papers]

    def case_array_agg_of_keys(self):
        papers = Paper.objects.annotate(keys=ArrayAgg("labels", distinct=True)).order_by("id")
        return [paper.keys for paper in papers]

    def case_array_agg_not_ordered(self):
        return [rack.names for rack in Rack.objects.annotate(names=ArrayAgg("papers__title")).order_by("id")]

    def case_array_agg_ordered(self):
        racks = Rack.objects.annotate(names=ArrayAgg("papers__title", ordering="-papers__title")).order_by(
            "id"
        )
        return [rack.names for rack in racks]

    def case_string_agg(self):
        racks = Rack.objects.annotate(
            names=StringAgg("papers__title", delimiter=", ", distinct=True)
        ).order_by("id")
        return [rack.names for rack in racks]

    def case_array_agg_of_groups(self):
        rows = Paper.objects.values("rack").annotate(names=ArrayAgg("title", distinct=True)).order_by("rack")
        return [[row["rack"], row["names"]] for row in rows]

    def case_array_aggregated(self):
        return Paper.objects.aggregate(
            names=ArrayAgg("title", distinct=True), text=StringAgg("title", "; ", distinct=True)
        )

    def case_array_agg_ordered_and_once(self):
        racks = Rack.objects.annotate(
            names=ArrayAgg("papers__title", distinct=True, ordering="-papers__title"),
            down=ArrayAgg("papers__title", ordering=[F("papers__title").desc()]),
        ).order_by("id")
        return [[rack.names, rack.down] for rack in racks]

    def case_array_agg_ordered_by_another(self):
        racks = Rack.objects.annotate(names=ArrayAgg("papers__title", ordering="papers__body"))
        return [rack.names for rack in racks.order_by("id")]

    def case_array_agg_of_null(self):
        racks = Rack.objects.annotate(bodies=ArrayAgg("papers__body", distinct=True)).order_by("id")
        return [rack.bodies for rack in racks]

    def case_array_agg_filtered_by_null(self):
        racks = Rack.objects.annotate(
            names=ArrayAgg("papers__title", distinct=True, filter=Q(papers__body__isnull=True))
        )
        return [rack.names for rack in racks.order_by("id")]

    def case_array_agg_filtered_without_default(self):
        racks = Rack.objects.annotate(
            names=ArrayAgg("papers__title", distinct=True, filter=Q(papers__title="Lazy foxes"))
        )
        return [rack.names for rack in racks.order_by("id")]

    def case_array_agg_default(self):
        racks = Rack.objects.annotate(names=ArrayAgg("papers__title", distinct=True, default=Value([])))
        return [rack.names for rack in racks.order_by("id")]

    def case_array_agg_of_values(self):
        return list(
            Rack.objects.order_by("id")
            .annotate(keys=ArrayAgg("papers", distinct=True))
            .values("name", "keys")
        )

    def case_array_agg_of_arrays(self):
        return Paper.objects.aggregate(x=ArrayAgg("numbers", distinct=True))

    def case_array_agg_filtered_by_its_items(self):
        racks = Rack.objects.annotate(names=ArrayAgg("papers__title", distinct=True))
        return [rack.name for rack in racks.filter(names__contains=["Lazy foxes"])]

    def case_array_agg_of_no_rows(self):
        return Paper.objects.filter(pk=0).aggregate(
            names=ArrayAgg("title", distinct=True), none=ArrayAgg("title", distinct=True, default=Value([]))
        )

    def case_string_agg_of_groups(self):
        rows = (
            Paper.objects.values("rack__name")
            .annotate(names=StringAgg("title", delimiter="/", ordering="title"))
            .order_by("rack__name")
        )
        return [[row["rack__name"], row["names"]] for row in rows]

    def case_string_agg_default(self):
        racks = Rack.objects.annotate(
            names=StringAgg("papers__title", ", ", distinct=True, default=Value("nothing"))
        ).order_by("id")
        return [rack.names for rack in racks]

    def case_json_agg(self):
        racks = Rack.objects.annotate(names=JSONBAgg("papers__title", ordering="papers__title")).order_by(
            "id"
        )
        return [rack.names for rack in racks]

    def case_bool_and_or(self):
        racks = Rack.objects.annotate(
            every=BoolAnd("papers__labels__old"), some=BoolOr("papers__seen"), none=BoolAnd("papers__seen")
        )
        return [[rack.every, rack.some, rack.none] for rack in racks.order_by("id")]

    def case_bool_of_rows(self):
        racks = Rack.objects.annotate(some=BoolOr("papers__seen"), every=BoolAnd("papers__seen")).order_by(
            "id"
        )
        return [[rack.some, rack.every] for rack in racks] + [rack.name for rack in racks.filter(some=True)]

    def case_bits(self):
        return Paper.objects.aggregate(a=BitAnd("rack"), o=BitOr("id"), x=BitXor("id"))

    def case_bool_aggregated(self):
        return Paper.objects.aggregate(a=BoolAnd("seen"), o=BoolOr("seen", filter=Q(body=None)))

    def case_array_parts_excluded(self):
        return [
            titles(Paper.objects.exclude(words__0="red").order_by("id")),
            titles(Paper.objects.exclude(numbers__0=1).order_by("id")),
            titles(Paper.objects.filter(numbers=None)),
            titles(Paper.objects.exclude(words=["red", "new"]).order_by("id")),
            titles(Paper.objects.filter(words__0__in=["red", "blue"], words__1=None).order_by("id")),
            titles(Paper.objects.filter(words__3__isnull=False)),
        ]

    def case_array_part_shown(self):
        return list(Paper.objects.order_by("id").values_list("words__0", flat=True))

    def case_array_part_by_name(self):
        return [paper.x for paper in Paper.objects.annotate(x=F("numbers__1")).order_by("id")]

    def case_array_of_the_request(self):
        return titles(Paper.objects.filter(words=[self.request.query_params["name"]]))

    def case_array_of_numbers_as_texts(self):
        return titles(Paper.objects.filter(numbers__contains=["1"]))

    def case_array_written_of_the_request(self):
        words = [self.request.query_params["name"], self.request.query_params["tag"]]
        paper = Paper.objects.create(title="x", words=words)
        paper.numbers = [1, 2]
        paper.save()
        paper.refresh_from_db()
        return [paper.words, paper.numbers]

    def case_array_written_wrong(self):
        return Paper.objects.create(title="x", numbers=["a"]).title

    def case_array_default(self):
        paper = Paper.objects.create(title="x")
        return [paper.words, paper.numbers]

    # ranges on PostgreSQL ------------------------------------------------------------------------

    def case_range_contains(self):
        return [
            titles(Paper.objects.filter(ages__contains=5).order_by("id")),
            titles(Paper.objects.filter(ages__contains=(6, 8)).order_by("id")),
            titles(Paper.objects.exclude(ages__contains=2).order_by("id")),
            titles(Paper.objects.filter(ages__contains=int(self.request.query_params["min"])).order_by("id")),
        ]

    def case_range_contained_by(self):
        return titles(Paper.objects.filter(ages__contained_by=(0, 20)).order_by("id"))

    def case_range_overlap(self):
        return [
            titles(Paper.objects.filter(ages__overlap=(9, 12)).order_by("id")),
            titles(Paper.objects.filter(ages__overlap=(None, 2)).order_by("id")),
        ]

    def case_range_sides(self):
        return [
            titles(Paper.objects.filter(ages__fully_lt=(10, 20)).order_by("id")),
            titles(Paper.objects.filter(ages__fully_gt=(0, 1)).order_by("id")),
            titles(Paper.objects.filter(ages__not_lt=(1, 3)).order_by("id")),
            titles(Paper.objects.filter(ages__not_gt=(1, 10)).order_by("id")),
            titles(Paper.objects.filter(ages__adjacent_to=(10, 20)).order_by("id")),
        ]

    def case_range_ends(self):
        return [
            titles(Paper.objects.filter(ages__startswith=1)),
            titles(Paper.objects.filter(ages__startswith__gte=2)),
            titles(Paper.objects.filter(ages__endswith=10)),
            titles(Paper.objects.filter(ages__isempty=False).order_by("id")),
            titles(Paper.objects.filter(ages__upper_inf=True)),
            titles(Paper.objects.filter(ages__lower_inf=False).order_by("id")),
            titles(Paper.objects.filter(ages__lower_inc=True).order_by("id")),
        ]

    def case_range_exact(self):
        return titles(Paper.objects.filter(ages=(1, 10)))

    def case_range_of_dates(self):
        day = datetime.date(2024, 5, 1)
        return [
            titles(Paper.objects.filter(days__contains=day)),
            titles(Paper.objects.filter(days__overlap=(day, datetime.date(2024, 6, 1)))),
            titles(Paper.objects.filter(days__startswith__year=2024)),
        ]

    def case_range_around_a_number(self):
        return titles(Paper.objects.filter(id__contained_by=(1, 3)).order_by("id"))

    def case_range_of_an_object(self):
        return titles(Paper.objects.filter(ages__contained_by=NumericRange(0, 20)).order_by("id"))

    def case_range_with_ends_of_its_own(self):
        # [start, end] meets the row that begins when it ends, [start, end) does not.
        end = datetime.datetime(2024, 5, 2, 12, tzinfo=datetime.timezone.utc)  # noqa: UP017
        return titles(
            Paper.objects.filter(open__overlap=(end - datetime.timedelta(days=1), end)).order_by("id")
        )

    def case_range_of_moments(self):
        noon = datetime.datetime(2024, 5, 2, 12, tzinfo=datetime.timezone.utc)  # noqa: UP017
        return [
            titles(Paper.objects.filter(open__contains=noon).order_by("id")),
            titles(Paper.objects.filter(open__endswith__gt=noon).order_by("id")),
        ]

    def case_range_ends_looked_up(self):
        return [
            titles(Paper.objects.filter(ages__startswith__in=[1, 5]).order_by("id")),
            titles(Paper.objects.filter(ages__startswith__range=(1, 3)).order_by("id")),
            titles(Paper.objects.filter(ages__endswith__isnull=True).order_by("id")),
            titles(Paper.objects.filter(ages__startswith=None).order_by("id")),
        ]

    def case_range_ends_excluded(self):
        return [
            titles(Paper.objects.exclude(ages__startswith__gte=2).order_by("id")),
            titles(Paper.objects.exclude(ages__endswith=10).order_by("id")),
            titles(Paper.objects.exclude(ages__endswith__isnull=True).order_by("id")),
            titles(Paper.objects.exclude(ages__upper_inf=True).order_by("id")),
            titles(Paper.objects.exclude(ages=(1, 10)).order_by("id")),
        ]

    def case_items_looked_up(self):
        return [
            titles(Paper.objects.filter(words__0__icontains="E").order_by("id")),
            titles(Paper.objects.filter(words__0__in=["red", "blue"]).order_by("id")),
            titles(Paper.objects.filter(numbers__1__gte=1).order_by("id")),
            titles(Paper.objects.filter(numbers__0__isnull=True).order_by("id")),
            titles(Paper.objects.filter(words__1=None).order_by("id")),
        ]

    def case_range_created(self):
        Paper.objects.create(title="x", ages=(1, 5))
        return titles(Paper.objects.filter(ages=(1, 5)))

    def case_range_updated(self):
        Paper.objects.filter(title="dog days").update(ages=(1, 5))
        return titles(Paper.objects.filter(ages=(1, 5)))

    def case_range_set(self):
        paper = Paper.objects.get(title="dog days")
        paper.ages = (1, 5)
        paper.save()
        return titles(Paper.objects.filter(ages=(1, 5)))

    def case_range_taken_away(self):
        Paper.objects.filter(title="The quick fox").update(ages=None)
        paper = Paper.objects.get(title="Lazy foxes")
        paper.title = "kept"
        paper.save()
        return titles(Paper.objects.filter(ages__startswith__isnull=False).order_by("id"))

    def case_range_backwards(self):
        return titles(Paper.objects.filter(ages__overlap=(9, 5)).order_by("id"))

    def case_range_of_too_large_a_number(self):
        return titles(Paper.objects.filter(ages__contains=2**40).order_by("id"))

    def case_items_excluded(self):
        return [
            titles(Paper.objects.exclude(words__1="new").order_by("id")),
            titles(Paper.objects.exclude(numbers__0__gt=2).order_by("id")),
            titles(Paper.objects.exclude(words__0__in=["red"]).order_by("id")),
            titles(Paper.objects.exclude(numbers__0__isnull=True).order_by("id")),
            titles(Paper.objects.exclude(words__0_1=["red"]).order_by("id")),
        ]

    def case_item_over_a_relation_excluded(self):
        return [slip.id for slip in Slip.objects.exclude(paper__words__1="new").order_by("id")]

    def case_item_over_a_relation(self):
        return [slip.id for slip in Slip.objects.filter(paper__words__1="new").order_by("id")]

    def case_range_end_over_a_relation_excluded(self):
        return [slip.id for slip in Slip.objects.exclude(paper__ages__endswith=10).order_by("id")]

    def case_range_null(self):
        return titles(Paper.objects.filter(ages__isnull=True))

    def case_range_over_a_relation(self):
        return [rack.name for rack in Rack.objects.filter(papers__ages__contains=7).order_by("id").distinct()]
