"""What services that nobody here had seen write: fields that no object has, names that meet, trees that show themselves."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tests.projects.site import Site, differences

from segue.snapshot.model import Snapshot
from segue.translate.program import translate

MODELS = """\
import operator

from django.db import models
from django.utils import timezone


class Shelf(models.Model):
    name = models.CharField(max_length=12)
    bound = property(operator.attrgetter("name"))


class RecentManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(made__lte=timezone.now())


class ShelfBook(models.Model):
    made = models.DateTimeField(null=True)
    objects = models.Manager()
    recent = RecentManager()
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE, related_name="books")
    title = models.CharField(max_length=12)
    pages = models.IntegerField(default=1)

    class Meta:
        ordering = ["title"]


class Profile(models.Model):
    user = models.OneToOneField("auth.User", on_delete=models.CASCADE, related_name="profile")
    motto = models.CharField(max_length=12, default="none")


class Album(models.Model):
    name = models.CharField(max_length=12)
    cover = models.FileField(upload_to="covers", blank=True)

    def save(self, *args, **kwargs):
        if self.cover:
            self.cover.open().read()
        super().save(*args, **kwargs)


class Media(models.Model):
    file = models.FileField(upload_to="files")
    media = models.FileField(upload_to="more", blank=True)
"""
VIEWS = """\
from django.contrib.auth.models import User
from django.db.models import Count
from django.shortcuts import get_object_or_404
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from django.utils import timezone
from rest_framework import generics, serializers, viewsets
from rest_framework.decorators import action, api_view
from rest_framework.filters import SearchFilter
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response
from rest_framework.views import APIView

from notes.models import Album, Media, Profile, Shelf, ShelfBook


class Pages(PageNumberPagination):
    page_size = 2


class BookSerializer(serializers.ModelSerializer):
    owner = serializers.CharField(source="shelf.owner", read_only=True)
    worth = serializers.CharField(source="shelf.worth.text", read_only=True, allow_null=True)

    class Meta:
        model = ShelfBook
        fields = ["id", "shelf", "title", "pages", "owner", "worth"]


class ShelfSerializer(serializers.ModelSerializer):
    books = BookSerializer(many=True, read_only=True)
    count = serializers.IntegerField(read_only=True)
    gone = serializers.CharField(required=False, max_length=5)
    best = BookSerializer(read_only=True)
    null = serializers.DateField(allow_null=True, read_only=True)
    deep = serializers.BooleanField(source="gone.with_it", read_only=True)

    class Meta:
        model = Shelf
        fields = ["id", "name", "books", "count", "gone", "best", "null", "deep"]

    def create(self, validated_data):
        return Shelf.objects.create(name=validated_data["name"])

    def validate(self, attrs):
        shelf = getattr(self, "instance", None)
        if shelf is not None and attrs.get("name") == shelf.name:
            raise serializers.ValidationError({"name": "It is called so."})
        return attrs

    def update(self, shelf, validated_data):
        shelf.name = validated_data.get("name", shelf.name)
        shelf.save()
        return shelf


class CountedSerializer(serializers.ModelSerializer):
    count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Shelf
        fields = ["id", "name", "count"]


class ShelfViewSet(viewsets.ModelViewSet):
    serializer_class = ShelfSerializer
    queryset = Shelf.objects.prefetch_related("books").order_by("pk")

    @action(detail=False)
    def counted(self, request):
        return Response(ShelfSerializer(Shelf.objects.annotate(count=Count("books")).order_by("pk"), many=True).data)


class BookViewSet(viewsets.ModelViewSet):
    serializer_class = BookSerializer
    queryset = ShelfBook.objects.all()


class CountedView(generics.ListCreateAPIView):
    serializer_class = CountedSerializer

    def get_queryset(self):
        return Shelf.objects.annotate(count=Count("books")).order_by("pk")


class ProfileSerializer(serializers.ModelSerializer):
    class Meta:
        model = Profile
        fields = ["id", "motto"]


class MeView(APIView):
    def get(self, request):
        profile = getattr(request.user, "profile", None)
        if not profile:
            return Response({"profile": None})
        return Response(ProfileSerializer(profile).data)

    def post(self, request):
        if hasattr(request.user, "profile"):
            return Response({"there": request.user.profile.motto}, status=400)
        if not request.user.is_authenticated:
            return Response({"who": None}, status=403)
        serializer = ProfileSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save(user=request.user)
        return Response(serializer.data, status=201)

    def patch(self, request):
        if not (request.user.is_authenticated and hasattr(request.user, "profile")):
            return Response(status=404)
        profile = request.user.profile
        profile.motto = "changed"
        profile.save()
        return Response({"motto": request.user.profile.motto})


class UserView(generics.GenericAPIView):
    queryset = User.objects.order_by("pk")

    def put(self, request, pk):
        user = self.get_object()
        user.last_name = "seen"
        user.save()
        return Response({"has": hasattr(user, "profile"), "motto": user.profile.motto if hasattr(user, "profile") else ""})


class AlbumSerializer(serializers.ModelSerializer):
    class Meta:
        model = Album
        fields = ["id", "name", "cover"]


class AlbumViewSet(viewsets.ReadOnlyModelViewSet):
    serializer_class = AlbumSerializer
    queryset = Album.objects.order_by("pk")


class MediaSerializer(serializers.ModelSerializer):
    class Meta:
        model = Media
        fields = ["id", "file", "media"]


class MediaViewSet(viewsets.ModelViewSet):
    serializer_class = MediaSerializer
    queryset = Media.objects.order_by("pk")


@api_view(["GET"])
def note_of(request, pk):
    return Response({"pk": pk})


@api_view(["GET"])
def media_by_itself(request, pk):
    media = get_object_or_404(Media, pk=pk)
    every = Media.objects.order_by("pk")
    return Response({
        "bare": MediaSerializer(media).data,
        "other": MediaSerializer(every, many=True, context={"word": "x"}).data,
        "whole": MediaSerializer(every, many=True, context={"request": request}).data,
    })


class HeldView(generics.ListAPIView):
    queryset = ShelfBook.objects.order_by("pk")
    long_books = ShelfBook.objects.filter(pages__gt=1).order_by("pk")
    serializer_class = BookSerializer

    def get_queryset(self):
        if self.request.query_params.get("long"):
            return self.long_books.all()
        return self.queryset.filter(pages__gte=0)


class HeldPageView(HeldView):
    pagination_class = Pages

    def get_queryset(self):
        return self.queryset


class HeldBookView(generics.RetrieveAPIView):
    queryset = ShelfBook.objects.order_by("pk")
    serializer_class = BookSerializer

    def get_queryset(self):
        return self.queryset


class NowView(generics.ListAPIView):
    queryset = ShelfBook.objects.filter(made__lte=timezone.now()).order_by("pk")
    serializer_class = BookSerializer


class RecentView(generics.ListAPIView):
    queryset = ShelfBook.recent.all()
    serializer_class = BookSerializer


class BookFilter(FilterSet):
    class Meta:
        model = ShelfBook
        fields = ["pages"]


class BooksView(generics.ListAPIView):
    serializer_class = BookSerializer
    filter_backends = [DjangoFilterBackend, SearchFilter]
    filterset_class = BookFilter

    def get_queryset(self):
        return ShelfBook.objects.filter(shelf=get_object_or_404(Shelf, pk=self.kwargs["shelf"]))


class BookView(generics.RetrieveAPIView):
    serializer_class = BookSerializer
    filter_backends = [SearchFilter]

    def get_queryset(self):
        return ShelfBook.objects.filter(shelf=get_object_or_404(Shelf, pk=self.kwargs["shelf"]))


@api_view(["PUT"])
def renamed(request, pk):
    serializer = CountedSerializer(get_object_or_404(Shelf, pk=pk), data=request.data)
    serializer.is_valid(raise_exception=True)
    serializer.save()
    return Response(serializer.data)
"""
MORE = """\
from rest_framework import generics, serializers

from notes.models import Album, Media
from notes.models import Media as Shelf


class KeySerializer(serializers.Serializer):
    id = serializers.IntegerField()


class AliasedView(generics.ListAPIView):
    queryset = Shelf.objects.order_by("pk")
    serializer_class = KeySerializer

    def get_queryset(self):
        return self.queryset.all()


class ShadedView(AliasedView):
    Album = Media
    queryset = Album.objects.order_by("pk")
"""
URLS = """\
from django.urls import path
from rest_framework.routers import SimpleRouter

from notes import more, views

router = SimpleRouter()
router.register("shelves", views.ShelfViewSet)
router.register("books", views.BookViewSet)
router.register("albums", views.AlbumViewSet)
router.register("media", views.MediaViewSet)
urlpatterns = [
    *router.urls,
    path("counted/", views.CountedView.as_view()),
    path("media-by-itself/<int:pk>/", views.media_by_itself),
    path("held/", views.HeldView.as_view()),
    path("held/pages/", views.HeldPageView.as_view()),
    path("held/<int:pk>/", views.HeldBookView.as_view()),
    path("aliased/", more.AliasedView.as_view()),
    path("shaded/", more.ShadedView.as_view()),
    path("now/", views.NowView.as_view()),
    path("recent/", views.RecentView.as_view()),
    path("surplus/<int:pk>/<int:more>/", views.note_of),
    path("me/", views.MeView.as_view()),
    path("users/<int:pk>/", views.UserView.as_view()),
    path("renamed/<int:pk>/", views.renamed),
    path("of/<int:shelf>/", views.BooksView.as_view()),
    path("of/<int:shelf>/<int:pk>/", views.BookView.as_view()),
]
"""


def _refused(snapshot: Snapshot, **changed: str) -> dict[str, str]:
    """The first reason per route, with other text in the class bodies and functions that are named."""
    functions, serializers = dict(snapshot.functions), dict(snapshot.serializers)
    for name, (old, new) in ((n, c.split(" -> ")) for n, c in changed.items()):
        dotted = f"notes.views.{name.replace('__', '.')}"
        if dotted in functions:
            assert old in functions[dotted].source
            source = functions[dotted].source.replace(old, new)
            functions[dotted] = dataclasses.replace(functions[dotted], source=source)
        else:
            found = serializers[dotted]
            item = next(one for one in found.fields if one.name == old)
            fields = tuple(
                dataclasses.replace(one, source=new) if one is item else one for one in found.fields
            )
            serializers[dotted] = dataclasses.replace(found, fields=fields)
    program = translate(dataclasses.replace(snapshot, functions=functions, serializers=serializers))
    return {f"{r.method} {r.route_id}": r.reasons[0].code for r in program.refused}


def test_unknown_services(tmp_path: Path) -> None:
    """Each operation is native, and answers and writes what Django does."""
    root = tmp_path / "site"
    root.mkdir()
    files = {"notes/models.py": MODELS, "notes/views.py": VIEWS, "notes/more.py": MORE}
    site = Site.make(root, {"site_/urls.py": URLS, **files})
    snapshot = site.snapshot()
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=420)
    refused = {r.route_id: r.reasons[0].code for r in program.refused}
    assert refused == {
        "/now/": "class-queryset",
        "/recent/": "class-queryset",
        "/shaded/": "unknown-value",
        "/surplus/{pk}/{more}/": "call-arguments",
    }
    assert differences(report) == []
    # Whether somebody is without a profile is a matter of the rows that are made.
    assert {o.key for o in report.operations if not o.succeeded} <= {"POST /me/"}

    # The class's own queryset may be looked into, and DRF lets nobody evaluate it.
    held = {"GET /now/", "GET /recent/", "GET /shaded/", "GET /surplus/{pk}/{more}/"}
    assert _refused(
        snapshot, HeldView__get_queryset="self.queryset.filter(pages__gte=0) -> self.queryset"
    ).keys() - held == {"GET /held/"}
    assert _refused(
        snapshot, HeldView__get_queryset="self.long_books.all() -> self.long_books"
    ).keys() - held == {"GET /held/"}
    # Names that an object may have all the same.
    assert _refused(snapshot, CountedSerializer="count -> bound").keys() > held
    assert _refused(snapshot, renamed="serializer.save() -> serializer.save().count = 3").keys() > held
    assert _refused(
        snapshot, renamed="get_object_or_404(Shelf, -> get_object_or_404(ShelfBook.objects.get(pk=1).shelf,"
    )
