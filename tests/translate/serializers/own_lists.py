"""Cases for a site of another test: list serializers of the project's own (``Meta.list_serializer_class``), and ``save``
methods of serializers."""

from __future__ import annotations

import json

from tests.projects.asked import Asking

MODELS = """\




class Shelf(models.Model):
    name = models.CharField(max_length=40)


class Book(models.Model):
    title = models.CharField(max_length=40)
    stars = models.IntegerField(default=1)
    hidden = models.BooleanField(default=False)
    shelf = models.ForeignKey(Shelf, models.CASCADE, null=True, related_name="books")
"""
VIEWS = """\
from django.db import models
from rest_framework import generics, serializers
from rest_framework.response import Response
from rest_framework.views import APIView
from notes.models import Book, Shelf


class Meta0:
    model = Book
    fields = ["id", "title", "stars"]


class Shown(serializers.ListSerializer):
    def to_representation(self, data):
        data = data.filter(hidden=False).order_by("-stars", "id")
        return super().to_representation(data)


class ShownBook(serializers.ModelSerializer):
    class Meta(Meta0):
        list_serializer_class = Shown


class ShelfS(serializers.ModelSerializer):
    books = ShownBook(many=True, read_only=True)
    class Meta:
        model = Shelf
        fields = ["id", "name", "books"]


class Shelves(generics.ListAPIView):
    queryset = Shelf.objects.order_by("id")
    serializer_class = ShelfS


class Books(generics.ListAPIView):
    queryset = Book.objects.order_by("id")
    serializer_class = ShownBook


class Bulk(serializers.ListSerializer):
    def create(self, validated_data):
        books = [Book(**item) for item in validated_data]
        return Book.objects.bulk_create(books)
    def validate(self, attrs):
        titles = [item["title"] for item in attrs]
        if len(set(titles)) != len(titles):
            raise serializers.ValidationError("twice the same title")
        if "bad" in titles:
            raise serializers.ValidationError({"title": ["bad"]})
        return attrs


class BulkBook(serializers.ModelSerializer):
    class Meta(Meta0):
        list_serializer_class = Bulk


class BulkCreate(generics.ListCreateAPIView):
    queryset = Book.objects.order_by("id")
    serializer_class = BulkBook


class BulkPost(APIView):
    def post(self, request):
        s = BulkBook(data=request.data, many=True, allow_empty=False, max_length=3)
        if s.is_valid():
            s.save(hidden=True)
            return Response(s.data, status=201)
        return Response(s.errors, status=400)


class Docu(serializers.ListSerializer):
    def update(self, instance, validated_data):
        book_mapping = {book.id: book for book in instance}
        data_mapping = {item["id"]: item for item in validated_data}
        ret = []
        for book_id, data in data_mapping.items():
            book = book_mapping.get(book_id, None)
            if book is None:
                ret.append(self.child.create(data))
            else:
                ret.append(self.child.update(book, data))
        for book_id, book in book_mapping.items():
            if book_id not in data_mapping:
                book.delete()
        return ret


class DocuBook(serializers.ModelSerializer):
    id = serializers.IntegerField()
    class Meta(Meta0):
        list_serializer_class = Docu


class DocuView(APIView):
    def put(self, request):
        s = DocuBook(Book.objects.all(), data=request.data, many=True)
        s.is_valid(raise_exception=True)
        s.save()
        return Response(s.data)


class Simple(serializers.ListSerializer):
    def update(self, instance, validated_data):
        ret = []
        for book, data in zip(instance, validated_data):
            ret.append(self.child.update(book, data))
        return ret


class SimpleBook(serializers.ModelSerializer):
    class Meta(Meta0):
        list_serializer_class = Simple


class SimpleView(APIView):
    def put(self, request):
        s = SimpleBook(Book.objects.order_by("id"), data=request.data, many=True, partial=True)
        s.is_valid(raise_exception=True)
        s.save()
        return Response(s.data)


class Wrap(serializers.ListSerializer):
    def to_representation(self, data):
        shown = super().to_representation(data)
        return [one for one in shown if one["stars"] > 1]


class WrapBook(serializers.ModelSerializer):
    class Meta(Meta0):
        list_serializer_class = Wrap


class Wrapped(generics.ListAPIView):
    queryset = Book.objects.order_by("id")
    serializer_class = WrapBook


class ByChild(serializers.ListSerializer):
    def to_representation(self, data):
        iterable = data.all() if isinstance(data, models.Manager) else data
        return [self.child.to_representation(item) for item in iterable if not item.hidden]


class ByChildBook(serializers.ModelSerializer):
    class Meta(Meta0):
        list_serializer_class = ByChild


class ByChildS(serializers.ModelSerializer):
    books = ByChildBook(many=True, read_only=True)
    class Meta:
        model = Shelf
        fields = ["id", "books"]


class ByChilds(generics.ListAPIView):
    queryset = Shelf.objects.prefetch_related("books").order_by("id")
    serializer_class = ByChildS


class ByChildTop(generics.ListAPIView):
    queryset = Book.objects.order_by("id")
    serializer_class = ByChildBook


class Roots(serializers.ListSerializer):
    def to_representation(self, data):
        if self.context["request"].query_params.get("few"):
            data = data.filter(stars__gt=1)
        return super(Roots, self).to_representation(data.all())


class RootsBook(serializers.ModelSerializer):
    class Meta(Meta0):
        list_serializer_class = Roots


class RootsTop(generics.ListAPIView):
    queryset = Book.objects.order_by("id")
    serializer_class = RootsBook


class Odd(serializers.ListSerializer):
    def run_child_validation(self, data):
        return super().run_child_validation(data)


class OddBook(serializers.ModelSerializer):
    class Meta(Meta0):
        list_serializer_class = Odd


class Odds(generics.ListAPIView):
    queryset = Book.objects.order_by("id")
    serializer_class = OddBook


class AsDict(serializers.ListSerializer):
    def to_representation(self, data):
        return {"a": super().to_representation(data)}


class AsDictBook(serializers.ModelSerializer):
    class Meta(Meta0):
        list_serializer_class = AsDict


class AsDicts(generics.ListAPIView):
    queryset = Book.objects.order_by("id")
    serializer_class = AsDictBook


class Direct(serializers.ListSerializer):
    child = SimpleBook()
    def create(self, validated_data):
        return [self.child.create(one) for one in validated_data]


class DirectView(APIView):
    def post(self, request):
        s = Direct(data=request.data)
        s.is_valid(raise_exception=True)
        s.save()
        return Response(s.data)


class Other:
    def __init__(self, field, word):
        self.field, self.word = field, word

    def __call__(self, attrs):
        if attrs.get(self.field) == self.word:
            raise serializers.ValidationError(f"{self.field} may not be {self.word}")


class Untaken:
    requires_context = True

    def __call__(self, attrs, serializer):
        word = serializer.context["request"].query_params.get("word")
        if serializer.instance is None and Book.objects.filter(title=attrs["title"]).exists():
            raise serializers.ValidationError({"title": "taken"})
        if word and attrs.get("title") == word:
            raise serializers.ValidationError("not that")


def sees_defaults(attrs):
    if attrs.get("stars") == 6 and attrs["title"] == "six":
        raise serializers.ValidationError("six")


class Checked(serializers.ModelSerializer):
    stars = serializers.IntegerField(read_only=True, default=6)
    class Meta(Meta0):
        validators = [Other("title", "bad"), Untaken(), sees_defaults]


class Checks(generics.ListCreateAPIView):
    queryset = Book.objects.order_by("id")
    serializer_class = Checked


class ChecksOne(generics.RetrieveUpdateAPIView):
    queryset = Book.objects.order_by("id")
    serializer_class = Checked


class Kept(serializers.ModelSerializer):
    def save(self, **kwargs):
        asked = self.context["request"].query_params
        kwargs["hidden"] = asked.get("h") == "1"
        if self.instance is None:
            kwargs.setdefault("stars", 9)
        return super().save(**kwargs)
    class Meta:
        model = Book
        fields = ["id", "title", "hidden"]
        read_only_fields = ["hidden"]


class KeptMore(Kept):
    def save(self, **kwargs):
        kwargs.update(title=self.validated_data["title"].upper())
        return super().save(stars=4, **kwargs)
    class Meta(Kept.Meta):
        pass


class Keeps(generics.ListCreateAPIView):
    queryset = Book.objects.order_by("id")
    serializer_class = KeptMore


class KeepsOne(generics.RetrieveUpdateAPIView):
    queryset = Book.objects.order_by("id")
    serializer_class = Kept
    def perform_update(self, serializer):
        serializer.save(stars=3)


class After(serializers.ModelSerializer):
    def save(self, **kwargs):
        book = super().save(**kwargs)
        book.stars += 1
        book.save()
        return book
    class Meta(Meta0):
        pass


class Afters(generics.CreateAPIView):
    queryset = Book.objects.order_by("id")
    serializer_class = After


class ByItself(serializers.Serializer):
    title = serializers.CharField()
    def save(self, *args, **kwargs):
        return Book.objects.create(title=self.validated_data["title"])


class ByItselfView(APIView):
    def post(self, request):
        s = ByItself(data=request.data)
        s.is_valid(raise_exception=True)
        return Response({"id": s.save().pk})
"""
URLS = """\
from django.urls import path
from notes import own_lists as views
urlpatterns = [
 path("shelves/", views.Shelves.as_view()), path("books/", views.Books.as_view()), path("bulk/", views.BulkCreate.as_view()),
 path("bulkpost/", views.BulkPost.as_view()), path("docu/", views.DocuView.as_view()), path("simple/", views.SimpleView.as_view()),
 path("wrapped/", views.Wrapped.as_view()), path("bychild/", views.ByChilds.as_view()), path("bychildtop/", views.ByChildTop.as_view()),
 path("roots/", views.RootsTop.as_view()), path("odds/", views.Odds.as_view()), path("asdicts/", views.AsDicts.as_view()), path("direct/", views.DirectView.as_view()),
 path("keeps/", views.Keeps.as_view()), path("keeps/<int:pk>/", views.KeepsOne.as_view()), path("afters/", views.Afters.as_view()),
 path("byitself/", views.ByItselfView.as_view()), path("checks/", views.Checks.as_view()), path("checks/<int:pk>/", views.ChecksOne.as_view()),
]
"""
ROWS = """\
shelves = [Shelf.objects.create(name=n) for n in "ab"]
for i in range(5):
    Book.objects.create(title=f"t{i}", stars=i, hidden=i == 3, shelf=shelves[i % 2])
"""
BODIES = [
    [{"title": "x"}, {"title": "y", "stars": 3}],
    [{"title": "x"}, {"title": "x"}],
    [{"title": "bad"}],
    [],
    {"title": "z"},
    [{"title": None}, {"stars": "q", "title": "k"}],
    [{"title": "1"}, {"title": "2"}, {"title": "3"}, {"title": "4"}],
    None,
    [None, {"title": "q"}],
]
UPDATES = [
    [{"id": 1, "title": "u1"}, {"id": 99, "title": "n"}],
    [{"title": "u1"}],
    [{"id": 2, "title": "u", "stars": 9}, {"id": 4, "title": "w"}],
]
SHOWN = ("shelves", "books", "wrapped", "bychild", "bychildtop", "roots", "roots/?few=1")


def requests() -> list[Asking]:
    shown = [Asking("GET", f"/lists/{place}" + ("" if "?" in place else "/")) for place in SHOWN]
    made = [
        Asking(method, f"/lists/{place}/", body=json.dumps(body))
        for body in BODIES
        for method, place in (("POST", "bulkpost"), ("PUT", "simple"))
    ]
    updates = [Asking("PUT", "/lists/docu/", body=json.dumps(body)) for body in UPDATES]
    saved = [
        Asking(method, f"/lists/{place}/{query}", body=body)
        for method, place in (
            ("POST", "keeps"),
            ("PUT", "keeps/1"),
            ("PATCH", "keeps/1"),
            ("POST", "byitself"),
        )
        for query, body in (("", '{"title": "k"}'), ("?h=1", '{"title": "k2"}'), ("", "{}"))
    ]
    checked = [
        Asking(method, f"/lists/{place}/{query}", body=json.dumps({"title": title}))
        for method, place in (("POST", "checks"), ("PUT", "checks/2"))
        for query, title in (("", "bad"), ("?word=w", "w"), ("", "t4"), ("", "six"), ("", "fine"))
    ]
    return [
        *saved,
        *checked,
        *shown,
        *made,
        Asking("POST", "/lists/bulk/", body='{"title": "one"}'),
        *updates,
        *shown[:2],
    ]


REFUSED = {
    "GET /odds/": "list-serializer",
    "POST /afters/": "override-save",
    "GET /asdicts/": "list-serializer",
    "POST /direct/": "list-serializer",
}
