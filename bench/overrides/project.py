"""A Django project in which every view has one thing overridden: a hook of DRF, Django, django-filter or Python itself."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field

MODELS = """
from django.db import models


class Tag(models.Model):
    name = models.CharField(max_length=20)


class A(models.Model):
    title = models.CharField(max_length=20)
    stars = models.IntegerField(default=0)
    tags = models.ManyToManyField(Tag, blank=True)
    tag = models.ForeignKey(Tag, null=True, blank=True, on_delete=models.CASCADE, related_name="main")
"""
VIEWS = """
import django_filters
from django.core import validators as dv
from django.core.exceptions import ValidationError as DjangoError
from django.core.paginator import Paginator
from django.http import Http404
from django_filters import rest_framework as df
from notes import models
from rest_framework import (
    authentication, exceptions, filters, generics, metadata, negotiation, pagination, parsers, permissions, relations,
    renderers, serializers, throttling, validators, views,
)
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder


class S(serializers.ModelSerializer):
    class Meta:
        model = models.A
        fields = ["id", "title", "stars"]


class L(generics.ListCreateAPIView):
    serializer_class = S
    queryset = models.A.objects.order_by("id")


class D(generics.RetrieveUpdateDestroyAPIView):
    serializer_class = S
    queryset = models.A.objects.all()
"""


@dataclass
class Overrides:
    """The project being written; ``labels``: what is overridden at each route."""

    models: list[str] = field(default_factory=lambda: [MODELS])
    views: list[str] = field(default_factory=lambda: [VIEWS])
    labels: dict[str, str] = field(default_factory=dict)

    def view(self, base: str, body: str, *, before: str = "", label: str = "") -> None:
        """A view below ``L`` (list and create) or ``D`` (one object). ``#`` stands for its number."""
        number = len(self.labels) + 1
        code = f"{before}\nclass V{number}({base}):\n{textwrap.indent(body.strip(), '    ')}\n"
        self.views.append(code.replace("#", str(number)))
        path = f"/v{number}/" + ("{pk}/" if base == "D" or "Retrieve" in base else "")
        self.labels[path] = label or body.strip()

    def policy(
        self, base: str, body: str, use: str, bases: Iterable[str] = ("L", "D"), more: str = ""
    ) -> None:
        """Views with a class of their own below ``base``, used as ``use`` says (``C#`` is its name); ``more`` of the view."""
        made = f"class C#({base}):\n{textwrap.indent(body.strip(), '    ')}\n"
        for view in bases:
            self.view(view, f"{use}\n{more}", before=made, label=f"{base}: {body.strip()}")

    def serializer(
        self, body: str, *, before: str = "", label: str = "", bases: Iterable[str] = ("L", "D")
    ) -> None:
        """Views with a serializer of their own."""
        made = f"{before}\nclass S#(S):\n{textwrap.indent(body.strip(), '    ')}\n"
        for view in bases:
            self.view(
                view, "serializer_class = S#", before=made, label=label or f"serializer: {body.strip()}"
            )

    def field_(self, base: str, body: str, *, name: str = "title", arguments: str = "") -> None:
        """Views with a serializer that has a field class of its own."""
        made = f"class F#({base}):\n{textwrap.indent(body.strip(), '    ')}\n"
        self.serializer(f"{name} = F#({arguments})", before=made, label=f"{base}: {body.strip()}")

    def model(self, name: str, columns: str, fields: list[str], *, more: str = "") -> None:
        """A model of its own and views of it; ``more`` goes into the serializer."""
        self.models.append(f"class {name}(models.Model):\n{textwrap.indent(columns.strip(), '    ')}\n")
        self.views.append(
            f"class {name}Serializer(serializers.ModelSerializer):\n{textwrap.indent(more.strip(), '    ')}\n"
            f"    class Meta:\n        model = models.{name}\n        fields = {fields!r}\n"
        )
        for base in ("generics.ListCreateAPIView", "generics.RetrieveUpdateDestroyAPIView"):
            body = f"serializer_class = {name}Serializer\nqueryset = models.{name}._default_manager.order_by('id')"
            self.view(base, body, label=f"model: {columns.strip()}")

    def files(self) -> dict[str, str]:
        """The project's files, as ``tests.projects.site.Site.make`` takes them."""
        routes = "".join(
            f"    path({path.replace('{pk}', '<int:pk>').lstrip('/')!r}, views.V{n}.as_view()),\n"
            for n, path in enumerate(self.labels, 1)
        )
        urls = f"from django.urls import path\nfrom notes import views\n\nurlpatterns = [\n{routes}]\n"
        return {
            "notes/models.py": "\n\n".join(self.models), "notes/views.py": "\n\n".join(self.views), "site_/urls.py": urls,
        }  # fmt: skip
