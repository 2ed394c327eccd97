"""Filter backends, paginators and decorators that a project writes itself: as Django, or refused where they stand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.snapshot.model import Snapshot
from segue.target.ir import Program
from segue.translate.decorators import woven
from segue.translate.program import translate

MODELS = """\
from django.db import models
from django.urls import reverse


class Note(models.Model):
    title = models.CharField(max_length=20)
    stars = models.IntegerField(default=0)
    done = models.BooleanField(default=False)
    owner = models.ForeignKey("auth.User", null=True, blank=True, on_delete=models.CASCADE)

    class Meta:
        ordering = ["id"]

    def get_absolute_url(self):
        return reverse("addressed-detail", kwargs={"pk": self.pk})
"""
DECORATORS = '''\
import logging
import time
from functools import wraps

from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.response import Response

from notes.models import Note

logger = logging.getLogger(__name__)
STAFF = "staff"


def timed(fn):
    """Log how long it takes."""

    @wraps(fn)
    def inner(*args, **kwargs):
        start = time.time()
        result = fn(*args, **kwargs)
        logger.info("%s took %s", fn.__name__, time.time() - start)
        return result

    return inner


def require(*names, status=400):
    def deco(fn):
        @wraps(fn)
        def inner(self, request, *args, **kwargs):
            missing = [n for n in names if n not in request.query_params]
            if missing:
                return Response({"missing": missing, "of": len(names)}, status=status)
            return fn(self, request, *args, **kwargs)

        return inner

    return deco


def needs(role=STAFF, *, unless=None):
    def deco(view):
        @wraps(view)
        def inner(request, *args, **kwargs):
            if request.query_params.get(unless):
                return view(request, *args, **kwargs)
            if role == "staff" and not request.user.is_staff:
                raise PermissionDenied("Staff only.")
            return view(request, *args, **kwargs)

        return inner

    return deco


def catch(fn):
    @wraps(fn)
    def inner(self, request, *args, **kwargs):
        try:
            return fn(self, request, *args, **kwargs)
        except Note.DoesNotExist:
            return Response({"error": "no note"}, status=404)
        except (KeyError, ValueError):
            return Response({"error": "bad"}, status=422)

    return inner


def with_note(fn):
    @wraps(fn)
    def inner(self, request, pk, *args, **kwargs):
        note = Note.objects.filter(pk=pk).first()
        if note is None:
            raise NotFound("no such note")
        return fn(self, request, note, *args, **kwargs)

    return inner


def marked(fn):
    @wraps(fn)
    def inner(self, request, *args, **kwargs):
        response = fn(self, request, *args, **kwargs)
        if response.status_code < 400:
            response["X-Marked"] = kwargs["pk"]
        return response

    return inner


def renamed(fn):
    @wraps(fn)
    def inner(view, req, *args, **kwargs):
        if req.method == "POST" and not req.data.get("title"):
            return Response({"title": "missing"}, status=400)
        return fn(view, req, *args, **kwargs)

    return inner


# What follows is refused.


def counted(fn):
    calls = 0

    @wraps(fn)
    def inner(*args, **kwargs):
        nonlocal calls
        calls += 1
        return fn(*args, **kwargs)

    return inner


def growing(names):
    def deco(fn):
        @wraps(fn)
        def inner(*args, **kwargs):
            names.append("x")
            return fn(*args, **kwargs)

        return inner

    return deco


def counting(fn):
    @wraps(fn)
    def inner(*args, **kwargs):
        if len(args) > 2:
            return Response({})
        return fn(*args, **kwargs)

    return inner


def marking(fn):
    @wraps(fn)
    def inner(*args, **kwargs):
        fn.called = True
        return fn(*args, **kwargs)

    return inner


def noted(fn):
    @wraps(fn)
    def inner(*args, **kwargs):
        return {"named": kwargs.get("pk"), "found": fn(*args, **kwargs)}

    return inner


def placed(fn):
    @wraps(fn)
    def inner(self, *args, **kwargs):
        return {"place": args[0], "found": fn(self, *args, **kwargs)}

    return inner


def first(fn):
    @wraps(fn)
    def inner(*args, **kwargs):
        if args[1].query_params.get("no"):
            raise NotFound(args[2])
        return fn(*args, **kwargs)

    return inner


def counted_by(fn):
    @wraps(fn)
    def inner(self, request, pk, *args, **kwargs):
        return fn(self, request, pk, *args, **kwargs)

    return inner


class Once:
    def __init__(self, fn):
        self.fn = fn

    def __get__(self, instance, owner):
        return lambda *args, **kwargs: self.fn(instance, *args, **kwargs)


def shifting(fn):
    @wraps(fn)
    def inner(self, request, pk, *args, **kwargs):
        return fn(self, request, *args, pk=pk + 1, **kwargs)

    return inner


def asking(fn):
    @wraps(fn)
    def inner(self, request, *args, **kwargs):
        if "pk" in kwargs:
            raise NotFound
        return fn(self, request, *args, **kwargs)

    return inner


def labelled(text):
    def deco(fn):
        @wraps(fn)
        def inner(self, request, *args, **kwargs):
            STAFF = request.method
            return Response({"text": text, "method": STAFF})

        return inner

    return deco


def dropping(fn):
    @wraps(fn)
    def inner(self, request, *args, **kwargs):
        return fn(self, request)

    return inner
'''
VIEWS = """\
from dataclasses import asdict

from django.conf import settings
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from packaging.version import Version
from rest_framework import exceptions, filters, pagination, permissions, serializers, viewsets
from rest_framework.decorators import action, api_view
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from notes import earlier
from notes.decorators import (
    STAFF, Once, asking, catch, counted, counted_by, counting, dropping, first, growing, labelled, marked, marking, needs, noted, placed,
    renamed, require, shifting, timed, with_note,
)
from notes.kept import (
    Asked, Closer, Derived, Gathered, Lazy, Line, Loaded, Notifier, Old, Pair, Price, Queried, Remembering, Starrer, Totals,
)
from notes.models import Note


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars", "done"]


class Numbered(pagination.PageNumberPagination):
    page_size = 2
    page_size_query_param = "size"
    max_page_size = 4

    def get_paginated_response(self, data):
        page = self.page
        return Response(
            {
                "links": {"next": self.get_next_link(), "previous": self.get_previous_link()},
                "more": page.has_next(), "next": page.next_page_number() if page.has_next() else None, "before": self.page.has_previous(), "from": page.start_index(), "to": page.end_index(),
                "size": self.get_page_size(self.request), "per": page.paginator.per_page, "usual": self.page_size,
                "pages": page.paginator.num_pages, "rows": data,
            }
        )


class Windowed(pagination.LimitOffsetPagination):
    default_limit = 3
    max_limit = 5

    def get_paginated_response(self, data):
        return Response(
            {
                "meta": {"limit": self.limit, "offset": self.offset, "total": self.count, "next": self.get_next_link()},
                "previous": self.get_previous_link(), "q": self.request.query_params.get("q"), "rows": data,
            }
        )


class Counted(pagination.PageNumberPagination):
    page_size = 2

    def get_paginated_response(self, data):
        response = super().get_paginated_response(data)
        response["X-Total"] = self.page.paginator.count
        return response


class OwnLimit(pagination.LimitOffsetPagination):
    default_limit = 3

    def get_limit(self, request):
        return 2

    def get_paginated_response(self, data):
        return Response({"rows": data})


class Rewritten(pagination.PageNumberPagination):
    page_size = 2

    def get_paginated_response(self, data):
        response = super().get_paginated_response(data)
        response.data["pages"] = self.page.paginator.num_pages
        return response


class Linked(Counted):
    def get_next_link(self):
        return "/next"


class Owned(filters.BaseFilterBackend):
    def filter_queryset(self, request, queryset, view):
        if request.user.is_staff:
            return queryset
        return queryset.filter(owner=request.user) if request.user.is_authenticated else queryset.filter(owner=None)

    def get_schema_operation_parameters(self, view):
        return []


class Narrowed(filters.BaseFilterBackend):
    param = "of"

    def least(self, request):
        return request.query_params.get("least", 0)

    def filter_queryset(self, request, queryset, view):
        if view.action == "list" and request.query_params.get(self.param) == "done":
            return queryset.filter(done=True).order_by("-stars", "id")
        if request.method not in permissions.SAFE_METHODS:
            return queryset.filter(done=False)
        try:
            least = int(self.least(request))
        except ValueError:
            raise exceptions.ParseError("least is a number")
        return queryset.filter(stars__gte=least)


class Base(viewsets.ModelViewSet):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer


class Mine(Base):
    filter_backends = [Owned]
    pagination_class = Numbered


class Windows(viewsets.ReadOnlyModelViewSet):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    pagination_class = Windowed


class Counts(Windows):
    pagination_class = Counted


class OwnLimits(Windows):
    pagination_class = OwnLimit


class Rewrites(Windows):
    pagination_class = Rewritten


class Several(Base):
    filter_backends = [Narrowed, filters.SearchFilter, filters.OrderingFilter]
    search_fields = ["title"]
    ordering_fields = ["title", "stars"]
    pagination_class = pagination.LimitOffsetPagination

    @timed
    @renamed
    def create(self, request, *args, **kwargs):
        return super().create(request, *args, **kwargs)

    @timed
    @marked
    def retrieve(self, request, *args, **kwargs):
        return super().retrieve(request, *args, **kwargs)

    @action(detail=True, methods=["post"])
    @catch
    def star(self, request, pk):
        note = Note.objects.get(pk=pk)
        note.stars = int(request.data["stars"]) % 100
        note.save()
        return Response({"stars": note.stars})

    @timed
    @action(detail=False)
    def total(self, request):
        return Response({"rows": self.filter_queryset(self.get_queryset()).count()})


class Listing(APIView):
    @require("a", "b", status=409)
    def get(self, request):
        return Response({"a": request.query_params["a"]})


class One(APIView):
    @with_note
    @timed
    def get(self, request, note):
        return Response({"title": note.title})


class Dated(earlier.Dated):
    @timed
    def get(self, request):
        return Response({"earlier": False})


@noted
def doubled(pk):
    return pk * 2


class ByPlace(APIView):
    def get(self, request, pk):
        return Response(doubled(pk))

    def post(self, request, pk):
        return Response(self.seen(pk=pk))

    @placed
    def seen(self, pk):
        return pk

    @first
    def put(self, request, pk):
        return Response({"pk": pk})

    @counted_by
    @marked
    def patch(self, request, pk):
        return Response({"pk": pk})


class Release(APIView):
    def get(self, request):
        return Response({"release": str(Version("1.0"))})


class Again(APIView):
    @marked
    def get(self, request, pk):
        return Response({"pk": pk})

    def post(self, request, pk):
        return self.get(request, pk)



class Keeps(APIView):
    def get(self, request):
        totals = Totals.of(Note.objects.all())
        totals.add(2)
        price = Price(1, currency=request.query_params.get("currency"))
        pair = Pair("a")
        first, second = pair
        return Response(
            {
                "totals": asdict(totals), "texts": [line.text("-") for line in totals.lines], "mean": totals.mean,
                "best": totals.best.text() if totals.best else None, "price": str(price.plus(2)),
                "same": [price == Price(1, None), price == Price(1), price != price.plus(0), Line("a", 1) is Line("a", 1)],
                "pair": [first, second, pair[0], pair.second, pair._asdict(), pair._replace(second=None).second],
                "old": [Old(1).b, Old(1, b="x").b],
                "settings": [settings.SIZES["small"], settings.SIZES.get("none", 7), "large" in settings.SIZES],
            }
        )

    def post(self, request):
        service, other = Closer(request.user), Closer.from_request(request)
        found = Gathered()
        for note in Note.objects.all():
            found.look(note)
        return Response(
            {
                "mine": service.mine().count(), "said": [service.describe(), other.describe()], "equal": service == other,
                "errors": found.errors, "count": found.count, "asked": Asked(request).who(), "limit": service.limit, "sort": service.sort,
            }
        )

    def put(self, request):
        note = Note.objects.first()
        if note is None:
            raise NotFound("none")
        told = Notifier(note)
        said = Starrer(note, request.user).star()
        note.title = "changed"
        return Response({"said": said, "told": told.text(), "stars": note.stars, "row": Note.objects.get(pk=note.pk).title})


class KeepsOne(APIView):
    def get(self, request, pk):
        return Response({"title": Loaded(pk).note.title, "closer": Closer(request.user, Note.objects.get(pk=pk), limit=1).notifier.text()})


class KeepsNot(APIView):
    def get(self, request, pk):
        return Response({"n": Queried(request.user).rows.count()})

    def post(self, request, pk):
        return Response(asdict(Derived(pk)))

    def put(self, request, pk):
        return Response({"title": Lazy(pk).note().title})

    def patch(self, request, pk):
        return Response({"n": Remembering(request.user).put()})

    def delete(self, request, pk):
        return Response({"text": str(Line("a", 1))})


class Noted(APIView):
    seen = {}

    def get(self, request):
        self.seen[request.path] = 1
        return Response({"n": len(self.seen)})


class Addressed(Base):
    @action(detail=True)
    def links(self, request, pk=None):
        return Response({"me": self.reverse_action("detail", args=[pk]), "links": self.reverse_action("links", kwargs={"pk": pk}), "all": self.reverse_action("list")})

    @action(detail=True, url_path="of/(?P<word>[^/.]+)", name="Shown", description="Told")
    def of(self, request, **kwargs):
        known = {}
        for key, value in self.kwargs.items():
            known[key] = value
        return Response(
            {
                "all": self.kwargs, "more": {**self.kwargs, "a": 1}, "copy": dict(self.kwargs), "known": known, "count": len(self.kwargs),
                "said": told(**self.kwargs), "link": reverse("addressed-of", kwargs=self.kwargs), "detail": self.detail, "has": "word" in self.kwargs,
                "names": [self.basename, self.name, self.description, self.suffix],
            }
        )

    @action(detail=True)
    def found(self, request, **kwargs):
        return Response({"title": get_object_or_404(Note, **self.kwargs).title})


def told(pk, word):
    return f"{word} {pk}"


class Leads(APIView):
    def get(self, request, pk):
        return redirect("addressed-detail", pk=pk)

    def post(self, request, pk):
        note = Note.objects.first()
        return redirect(note) if note is not None else Response(status=204)

    def put(self, request, pk):
        address = request.build_absolute_uri(reverse("addressed-of", args=[pk, "x"]))
        return redirect(address, permanent=True)

    def patch(self, request, pk):
        return HttpResponseRedirect(f"/notes/?q={request.query_params.get('q', 'ä b')}")

    def delete(self, request, pk):
        return HttpResponseRedirect(request.query_params.get("to", "javascript:alert(1)"))


class LeadsNot(APIView):
    def get(self, request):
        return redirect(request.query_params.get("next", "/"))

    def post(self, request):
        return redirect("nowhere")


class KeepsWrong(APIView):
    def get(self, request):
        return Response(Line("a", 1))

    def post(self, request):
        price = Price(1)
        price.amount = 2
        return Response({"amount": price.amount})

    def put(self, request):
        return Response({"less": Price(1) < Price(2)})


@api_view(["GET", "POST"])
@needs(unless="open")
def staff(request):
    return Response({"ok": request.method})


@api_view(["GET"])
@needs("other")
def others(request):
    return Response({"ok": True})


class AsList(filters.BaseFilterBackend):
    def filter_queryset(self, request, queryset, view):
        return [n for n in queryset if n.stars]


class Made(filters.BaseFilterBackend):
    def __init__(self):
        self.stars = 1

    def filter_queryset(self, request, queryset, view):
        return queryset.filter(stars=self.stars)


class Noting(filters.BaseFilterBackend):
    stars = 0

    def filter_queryset(self, request, queryset, view):
        self.stars = 1
        return queryset.filter(stars=self.stars)


class Kept(filters.BaseFilterBackend):
    def filter_queryset(self, request, queryset, view):
        view.seen = queryset
        return queryset


class Searched(filters.SearchFilter):
    def filter_queryset(self, request, queryset, view):
        return super().filter_queryset(request, queryset, view).distinct()


class AsLists(viewsets.ReadOnlyModelViewSet):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    filter_backends = [AsList]


class Mades(AsLists):
    filter_backends = [Made]


class Notings(AsLists):
    filter_backends = [Noting]


class Kepts(AsLists):
    filter_backends = [Kept]


class Searches(AsLists):
    filter_backends = [Searched]
    search_fields = ["title"]


class Links(AsLists):
    filter_backends = []
    pagination_class = Linked


SERIALIZERS = {}


def versions(*names):
    def register(cls):
        for name in names:
            SERIALIZERS["note", name] = cls
        return cls

    return register


@versions("1")
class ShortSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title"]


@versions("2", "3")
class LongSerializer(NoteSerializer):
    pass


class Versions(viewsets.ReadOnlyModelViewSet):
    queryset = Note.objects.all()

    @property
    def version(self):
        return self.request.query_params.get("version", "2")

    def get_serializer_class(self):
        return SERIALIZERS["note", self.version]


class Compares(Versions):
    def get_serializer_class(self):
        if self.version == "1":
            return NoteSerializer
        return SERIALIZERS["note", self.version]


class Asks(Versions):
    def get_serializer_class(self):
        name = "note" if self.version else "nothing"
        return SERIALIZERS[name, self.version]


class Has(Versions):
    def get_serializer_class(self):
        return NoteSerializer if hasattr(self, "action") else SERIALIZERS["note", self.version]


class Refused(APIView):
    @counted
    def get(self, request, pk):
        return Response({})

    @growing([1])
    def post(self, request, pk):
        return Response({})

    @counting
    def put(self, request, pk):
        return Response({})

    @marking
    def patch(self, request, pk):
        return Response({})

    @Once
    def delete(self, request, pk):
        return Response({})


class Passed(APIView):
    @shifting
    def get(self, request, pk):
        return Response({"pk": pk})

    @dropping
    def post(self, request, pk=5):
        return Response({"pk": pk})

    @asking
    def put(self, request, pk, **kwargs):
        return Response({"pk": pk})

    @labelled(STAFF)
    def patch(self, request, pk):
        return Response({"pk": pk})
"""
KEPT = """\
import enum
from abc import ABC, abstractmethod
from collections import namedtuple
from dataclasses import dataclass, field, replace
from typing import Dict, List, NamedTuple, Optional

from rest_framework.exceptions import NotFound, ValidationError

from notes.models import Note

Old = namedtuple("Old", ["a", "b"], defaults=[7])


class Pair(NamedTuple):
    first: str
    second: Optional[int] = 3


@dataclass
class Line:
    title: str
    stars: int

    def text(self, sep=": "):
        return f"{self.title}{sep}{self.stars}"


@dataclass
class Totals:
    \"\"\"What notes come to.\"\"\"

    lines: List[Line]
    total: int = 0
    best: Optional[Line] = None
    names: List[str] = field(default_factory=list)

    @classmethod
    def of(cls, notes):
        lines = [Line(title=n.title, stars=n.stars) for n in notes]
        return cls(lines, total=sum(line.stars for line in lines), best=lines[0] if lines else None)

    @property
    def mean(self):
        return self.total / len(self.lines) if self.lines else None

    def add(self, n):
        self.total += n
        self.names.append(str(n))


@dataclass(frozen=True)
class Price:
    amount: int
    currency: Optional[str] = "EUR"

    def plus(self, n):
        return replace(self, amount=self.amount + n)

    def __str__(self):
        return f"{self.amount} {self.currency}"


@dataclass
class Derived:
    a: int
    b: int = 0

    def __post_init__(self):
        self.b = self.a * 2


class Notifier:
    def __init__(self, note):
        self.note = note

    def text(self):
        return f"{self.note.title} by {self.note.owner.username if self.note.owner else 'nobody'}"


class Base(ABC):
    sort = "base"

    def __init__(self, user, **options):
        self._user = user
        self.options = options

    @abstractmethod
    def run(self): ...

    def describe(self):
        return f"{self.sort}:{self.run()}"


class Closer(Base):
    sort = "closer"

    def __init__(self, user, note=None, limit=2):
        super().__init__(user)
        self.note = note
        self.limit = limit
        self.notifier = Notifier(note) if note is not None else None

    def run(self):
        return self._user.username

    def describe(self):
        return super().describe() + "!" * self.limit

    def mine(self):
        return Note.objects.filter(owner=self._user) if self._user.is_authenticated else Note.objects.none()

    @classmethod
    def from_request(cls, request):
        return cls(request.user)


class Starrer:
    def __init__(self, note, user):
        self.note, self.user = note, user

    def star(self):
        if not self.note.title:
            raise ValidationError("enough")
        self.note.stars += 1
        self.note.save()
        return Notifier(self.note).text()


class Loaded:
    def __init__(self, pk):
        self.pk = pk
        try:
            self.note = Note.objects.get(pk=pk)
        except Note.DoesNotExist:
            raise NotFound("nothing")


class Gathered:
    def __init__(self):
        self.errors = []
        self.count = 0

    def look(self, note):
        if not note.done:
            self.errors.append(note.title)
        self.count += 1
        return self


class Asked:
    def __init__(self, request):
        self.request = request

    def who(self):
        return [self.request.user.username, self.request.query_params.get("a", "none")]


class Queried:
    def __init__(self, user):
        self.rows = Note.objects.filter(done=True)


class Lazy:
    def __init__(self, pk):
        self.pk = pk
        self.found = None

    def note(self):
        if self.found is None:
            self.found = Note.objects.get(pk=self.pk)
        return self.found


class Remembering:
    seen = {}

    def __init__(self, user):
        self.user = user

    def put(self):
        self.seen[self.user.pk] = 1
        return len(self.seen)
"""
EARLIER = """\
from rest_framework.response import Response
from rest_framework.views import APIView

from notes.decorators import timed


class Dated(APIView):
    @timed
    def get(self, request):
        return Response({"earlier": True})
"""
URLS = """\
from django.urls import include, path
from rest_framework.routers import SimpleRouter

from notes import earlier, views

router = SimpleRouter()
for name in ("Mine", "Several", "AsLists", "Mades", "Kepts", "Notings", "Searches", "Windows", "Counts", "OwnLimits", "Rewrites", "Links",
    "Versions", "Compares", "Asks", "Has", "Addressed"):
    router.register(name.lower(), getattr(views, name), basename=name.lower())
urlpatterns = [
    path("", include(router.urls)), path("listing/", views.Listing.as_view()), path("one/<int:pk>/", views.One.as_view()),
    path("dated/", views.Dated.as_view()), path("dated/earlier/", earlier.Dated.as_view()),
    path("staff/", views.staff), path("others/", views.others), path("refused/<int:pk>/", views.Refused.as_view()),
    path("passed/<int:pk>/", views.Passed.as_view()), path("byplace/<int:pk>/", views.ByPlace.as_view()),
    path("again/<int:pk>/", views.Again.as_view()), path("release/", views.Release.as_view()),
    path("leads/<int:pk>/", views.Leads.as_view()), path("leadsnot/", views.LeadsNot.as_view()),
    path("keeps/", views.Keeps.as_view()), path("keeps/<int:pk>/", views.KeepsOne.as_view()), path("noted/", views.Noted.as_view()),
    path("keepsnot/<int:pk>/", views.KeepsNot.as_view()), path("keepswrong/", views.KeepsWrong.as_view()),
]
"""
REFUSED = {
    "GET /aslists/": "filter-backend", "GET /aslists/{pk}/": "filter-backend", "GET /mades/": "filter-backend",
    "GET /mades/{pk}/": "filter-backend", "GET /kepts/": "assign-attribute", "GET /kepts/{pk}/": "assign-attribute",
    "GET /notings/": "assign-attribute", "GET /notings/{pk}/": "assign-attribute",
    "GET /searches/": "filter-backend", "GET /searches/{pk}/": "filter-backend",
    "GET /ownlimits/": "pagination", "GET /refused/{pk}/": "decorator", "POST /refused/{pk}/": "decorator", "PUT /refused/{pk}/": "decorator",
    "PATCH /refused/{pk}/": "decorator", "DELETE /refused/{pk}/": "decorator", "POST /passed/{pk}/": "decorator",
    # Django's kwargs have the pk; the argument would be the wrapper's local of the same name.
    "PUT /passed/{pk}/": "decorator", "PATCH /passed/{pk}/": "decorator", "GET /links/": "pagination",
    # What only a request can tell is no condition for which a class is chosen.
    **{f"GET /{name}/{pk}": "dynamic-get-serializer-class" for name in ("asks",) for pk in ("", "{pk}/")},
    # Django's kwargs and args have what the caller gives by name and by place.
    "GET /byplace/{pk}/": "decorator", "POST /byplace/{pk}/": "decorator", "PUT /byplace/{pk}/": "decorator",
    "PATCH /byplace/{pk}/": "decorator", "GET /release/": "package-packaging", "GET /again/{pk}/": "decorator", "POST /again/{pk}/": "decorator",
    # A queryset keeps its rows, a ``__post_init__`` changes what was given, what is found later is no field that the constructor knows.
    "GET /keepsnot/{pk}/": "object-field", "POST /keepsnot/{pk}/": "object-state", "PUT /keepsnot/{pk}/": "object-state",
    "PATCH /keepsnot/{pk}/": "process-state", "DELETE /keepsnot/{pk}/": "text-of", "GET /noted/": "process-state",
    "GET /keepswrong/": "response", "POST /keepswrong/": "object-state", "PUT /keepswrong/": "comparison",
    # It may be the name of a URL.
    "GET /leadsnot/": "redirect", "POST /leadsnot/": "hyperlink",
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    files = {
        "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
        "site_/settings.py": SETTINGS + 'SIZES = {"small": 1, "large": 9}\n',
        "notes/decorators.py": DECORATORS, "notes/earlier.py": EARLIER, "notes/kept.py": KEPT,
    }  # fmt: skip
    return Site.make(tmp_path_factory.mktemp("own"), files)


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


@pytest.fixture(scope="module")
def program(snapshot: Snapshot) -> Program:
    return translate(snapshot)


def test_what_is_not_plain_is_refused(program: Program) -> None:
    assert {f"{r.method} {r.route_id}": r.reasons[0].code for r in program.refused} == REFUSED


def test_a_library_of_an_unknown_distribution_is_refused(snapshot: Snapshot) -> None:
    known = [n.route_id for n in translate(snapshot, pure=["packaging"]).native]
    assert "/release/" in known
    packages = {k: v for k, v in snapshot.versions.packages.items() if k != "packaging"}
    other = replace(snapshot, versions=replace(snapshot.versions, packages=packages))
    (reason,) = [
        r.reasons[0] for r in translate(other, pure=["packaging"]).refused if r.route_id == "/release/"
    ]
    assert "which distribution" in reason.why
    assert reason.file == "notes/views.py"


def test_heirs_of_the_same_name_keep_what_they_decorate(snapshot: Snapshot) -> None:
    for functions in (snapshot.functions.items(), reversed(snapshot.functions.items())):
        made = woven(replace(snapshot, functions=dict(functions))).classes["notes.views.Dated"]
        plain = {m for m in made.methods.values() if ".undecorated_" in m}
        assert plain == {"notes.views.Dated.undecorated_get", "notes.earlier.Dated.undecorated_get"}


def test_the_rest_answers_as_django_does(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    _, report = site.explore(snapshot, tmp_path, cases=560, seconds=50)
    assert differences(report) == []
    seen = {o.key: set(o.statuses) for o in report.operations}
    # Those who may write own none of the few rows.
    assert {k for k, found in seen.items() if not any(s.startswith("2") for s in found)} <= {
        "PUT /mine/{pk}/", "PATCH /mine/{pk}/", "DELETE /mine/{pk}/",
        "POST /leads/{pk}/", "PUT /leads/{pk}/", "PATCH /leads/{pk}/", "DELETE /leads/{pk}/",
    }  # fmt: skip
    for key, status in {"GET /listing/": "409", "POST /several/{pk}/star/": "422", "GET /one/{pk}/": "404", "GET /staff/": "403", "POST /leads/{pk}/": "302", "PATCH /leads/{pk}/": "302", "DELETE /leads/{pk}/": "400"}.items():  # fmt: skip
        assert status in seen[key], key
