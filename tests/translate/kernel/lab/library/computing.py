"""What the database and the code compute of decimals, durations and moments; run by Django and by the translation on both databases."""

import datetime
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import (
    Avg,
    Case,
    Count,
    DateTimeField,
    DecimalField,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Abs, Cast, Coalesce, Greatest, Lag, Now, Round
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime, parse_duration, parse_time
from django.utils.timezone import localdate, localtime, make_aware, make_naive
from rest_framework.views import APIView

from library.sales import Press, Sale

OPENED = datetime.time(3, 0)
UTC = datetime.UTC


def ids(sales):
    return [sale.id for sale in sales]


def give(sale):
    press = sale.press
    press.count += 1
    press.save()
    return press.count


class Computing(APIView):
    # decimals -----------------------------------------------------------------------------

    def case_sums_of_decimals(self):
        return Sale.objects.aggregate(
            total=Sum("amount"), n=Count("id"), mean=Avg("amount"), most=Max("rate"), least=Min("amount")
        )

    def case_sum_of_no_decimals(self):
        nothing = Sale.objects.none()
        return [
            Sale.objects.filter(id=0).aggregate(t=Sum("amount"))["t"] or 0,
            str(Sale.objects.filter(id=0).aggregate(t=Coalesce(Sum("amount"), Decimal("0")))["t"]),
            nothing.aggregate(t=Sum("amount"), b=Sum("big"), d=Sum("lasted")),
            str(nothing.aggregate(t=Coalesce(Sum("amount"), Decimal("0")))["t"]),
        ]

    def case_sum_with_an_output_field(self):
        return str(
            Sale.objects.aggregate(t=Coalesce(Sum("rate"), Value(0), output_field=DecimalField()))["t"]
        )

    def case_sums_of_products(self):
        wrapped = ExpressionWrapper(
            F("amount") * F("rate"), output_field=DecimalField(max_digits=12, decimal_places=2)
        )
        return Sale.objects.aggregate(t=Sum(F("amount") * F("rate")), w=Sum(wrapped))

    def case_sums_of_related_decimals(self):
        return [
            [p.name, p.total, p.rated, p.none, p.most]
            for p in Press.objects.annotate(
                total=Sum("sales__amount"),
                rated=Sum("sales__amount", filter=Q(sales__rate__gt=0)),
                none=Coalesce(Sum("sales__amount"), Decimal("0.00")),
                most=Max("sales__rate"),
            ).order_by("id")
        ]

    def case_sums_of_related_decimals_with_a_default(self):
        presses = Press.objects.annotate(total=Sum("sales__amount", default=0)).order_by("id")
        return [[p.name, p.total] for p in presses]

    def case_sums_of_related_decimals_looked_up(self):
        presses = Press.objects.annotate(t=Sum("sales__amount")).order_by(F("t").desc(nulls_last=True))
        return [
            [p.name for p in presses.filter(t__gt=Decimal("3.4"))],
            [p.name for p in presses.filter(t=Decimal("3.40"))],
            [p.name for p in presses],
        ]

    def case_groups_of_decimals(self):
        rows = Sale.objects.order_by().values("press__name").annotate(t=Sum("amount"), n=Count("id"))
        return list(rows.order_by("press__name"))

    def case_computed_decimals(self):
        sales = Sale.objects.annotate(
            a=F("amount") * 2, b=F("amount") + F("rate") - 1, c=-F("amount"), d=F("amount"), e=Abs("amount")
        )
        return [[s.a, s.b, s.c, str(s.d), s.e] for s in sales]

    def case_computed_decimals_looked_up(self):
        return [
            ids(Sale.objects.annotate(x=F("amount") * F("rate")).filter(x__gt=1)),
            ids(Sale.objects.annotate(x=F("amount") + F("rate")).filter(x__gte=F("amount")).order_by("-x")),
            ids(Sale.objects.filter(amount__lt=F("rate") * 10)),
        ]

    def case_chosen_decimals(self):
        sales = Sale.objects.annotate(
            a=Coalesce("rate", "amount"),
            b=Coalesce("rate", Value(Decimal("0.10"))),
            c=Case(When(rate__gt=1, then=F("rate")), default=F("amount")),
            d=Greatest("amount", "rate"),
            e=Round("amount", 1),
        )
        return [[s.a, s.b, s.c, s.d, s.e] for s in sales]

    def case_decimals_in_windows(self):
        sales = Sale.objects.annotate(
            run=Window(Sum("amount"), partition_by="press", order_by="id"),
            before=Window(Lag("amount"), order_by=F("id").asc()),
            big_run=Window(Sum("big"), order_by="id"),
        ).order_by("id")
        return [[s.run, s.before, s.big_run] for s in sales]

    def case_decimal_of_a_subquery(self):
        best = Sale.objects.filter(press=OuterRef("pk")).order_by("-amount").values("amount")[:1]
        presses = Press.objects.annotate(best=Subquery(best)).order_by("id")
        return [[[p.name, p.best] for p in presses], [p.name for p in presses.filter(best__gt=5)]]

    def case_decimal_as_a_float(self):
        return [s.x for s in Sale.objects.annotate(x=Cast("amount", FloatField()))]

    def case_decimals_updated(self):
        Sale.objects.update(amount=F("amount") * Decimal("1.5") + 1)
        return [str(s.amount) for s in Sale.objects.all()]

    def case_decimals_in_python(self):
        sales = list(Sale.objects.filter(press__name="one"))
        return [
            str(sum(s.amount for s in sales)),
            str(sum([s.amount * s.amount for s in sales], Decimal("0"))),
            str((sales[0].amount / 3).quantize(Decimal("0.01"))),
        ]

    def case_coalesce_of_decimals_and_integers(self):
        return [s.x for s in Sale.objects.annotate(x=Coalesce("rate", 0))]

    def case_sum_or_an_integer(self):
        return Sale.objects.aggregate(t=Coalesce(Sum("amount"), 0))

    def case_decimals_and_floats(self):
        return [s.x for s in Sale.objects.annotate(x=F("amount") * 1.5)]

    def case_decimal_divided(self):
        return [s.x for s in Sale.objects.annotate(x=F("amount") / 2)]

    # sums of large numbers ------------------------------------------------------------------

    def case_sums_of_large_numbers(self):
        presses = Press.objects.annotate(t=Sum("sales__big")).order_by("id")
        return [
            Sale.objects.aggregate(
                a=Sum("big"), b=Avg("big"), c=Sum(F("big") * 2), d=Coalesce(Sum("big"), 0)
            ),
            [p.t for p in presses],
        ]

    def case_sum_of_chosen_numbers(self):
        chosen = Case(When(press__name="one", then=1), default=0, output_field=IntegerField())
        return Sale.objects.aggregate(t=Sum(chosen))

    # names in Case --------------------------------------------------------------------------

    def case_then_and_default_name_columns(self):
        sales = Sale.objects.annotate(
            a=Case(When(big__gt=3, then="note"), default="press__name"),
            b=Case(When(big__gt=3, then="big"), default=0),
            c=Case(When(big__gt=3, then=Value("note")), default=Value("little")),
        )
        return [[s.a, s.b, s.c] for s in sales]

    def case_then_of_a_computed_name(self):
        name = self.request.query_params.get("column", "note")
        return [s.x for s in Sale.objects.annotate(x=Case(When(big__gt=3, then=name), default=Value("")))]

    # durations ------------------------------------------------------------------------------

    def case_durations(self):
        found = Sale.objects.aggregate(t=Sum("lasted"), a=Avg("lasted"), m=Max("lasted"), n=Min("lasted"))
        return [
            [str(found["t"]), str(found["a"]), str(found["m"]), str(found["n"])],
            ids(Sale.objects.filter(lasted__gt=timedelta(minutes=30))),
            str(sum((s.lasted for s in Sale.objects.all() if s.lasted), timedelta())),
        ]

    def case_moments_and_durations(self):
        sales = Sale.objects.annotate(
            until=ExpressionWrapper(F("sold") + F("lasted"), output_field=DateTimeField()),
            before=ExpressionWrapper(
                F("sold") - timedelta(days=1, microseconds=3), output_field=DateTimeField()
            ),
        )
        return [[s.until, s.before] for s in sales]

    def case_between_moments(self):
        start = datetime.datetime(2024, 1, 1, tzinfo=UTC)
        sales = Sale.objects.annotate(
            age=ExpressionWrapper(Value(start) - F("sold"), output_field=DurationField()),
            old=timezone.now() - F("sold"),
        )
        return [
            [str(s.age) for s in sales],
            ids(sales.filter(old__gt=timedelta(days=1))),
            ids(Sale.objects.annotate(age=Now() - F("sold")).filter(age__gt=timedelta(days=1))),
            str(Sale.objects.aggregate(a=Avg(F("sold") - Value(start)))["a"]),
        ]

    def case_moments_compared_with_others(self):
        return [
            ids(Sale.objects.filter(sold__lt=F("sold") + timedelta(days=1))),
            ids(Sale.objects.filter(sold__gt=F("sold") - F("lasted"))),
        ]

    def case_moments_moved(self):
        Sale.objects.filter(press__name="one").update(sold=F("sold") + timedelta(hours=2))
        return [str(s.sold) for s in Sale.objects.all()]

    def case_day_and_duration(self):
        return [str(s.x) for s in Sale.objects.annotate(x=F("day") + timedelta(days=1))]

    def case_duration_doubled(self):
        doubled = ExpressionWrapper(F("lasted") * 2, output_field=DurationField())
        return [str(s.x) for s in Sale.objects.annotate(x=doubled)]

    # texts for dates and times --------------------------------------------------------------

    def case_texts_for_moments(self):
        return [
            ids(Sale.objects.filter(sold__gte="2024-11-03 01:00")),
            ids(Sale.objects.filter(sold__gte="2024-11-03T06:00:00Z")),
            ids(Sale.objects.filter(sold__gte=datetime.date(2024, 11, 3))),
            ids(Sale.objects.filter(sold__range=("2024-03-01", "2024-11-03"))),
            ids(Sale.objects.filter(sold__date__lt="2024-03-11")),
            ids(Sale.objects.filter(sold__date__range=["2024-01-01", "2024-11-02"])),
        ]

    def case_texts_for_days_and_times(self):
        moment = datetime.datetime(2024, 2, 29, 3, 0, tzinfo=UTC)
        return [
            ids(Sale.objects.filter(day="2024-02-29")),
            ids(Sale.objects.filter(day__in=["2024-01-01", "2023-12-31"])),
            ids(Sale.objects.filter(day__lte=moment)),
            ids(Sale.objects.filter(at="03:00")),
            ids(Sale.objects.filter(at__gte=OPENED)),
        ]

    def case_texts_of_the_request(self):
        day = self.request.query_params.get("day", "2024-11-03")
        year, at = self.request.query_params.get("year", "2024"), self.request.query_params.get("at", "12:00")
        return [
            ids(Sale.objects.filter(sold__gte=day)),
            ids(Sale.objects.filter(sold__date__lte=day)),
            ids(Sale.objects.filter(day__lt=day)),
            ids(Sale.objects.filter(at__lt=at)),
            ids(Sale.objects.filter(sold__year=year)),
            ids(Sale.objects.filter(day__year__gte=year, day__month="02")),
        ]

    def case_text_that_is_no_moment(self):
        return ids(Sale.objects.filter(sold__gte=self.request.query_params["name"]))

    def case_text_that_is_no_day(self):
        return ids(Sale.objects.filter(day="2024-02-30"))

    def case_text_that_is_no_year(self):
        return ids(Sale.objects.filter(sold__year=self.request.query_params["name"]))

    def case_years_of_weeks(self):
        return [
            ids(Sale.objects.filter(sold__iso_year=2024)),
            ids(Sale.objects.filter(day__iso_year__lt=2024)),
        ]

    # dates and times in code ----------------------------------------------------------------

    def case_made_aware(self):
        noon, berlin = datetime.datetime(2024, 7, 1, 12, 0), ZoneInfo("Europe/Berlin")
        return [
            make_aware(noon).isoformat(),
            make_aware(noon, berlin).isoformat(),
            timezone.make_aware(datetime.datetime(2024, 3, 10, 2, 30), timezone=berlin).isoformat(),
            timezone.make_aware(
                datetime.datetime(2024, 11, 3, 1, 30), timezone.get_current_timezone()
            ).isoformat(),
            make_aware(datetime.datetime.combine(datetime.date(2024, 11, 3), datetime.time.max)).isoformat(),
        ]

    def case_made_aware_twice(self):
        return make_aware(Sale.objects.get(id=1).sold).isoformat()

    def case_made_naive(self):
        sold = Sale.objects.get(id=1).sold
        return [make_naive(sold).isoformat(), make_naive(sold, ZoneInfo("Asia/Tokyo")).isoformat()]

    def case_seen_in_zones(self):
        tokyo = ZoneInfo("Asia/Tokyo")
        return [
            [localtime(s.sold).isoformat(), localtime(s.sold, tokyo).isoformat(),
             localdate(s.sold, timezone=tokyo).isoformat(), s.sold.astimezone(tokyo).isoformat()]
            for s in Sale.objects.all()
        ]  # fmt: skip

    def case_naive_moments_of_the_process(self):
        moment = datetime.datetime.strptime("2024-07-01 12:00", "%Y-%m-%d %H:%M")
        return [
            moment.timestamp(),
            moment.astimezone(UTC).isoformat(),
            Sale.objects.get(id=1).sold.timestamp(),
        ]

    def case_names_of_zones(self):
        return [timezone.get_current_timezone_name(), str(timezone.get_default_timezone())]

    def case_parsed(self):
        return [
            [str(parse_date(text)) for text in ("2024-02-29", "x", "2024-2-9")],
            [str(parse_datetime(text)) for text in ("2024-02-29T10:00:00Z", "2024-02-29 10:00", "x")],
            [str(parse_time(text)) for text in ("10:00", "10:00:00.5", "x")],
            [str(parse_duration(text)) for text in ("1 02:03:04", "P1DT2H", "05:06", "x")],
        ]

    def case_parsed_and_looked_up(self):
        moment = parse_datetime(self.request.query_params.get("since", "2024-11-03T01:00:00"))
        if moment is None:
            return []
        if timezone.is_naive(moment):
            moment = make_aware(moment)
        return ids(Sale.objects.filter(sold__gte=moment))

    def case_parsed_of_no_day(self):
        return parse_date("2024-02-30")

    def case_in_another_zone(self):
        with timezone.override(self.request.query_params.get("zone", "Asia/Tokyo")):
            return ids(Sale.objects.filter(sold__date=datetime.date(2024, 11, 3)))

    # comprehensions that write ---------------------------------------------------------------

    def case_dict_of_what_writes(self):
        return {sale.id: give(sale) for sale in Sale.objects.filter(press__name="one")}
