"""A list without an order on SQLite: the rows come as Django's own statement finds them."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import Site, differences

FILES = {
    "notes/models.py": """\
from django.db import models


class Role(models.Model):
    name = models.CharField(max_length=10, unique=True)
    about = models.TextField(default="")


class Rank(models.Model):
    name = models.CharField(max_length=10)
""",
    "notes/migrations/0002_rows.py": """\
from django.db import migrations


def fill(apps, editor):
    for name in ("z", "a", "m"):
        apps.get_model("notes", "Role").objects.create(name=name)
        apps.get_model("notes", "Rank").objects.create(name=name)


class Migration(migrations.Migration):
    dependencies = [("notes", "0001_initial")]
    operations = [migrations.RunPython(fill)]
""",
    "notes/views.py": """\
from rest_framework import generics, serializers

from notes.models import Rank, Role


class RoleSerializer(serializers.ModelSerializer):
    class Meta:
        model = Role
        fields = ["id", "name"]


class RankSerializer(serializers.ModelSerializer):
    class Meta:
        model = Rank
        fields = ["id", "name"]


class Roles(generics.ListAPIView):
    queryset = Role.objects.all()
    serializer_class = RoleSerializer


class Ranks(generics.ListAPIView):
    queryset = Rank.objects.all()
    serializer_class = RankSerializer
""",
    "site_/urls.py": """\
from django.urls import path
from notes import views

urlpatterns = [path("roles/", views.Roles.as_view()), path("ranks/", views.Ranks.as_view())]
""",
}


def test_the_order_of_the_table(tmp_path: Path) -> None:
    root = tmp_path / "site"
    root.mkdir()
    first = {k: v for k, v in FILES.items() if "0002" not in k}
    Site.make(root, first)
    site = Site.make(root, FILES)
    program, report = site.explore(site.snapshot(), tmp_path / "out", cases=24, seconds=10)
    assert not program.refused
    assert differences(report) == []
    assert all("200" in o.statuses for o in report.operations)
    code = (tmp_path / "out" / "app" / "notes" / "routes.py").read_text()
    assert "select(Role.id).order_by(Role.id)" in code
    assert "select(Rank.id))" in code
