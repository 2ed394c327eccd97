"""Queryset classes with a ``filter()``, ``all()`` or ``delete()`` of their own are not taken for Django's."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import Site

from segue.translate.program import translate

MODELS = """
from django.db import models


class Narrow(models.QuerySet):
    def filter(self, *args, **kwargs):
        return super().filter(*args, **kwargs).exclude(title="hidden")


class Kept(models.QuerySet):
    def delete(self):
        return self.update(title="deleted")

    def starred(self):
        return self.filter(stars__gt=3)


class Note(models.Model):
    title = models.CharField(max_length=20)
    stars = models.IntegerField(default=0)

    class Meta:
        abstract = True


class Alike(Note):
    objects = Narrow.as_manager()


class Made(Note):
    objects = models.Manager.from_queryset(Narrow)()


class Soft(Note):
    objects = Kept.as_manager()
"""
VIEWS = """
from rest_framework import generics, serializers, status, views
from rest_framework.response import Response

from notes import models
"""
LIST = """

class {name}Serializer(serializers.ModelSerializer):
    class Meta:
        model = models.{name}
        fields = ["id", "title"]


class {name}Attribute(generics.ListAPIView):
    queryset = models.{name}.objects.all()
    serializer_class = {name}Serializer


class {name}Method(generics.ListAPIView):
    serializer_class = {name}Serializer

    def get_queryset(self):
        return models.{name}.objects.filter(stars__gt=1)
"""
DELETE = """

class Deleted(views.APIView):
    def delete(self, request):
        models.Soft.objects.starred().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class DeletedAll(views.APIView):
    def delete(self, request):
        models.Soft.objects.filter(stars=1).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
"""
NAMES = ("Alike", "Made", "Soft")
URLS = "from django.urls import path\nfrom notes import views\n\nurlpatterns = [\n" + "".join(
    f'    path("{name}/", views.{name}.as_view()),\n'
    for name in (*(f"{n}{way}" for n in NAMES for way in ("Attribute", "Method")), "Deleted", "DeletedAll")
)


def test_what_they_redefine_is_refused_where_it_may_run(tmp_path: Path) -> None:
    site = Site.make(
        tmp_path,
        {
            "notes/models.py": MODELS,
            "notes/views.py": VIEWS + "".join(LIST.format(name=n) for n in NAMES) + DELETE,
            "site_/urls.py": URLS + "]\n",
        },
    )
    program = translate(site.snapshot())
    refused = {o.route_id: o.reasons[0] for o in program.refused}
    assert {route: reason.code for route, reason in refused.items()} == dict.fromkeys(
        ["/AlikeAttribute/", "/AlikeMethod/", "/Deleted/", "/DeletedAll/", "/MadeAttribute/", "/MadeMethod/"],
        "queryset-class",
    )
    assert "filter()" in refused["/MadeMethod/"].why
    assert "delete()" in refused["/Deleted/"].why
    # What nothing calls that is redefined may be read.
    assert {o.route_id for o in program.native} == {"/SoftAttribute/", "/SoftMethod/"}
