"""Cases for a site of another test: fields that ``__init__`` and ``get_fields`` of the project take out, or set options on, by what a
request brings."""

from __future__ import annotations

import base64
import itertools
import json

from tests.projects.asked import Asking

MODELS = """\


class Author(models.Model):
    name = models.CharField(max_length=40)


class Memo(models.Model):
    title = models.CharField(max_length=40)
    body = models.CharField(max_length=40, default="b")
    stars = models.IntegerField(default=1)
    secret = models.CharField(max_length=40, blank=True)
    author = models.ForeignKey(Author, models.CASCADE, null=True, related_name="notes")
    readers = models.ManyToManyField(Author, related_name="read")


class Place(models.Model):
    row = models.IntegerField()
    seat = models.IntegerField()

    class Meta:
        unique_together = [("row", "seat")]
"""
VIEWS = """\
from rest_framework import generics, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from notes.models import Author, Memo, Place


class AuthorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Author
        fields = ["id", "name"]


class MemoMeta:
    model = Memo
    fields = ["id", "title", "body", "stars", "secret", "author", "readers"]
    extra_kwargs = {"readers": {"required": False}}


class Documented(serializers.ModelSerializer):
    def __init__(self, *args, **kwargs):
        fields = kwargs.pop("fields", None)
        super().__init__(*args, **kwargs)
        request = self.context.get("request")
        if request is not None:
            named = request.query_params.get("fields")
            if named:
                fields = named.split(",")
        if fields is not None:
            allowed = set(fields)
            existing = set(self.fields)
            for field_name in existing - allowed:
                self.fields.pop(field_name)

    class Meta(MemoMeta):
        pass


class QueryFields(serializers.ModelSerializer):
    author = AuthorSerializer(read_only=True)
    loud = serializers.SerializerMethodField()

    def get_fields(self):
        fields = super().get_fields()
        named = self.context["request"].query_params.get("fields", "")
        if named:
            wanted = [name.strip() for name in named.split(",")]
            for name in list(fields.keys()):
                if name not in wanted:
                    del fields[name]
        return fields

    def get_loud(self, note):
        return note.title.upper()

    class Meta:
        model = Memo
        fields = ["id", "title", "body", "author", "loud"]


class Exclude(serializers.ModelSerializer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in self.context["request"].GET.getlist("exclude"):
            self.fields.pop(name, None)

    class Meta(MemoMeta):
        pass


class ByUser(serializers.ModelSerializer):
    def __init__(self, *args, **kwargs):
        super(ByUser, self).__init__(*args, **kwargs)
        request = self.context.get("request")
        if request and not request.user.is_staff:
            self.fields["stars"].read_only = True
            self.fields.pop("secret")
        self.fields["title"].label = "The title"
        self.fields["body"].required = bool(request.user.is_authenticated)

    def validate_secret(self, value):
        return value.upper()

    class Meta(MemoMeta):
        pass


class ByMethod(serializers.ModelSerializer):
    def get_fields(self, *args, **kwargs):
        fields = super().get_fields()
        request = self.context.get("request", None)
        if request.method == "PUT" or request.method == "PATCH":
            fields["title"].read_only = True
        if request and request.method in ["POST"]:
            fields.pop("secret", None)
        return fields

    class Meta(MemoMeta):
        pass


class ByInstance(serializers.ModelSerializer):
    def __init__(self, instance=None, data=serializers.empty, **kwargs):
        super().__init__(instance=instance, data=data, **kwargs)
        if self.instance is None:
            self.fields.pop("stars")
        else:
            self.fields["title"].required = False
            for name in ("body", "secret"):
                self.fields[name].read_only = True
        if self.instance:
            self.fields["author"].required = True
            self.fields["secret"].write_only = True

    class Meta(MemoMeta):
        pass


class ByAction(serializers.ModelSerializer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        view = self.context.get("view")
        if view and view.action == "list":
            for name in ["body", "readers"]:
                self.fields.pop(name)
        if self.context["view"].action in ("update", "partial_update"):
            self.fields["title"].read_only = True

    class Meta(MemoMeta):
        pass


class Parent(serializers.ModelSerializer):
    def __init__(self, *args, **kwargs):
        self.short = kwargs.pop("short", False)
        super().__init__(*args, **kwargs)
        if self.short or self.context.get("request").query_params.get("short") == "1":
            self.fields.pop("body")
            self.fields.pop("secret")


class Child(Parent):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name != "title":
                field.required = False
        if "body" in self.fields and self.context["request"].query_params.get("tiny"):
            del self.fields["stars"]
        for field in self.fields.values():
            field.help_text = "so"

    class Meta(MemoMeta):
        pass


class Shouting(serializers.ModelSerializer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.context["request"].query_params.get("quiet"):
            self.fields.pop("title")

    def to_representation(self, instance):
        data = super().to_representation(instance)
        if "title" in self.fields:
            data["title"] = data["title"].upper()
        return data

    class Meta(MemoMeta):
        pass


class InnerSerializer(serializers.ModelSerializer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        request = self.context.get("request")
        if request is None or request.method == "POST":
            self.fields.pop("secret")

    class Meta:
        model = Memo
        fields = ["id", "title", "secret"]


class OuterSerializer(serializers.ModelSerializer):
    notes = InnerSerializer(many=True, read_only=True)

    class Meta:
        model = Author
        fields = ["id", "name", "notes"]


class Contextual(serializers.ModelSerializer):
    def get_fields(self):
        fields = super().get_fields()
        if self.context["request"].query_params.get("short"):
            fields.pop("title")
        return fields

    class Meta:
        model = Memo
        fields = ["id", "title"]


class AroundContextual(serializers.ModelSerializer):
    notes = Contextual(many=True, read_only=True)

    class Meta:
        model = Author
        fields = ["id", "notes"]


class PlaceSerializer(serializers.ModelSerializer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.context["request"].query_params.get("short"):
            self.fields.pop("seat")

    class Meta:
        model = Place
        fields = ["row", "seat"]


class Adding(serializers.ModelSerializer):
    def get_fields(self):
        fields = super().get_fields()
        if self.context["request"].query_params.get("long"):
            fields["more"] = serializers.CharField(source="title")
        return fields

    class Meta:
        model = Memo
        fields = ["id"]


class Asking(serializers.ModelSerializer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if Author.objects.filter(name=self.context["request"].query_params.get("a", "")).exists():
            self.fields.pop("title")

    class Meta:
        model = Memo
        fields = ["id", "title"]


class Looking(serializers.ModelSerializer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance and self.instance.stars > 2:
            self.fields.pop("title")

    class Meta:
        model = Memo
        fields = ["id", "title", "stars"]


class Wanting(serializers.ModelSerializer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.context["request"].query_params.get("null"):
            self.fields["title"].allow_null = True

    class Meta:
        model = Memo
        fields = ["id", "title"]


class Base(viewsets.ModelViewSet):
    queryset = Memo.objects.prefetch_related("readers").order_by("id")


class DocumentedViewSet(Base):
    serializer_class = Documented


class ExcludeViewSet(Base):
    serializer_class = Exclude


class ByUserViewSet(Base):
    serializer_class = ByUser


class ByMethodViewSet(Base):
    serializer_class = ByMethod


class ByInstanceViewSet(Base):
    serializer_class = ByInstance


class ByActionViewSet(Base):
    serializer_class = ByAction


class ShoutingViewSet(Base):
    serializer_class = Shouting


class QueryFieldsViewSet(viewsets.ModelViewSet):
    queryset = Memo.objects.select_related("author").order_by("id")
    serializer_class = QueryFields


class ShortViewSet(Base):
    serializer_class = Child

    @action(detail=True, methods=["get"])
    def short(self, request, pk=None):
        return Response(Child(self.get_object(), short=True, context=self.get_serializer_context()).data)

    @action(detail=False, methods=["post"])
    def made(self, request):
        serializer = ByInstance(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        note = serializer.save()
        return Response([serializer.data, ByInstance(note).data])


class Outers(generics.ListCreateAPIView):
    queryset = Author.objects.prefetch_related("notes").order_by("id")
    serializer_class = OuterSerializer


class ContextualOuters(generics.ListAPIView):
    queryset = Author.objects.prefetch_related("notes").order_by("id")
    serializer_class = AroundContextual


class Unprefetched(generics.ListAPIView):
    queryset = Memo.objects.order_by("id")
    serializer_class = Documented


class Places(generics.ListCreateAPIView):
    queryset = Place.objects.order_by("id")
    serializer_class = PlaceSerializer


class Addings(generics.ListAPIView):
    queryset = Memo.objects.order_by("id")
    serializer_class = Adding


class Askings(generics.ListAPIView):
    queryset = Memo.objects.order_by("id")
    serializer_class = Asking


class Lookings(generics.RetrieveUpdateAPIView):
    queryset = Memo.objects.order_by("id")
    serializer_class = Looking


class Wantings(generics.ListCreateAPIView):
    queryset = Memo.objects.order_by("id")
    serializer_class = Wanting
"""
URLS = """\
from django.urls import include, path
from rest_framework.routers import SimpleRouter
from notes import own_fields as views

router = SimpleRouter()
router.register("documented", views.DocumentedViewSet, basename="documented")
router.register("exclude", views.ExcludeViewSet, basename="exclude")
router.register("byuser", views.ByUserViewSet, basename="byuser")
router.register("bymethod", views.ByMethodViewSet, basename="bymethod")
router.register("byinstance", views.ByInstanceViewSet, basename="byinstance")
router.register("byaction", views.ByActionViewSet, basename="byaction")
router.register("shouting", views.ShoutingViewSet, basename="shouting")
router.register("queryfields", views.QueryFieldsViewSet, basename="queryfields")
router.register("child", views.ShortViewSet, basename="child")
urlpatterns = [
    path("", include(router.urls)),
    path("outers/", views.Outers.as_view()),
    path("contextual/", views.ContextualOuters.as_view()),
    path("unprefetched/", views.Unprefetched.as_view()),
    path("places/", views.Places.as_view()),
    path("adding/", views.Addings.as_view()),
    path("asking/", views.Askings.as_view()),
    path("looking/<int:pk>/", views.Lookings.as_view()),
    path("wanting/", views.Wantings.as_view()),
]
"""
ROWS = """\
from django.contrib.auth.models import User
User.objects.create_user("staff", password="s", is_staff=True)
User.objects.create_user("plain", password="p")
Place.objects.create(row=1, seat=1)
authors = [Author.objects.create(name=name) for name in ("Ada", "Bob")]
for number in range(3):
    note = Memo.objects.create(title=f"t{number}", body=f"b{number}", stars=number, secret=f"s{number}", author=authors[number] if number < 2 else None)
    note.readers.set(authors[:number])
"""


def _as(name: str) -> dict[str, str]:
    return (
        {"authorization": "Basic " + base64.b64encode(f"{name}:{name[0]}".encode()).decode()} if name else {}
    )


FULL = {"title": "new", "body": "nb", "stars": 5, "secret": "ns", "author": 1, "readers": [2]}
BODIES = [FULL, {"title": "x"}, {}, {"title": None, "stars": "x", "secret": None, "body": None}]
QUERIES = {
    "documented": ["", "?fields=id,title", "?fields=", "?fields=nothing", "?fields=title,readers"],
    "queryfields": ["", "?fields=id,author", "?fields=loud, title", "?fields=none"],
    "exclude": ["", "?exclude=title&exclude=readers", "?exclude=other", "?exclude=stars"],
    "child": ["", "?short=1", "?tiny=1", "?short=1&tiny=1"],
    "shouting": ["", "?quiet=1"],
    "bymethod": ["", ""],
    "byinstance": ["", "", ""],
    "byaction": ["", ""],
    "byuser": ["", "", ""],
}


def requests() -> list[Asking]:
    found: list[Asking] = []
    bodies = itertools.cycle(json.dumps(body) for body in BODIES)
    for place, queries in QUERIES.items():
        for who, query in zip(
            ("", "staff", "plain") if place == "byuser" else [""] * 9, queries, strict=False
        ):
            found += [
                Asking("GET", f"/own/{place}/{query}", _as(who)),
                Asking("GET", f"/own/{place}/2/{query}", _as(who)),
            ]
            for method, pk in (("POST", ""), ("PUT", "2/"), ("PATCH", "3/")):
                found.append(Asking(method, f"/own/{place}/{pk}{query}", _as(who), next(bodies)))
            next(bodies)
    found += [
        Asking("GET", "/own/child/2/short/"),
        Asking("GET", "/own/child/2/short/?tiny=1"),
        Asking("GET", "/own/outers/"),
    ]
    found += [Asking("POST", "/own/child/made/", body=json.dumps(body)) for body in BODIES]
    found += [Asking("POST", "/own/outers/", body='{"name": "Cy"}')]
    return found


REFUSED = {
    "GET /contextual/": "serializer-fields",
    "GET /unprefetched/": "serializer-fields",
    "POST /places/": "serializer-validator",
    "GET /adding/": "serializer-get-fields",
    "GET /asking/": "serializer-init",
    "GET /looking/{pk}/": "serializer-init",
    "PUT /looking/{pk}/": "serializer-init",
    "PATCH /looking/{pk}/": "serializer-init",
    "GET /wanting/": "serializer-fields",
    "POST /wanting/": "serializer-fields",
}
