"""Signal receivers of ``save``: called where Django sends the signal, in its order; what is not followed is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.refusal import Refusal
from segue.snapshot.model import Snapshot
from segue.target.ir import Program
from segue.translate.context import Context
from segue.translate.rules.idle_receivers import is_idle
from segue.verify.evidence import Report

MODELS = """\
import os
from functools import partial

from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import models
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver
from django.template.defaultfilters import slugify

from segue_bridge.legacy.events import announce


class Label(models.Model):
    name = models.CharField(max_length=20)


class Note(models.Model):
    title = models.CharField(max_length=20)
    slug = models.CharField(max_length=20, editable=False, default="")
    stars = models.IntegerField(default=0)


class Entry(models.Model):
    text = models.CharField(max_length=80)
    note = models.ForeignKey(Note, models.CASCADE)


class Trace(models.Model):
    note = models.ForeignKey(Note, models.CASCADE)
    same = models.BooleanField()


class Peek(models.Model):
    label = models.ForeignKey(Label, models.CASCADE)


class Quiet(models.Model):
    title = models.CharField(max_length=20)


class Loud(Quiet):
    class Meta:
        proxy = True


class Keyed(models.Model):
    title = models.CharField(max_length=20)


class Bound(models.Model):
    title = models.CharField(max_length=20)


class Partial(models.Model):
    title = models.CharField(max_length=20)


class Tagged(models.Model):
    title = models.CharField(max_length=20)
    labels = models.ManyToManyField(Label)


class Topic(models.Model):
    name = models.CharField(max_length=20, unique=True)
    slug = models.CharField(max_length=20, default="")


class Announced(models.Model):
    title = models.CharField(max_length=20)
    topic = models.ForeignKey(Topic, models.CASCADE, null=True)


announce(Announced, "announced", fields=["title"])


class Plain(models.Model):
    title = models.CharField(max_length=20)


class Filed(models.Model):
    class Meta:
        abstract = True


class Paper(Filed):
    title = models.CharField(max_length=20)


@receiver(post_delete)
def shred(sender, instance, **kwargs):
    "All senders; papers alone matter."
    if not issubclass(sender, Filed):
        return
    Label.objects.create(name="shredded")


@receiver(pre_save)
def file_it(sender, instance, raw=False, **kwargs):
    if raw or sender not in (Paper,):
        return
    instance.title = instance.title.upper()


@receiver(pre_save, sender=Note)
def lower(sender, instance, **kwargs):
    instance.slug = instance.title.lower()


@receiver(pre_save, sender=Topic)
def shorten(sender, instance, **kwargs):
    instance.slug = instance.name.lower()


class Counter:
    CACHE_KEY = "changes of notes"

    @staticmethod
    def forget(sender, **kwargs):
        cache.delete(Counter.CACHE_KEY)

    @classmethod
    def connect(cls):
        post_save.connect(cls.forget, sender=Note)
        post_delete.connect(cls.forget, sender=Note)


Counter.connect()


@receiver(post_save, sender=Note)
def tell(sender, instance, created, raw, update_fields=None, **kwargs):
    if raw:
        return
    if created:
        Entry.objects.create(note=instance, text="made " + instance.slug)
    else:
        Entry.objects.create(note=instance, text="changed")


def second(sender, instance, **kwargs):
    Entry.objects.create(note=instance, text="second")


post_save.connect(second, sender=Note, dispatch_uid="second")


@receiver(post_save, sender=Entry)
def count(sender, instance, created, **kwargs):
    if created:
        Trace.objects.create(note=instance.note, same=instance.note == Note.objects.get(pk=instance.note_id))
        Note.objects.filter(pk=instance.note_id).update(stars=models.F("stars") + 1)


@receiver(post_save, sender=Loud)
def loud(sender, instance, **kwargs):
    pass


@receiver(pre_save, sender=Keyed)
def key(sender, instance, **kwargs):
    if instance.pk is None:
        instance.title = "new"


class Listener:
    def listen(self, sender, instance, **kwargs):
        pass


LISTENER = Listener()
post_save.connect(LISTENER.listen, sender=Bound)


def several(one, sender, instance, **kwargs):
    pass


PARTIAL = partial(several, 1)
post_save.connect(PARTIAL, sender=Partial)


def look(peek):
    return peek.label.name


@receiver(post_save, sender=Peek)
def peeked(sender, instance, **kwargs):
    if look(instance) == "x":
        Label.objects.create(name="y")


def place(scan, filename):
    return f"pictures/{scan.title.lower()}/{filename}"


class Scan(models.Model):
    title = models.CharField(max_length=20)
    paper = models.FileField(upload_to="scans/%Y", max_length=60)
    picture = models.FileField(upload_to=place, null=True, blank=True)

    def save(self, *args, **kwargs):
        self.title = self.title.replace("e", "E e")[:19]
        super().save(*args, **kwargs)


@receiver(pre_save, sender=Scan)
def tidy(sender, instance, **kwargs):
    if instance.title == "no":
        raise ValueError("no")
    instance.title = instance.title.replace("a", "A b")


@receiver(post_delete, sender=Scan)
def remove(sender, instance, **kwargs):
    if instance.paper:
        instance.paper.delete(save=False)
    Label.objects.create(name="removed")


class Cover(models.Model):
    title = models.CharField(max_length=20)
    file = models.FileField(upload_to="covers", blank=True)
    back = models.FileField(upload_to="backs", null=True, blank=True)
    note = models.CharField(max_length=200, editable=False, default="")


@receiver(pre_save, sender=Cover)
def replaced(sender, instance, **kwargs):
    if not instance.pk:
        return False
    try:
        old_file = Cover.objects.get(pk=instance.pk).file
    except Cover.DoesNotExist:
        return False
    new_file = instance.file
    if old_file and not old_file == new_file:
        if os.path.isfile(old_file.path):
            os.remove(old_file.path)


@receiver(pre_save, sender=Cover)
def replaced_back(sender, instance, **kwargs):
    if instance.pk:
        old = Cover.objects.get(pk=instance.pk)
        if old.back and old.back != instance.back:
            old.back.delete(save=False)
    instance.note = instance.file.name + " of " + (instance.back.name or "nothing")
    if not instance.file:
        instance.note = "no file"


@receiver(post_save, sender=Cover)
def stored(sender, instance, **kwargs):
    Label.objects.create(name=instance.file.name[-20:])


def folder(sheet, filename):
    return sheet.place(filename)


class Sheet(models.Model):
    owner = models.ForeignKey("Label", models.CASCADE)
    file = models.FileField(upload_to=folder, null=True, blank=True)

    def place(self, filename):
        return "sheets/" + slugify(self.owner.name) + "/" + filename


def move_file(old_name, new_name, delete_old=False):
    if default_storage.exists(old_name):
        if new_name and new_name != old_name:
            with default_storage.open(old_name, "rb") as file:
                default_storage.save(new_name, file)
        if delete_old and (not new_name or new_name != old_name):
            default_storage.delete(old_name)


def keep_place(instance, field_name):
    model_class = type(instance)
    field = model_class._meta.get_field(field_name)
    if not isinstance(field, models.FileField):
        raise TypeError("no file")
    if not instance.pk:
        return
    try:
        old_file = getattr(model_class.objects.get(pk=instance.pk), field_name)
    except (model_class.DoesNotExist, AttributeError):
        return
    if old_file:
        new_file = getattr(instance, field_name)
        new_name = field.generate_filename(instance, os.path.basename(new_file.name))
        if old_file != new_file:
            old_file.delete(save=False)
        elif os.path.normpath(new_name) != os.path.normpath(old_file.name):
            move_file(old_file.name, new_name, delete_old=True)
            new_file.name = new_name


@receiver(pre_save, sender=Sheet)
def place_sheet(sender, instance, **kwargs):
    return keep_place(instance, "file")


class Bulky(models.Model):
    file = models.FileField(upload_to="bulky")


@receiver(pre_save, sender=Bulky)
def weigh(sender, instance, **kwargs):
    if instance.file.size > 10:
        raise ValueError("heavy")


class Linked(models.Model):
    file = models.FileField(upload_to="linked")
    address = models.CharField(max_length=100, editable=False, default="")


@receiver(pre_save, sender=Linked)
def link(sender, instance, **kwargs):
    instance.address = instance.file.url


class Owner(models.Model):
    name = models.CharField(max_length=40)
    mail = models.CharField(max_length=40, default="")
    points = models.IntegerField(default=0)
    manager = models.ForeignKey("self", models.SET_NULL, null=True, blank=True)


class Order(models.Model):
    text = models.CharField(max_length=20)
    label = models.CharField(max_length=200, editable=False, default="")
    owner = models.ForeignKey(Owner, models.CASCADE, related_name="orders")
    reviewer = models.ForeignKey(Owner, models.SET_NULL, null=True, blank=True, related_name="reviewed")

    def save(self, *args, **kwargs):
        if self.reviewer:
            self.text = (self.reviewer.name + self.text)[:20]
        super().save(*args, **kwargs)


class Letter(models.Model):
    to = models.CharField(max_length=40)
    text = models.CharField(max_length=200)


class Card(models.Model):
    owner = models.OneToOneField(Owner, models.CASCADE)
    used = models.IntegerField(default=0)


@receiver(post_save, sender=Owner)
def use_card(sender, instance, **kwargs):
    try:
        card = instance.card
        card.owner = instance
    except Card.DoesNotExist:
        card = Card(owner=instance)
    card.used += 1
    card.save()


@receiver(pre_save, sender=Order)
def describe(sender, instance, **kwargs):
    manager = instance.owner.manager
    instance.label = instance.owner.name + (" under " + manager.name if manager is not None else "")


@receiver(post_save, sender=Order)
def reward(sender, instance, created, **kwargs):
    instance.owner.points += 1 if created else 10
    instance.owner.save()
    if instance.owner.mail.endswith("x") or instance.reviewer_id is None:
        Letter.objects.create(to=instance.owner.mail, text=instance.owner.name)
    if instance.reviewer and instance.reviewer.manager:
        Letter.objects.create(to=instance.reviewer.manager.mail, text="reviewed")


@receiver(post_delete, sender=Order)
def farewell(sender, instance, **kwargs):
    Letter.objects.create(to=instance.owner.mail, text="gone of " + instance.owner.name)


@receiver(m2m_changed, sender=Tagged.labels.through)
def tagged(sender, instance, **kwargs):
    action = kwargs.pop("action", None)
    if action in ("post_add", "post_remove") and kwargs["pk_set"]:
        Letter.objects.create(to=action, text=f"{instance.title} has {instance.labels.count()}")
"""
VIEWS = """\
from django.core.cache import cache
from rest_framework import generics, mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from notes import models


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Note
        fields = ["id", "title", "slug", "stars"]


class ScanSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Scan
        fields = ["id", "title", "paper", "picture"]

    def validate_paper(self, value):
        if value.size > 60 and value.name.endswith(".txt"):
            raise serializers.ValidationError("This is too much.")
        return value


class OwnScanSerializer(ScanSerializer):
    def create(self, validated_data):
        return models.Scan.objects.create(**validated_data)

    def update(self, instance, validated_data):
        instance.title = validated_data.get("title", instance.title)
        instance.paper = validated_data.get("paper", instance.paper)
        instance.save()
        return instance


class ScanViewSet(mixins.CreateModelMixin, mixins.UpdateModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet):
    queryset = models.Scan.objects.all()
    serializer_class = ScanSerializer


class OwnScanViewSet(ScanViewSet):
    serializer_class = OwnScanSerializer


class NoteViewSet(viewsets.ModelViewSet):
    queryset = models.Note.objects.order_by("pk")
    serializer_class = NoteSerializer

    @action(detail=True, methods=["post"])
    def save(self, request, pk=None):
        note = self.get_object()
        note.title = "Saved"
        note.save()
        return Response({"slug": note.slug})

    @action(detail=False, methods=["post"])
    def make(self, request):
        note = models.Note.objects.create(title="Made")
        return Response({"slug": note.slug})

    @action(detail=False, methods=["get"])
    def counted(self, request):
        count = cache.get("notes", version=None)
        if count is None:
            count = models.Note.objects.count()
            cache.set("notes", count, timeout=60)
        asked = cache.get_or_set("asked", 0)
        return Response({"count": count, "asked": cache.incr("asked"), "before": asked})

    @action(detail=False, methods=["post"])
    def build(self, request):
        note = models.Note(title="Built")
        note.save()
        return Response({"slug": note.slug})

    @action(detail=False, methods=["post"])
    def topics(self, request):
        topic, created = models.Topic.objects.get_or_create(name="One")
        again, _ = models.Topic.objects.get_or_create(name="One")
        return Response({"slug": topic.slug, "created": created, "again": again.slug})

    @action(detail=False, methods=["post"])
    def found(self, request):
        note, created = models.Note.objects.get_or_create(title="Found")
        return Response({"slug": note.slug, "created": created})

    @action(detail=False, methods=["post"])
    def wipe(self, request):
        models.Topic.objects.filter(name="none").delete()
        return Response({})

    @action(detail=True, methods=["post"])
    def some(self, request, pk=None):
        note = self.get_object()
        note.title = "Some"
        note.save(update_fields=["title"])
        return Response({"slug": note.slug})


class CoverSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Cover
        fields = ["id", "title", "file", "back", "note"]


class OwnCoverSerializer(CoverSerializer):
    def create(self, validated_data):
        return models.Cover.objects.create(**validated_data)

    def update(self, instance, validated_data):
        instance.file = validated_data.get("file", instance.file)
        instance.save()
        return instance


class SheetSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Sheet
        fields = ["id", "owner", "file"]


class SheetViewSet(viewsets.ModelViewSet):
    queryset = models.Sheet.objects.order_by("pk")
    serializer_class = SheetSerializer


class CoverViewSet(viewsets.ModelViewSet):
    queryset = models.Cover.objects.order_by("pk")
    serializer_class = CoverSerializer


class OwnCoverViewSet(CoverViewSet):
    serializer_class = OwnCoverSerializer


class OwnerSerializer(serializers.ModelSerializer):
    used = serializers.IntegerField(source="card.used", read_only=True)

    class Meta:
        model = models.Owner
        fields = ["id", "name", "mail", "points", "manager", "used"]


class OwnerViewSet(viewsets.ModelViewSet):
    queryset = models.Owner.objects.order_by("pk")
    serializer_class = OwnerSerializer


class OrderSerializer(serializers.ModelSerializer):
    points = serializers.IntegerField(source="owner.points", read_only=True)

    class Meta:
        model = models.Order
        fields = ["id", "text", "label", "owner", "reviewer", "points"]


class OrderViewSet(viewsets.ModelViewSet):
    queryset = models.Order.objects.order_by("pk")
    serializer_class = OrderSerializer

    @action(detail=True, methods=["post"])
    def remember(self, request, pk=None):
        order = self.get_object()
        before = order.owner.points
        models.Owner.objects.filter(pk=order.owner_id).update(points=models.models.F("points") + 100, name="Other")
        order.text = "remembered"
        order.save()
        return Response({"before": before, "after": order.owner.points, "name": order.owner.name})

    @action(detail=True, methods=["post"])
    def rename(self, request, pk=None):
        order = self.get_object()
        order.owner.name = "In memory"
        order.save()
        return Response({"label": order.label, "points": order.owner.points})

    @action(detail=True, methods=["post"])
    def move(self, request, pk=None):
        order = self.get_object()
        name = order.owner.name
        order.owner_id = models.Owner.objects.order_by("pk").first().pk
        order.save()
        return Response({"label": order.label, "name": name})

    @action(detail=True, methods=["post"])
    def hand(self, request, pk=None):
        order = self.get_object()
        owner = models.Owner.objects.get(pk=order.reviewer_id or order.owner_id)
        owner.name = "Not saved yet"
        order.owner = owner
        order.save()
        made = models.Order.objects.create(owner=owner, text="made")
        return Response({"label": order.label, "made": made.label, "points": owner.points})

    @action(detail=True, methods=["post"])
    def drop(self, request, pk=None):
        order = self.get_object()
        order.owner.name = "Last words"
        order.delete()
        return Response({})


class JoinedOrderViewSet(OrderViewSet):
    queryset = models.Order.objects.select_related("owner", "reviewer__manager").order_by("pk")


def view(model):
    class Made(serializers.ModelSerializer):
        class Meta:
            fields = "__all__"

    Made.Meta.model = model
    return type(
        model.__name__ + "List",
        (generics.ListCreateAPIView,),
        {"queryset": model.objects.order_by("pk"), "serializer_class": Made, "__module__": __name__},
    )


class EntrySerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Entry
        fields = "__all__"


class OneTagged(generics.RetrieveUpdateAPIView):
    queryset = models.Tagged.objects.all()

    def get_serializer_class(self):
        return TaggedSerializer


class Entries(generics.ListCreateAPIView):
    queryset = models.Entry.objects.order_by("pk")
    serializer_class = EntrySerializer


"""
NAMES = ("Announced", "Bulky", "Linked", "Quiet", "Keyed", "Bound", "Partial", "Tagged", "Peek", "Paper")
for _name in NAMES:
    VIEWS += f"""\
class {_name}Serializer(serializers.ModelSerializer):
    class Meta:
        model = models.{_name}
        fields = "__all__"


class {_name}s(generics.ListCreateAPIView):
    queryset = models.{_name}.objects.order_by("pk")
    serializer_class = {_name}Serializer


"""
VIEWS = VIEWS[: VIEWS.index("def view(")] + VIEWS[VIEWS.index("class EntrySerializer") :]
CACHES = """
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://:word@127.0.0.1:1/2",
                      "KEY_PREFIX": "notes"}}
"""
URLS = (
    """\
from django.urls import include, path
from rest_framework.routers import SimpleRouter

from notes import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet)
router.register("scans", views.ScanViewSet)
router.register("sheets", views.SheetViewSet)
router.register("covers", views.CoverViewSet)
router.register("own-covers", views.OwnCoverViewSet, basename="own-cover")
router.register("owners", views.OwnerViewSet)
router.register("orders", views.OrderViewSet)
router.register("joined-orders", views.JoinedOrderViewSet, basename="joined-order")
router.register("own-scans", views.OwnScanViewSet, basename="own-scan")
urlpatterns = [
    path("", include(router.urls)),
    path("entries/", views.Entries.as_view()),
    path("tagged/<int:pk>/", views.OneTagged.as_view()),
"""
    + "".join(f'    path("{n.lower()}/", views.{n}s.as_view()),\n' for n in NAMES)
    + "]\n"
)
REFUSED = {
    # What ``announce`` tells the other side would be told no more.
    "POST /announced/": ("signal", "saved"),
    "POST /notes/wipe/": ("signal", "deleted"),
    "POST /quiet/": ("signal", "loud"),
    "POST /bulky/": ("file-write", "instance.file"),
    "POST /linked/": ("file-write", "instance.file"),
    "POST /bound/": ("signal", "listen"),
    "POST /partial/": ("no-source", "functools.partial"),
    "POST /notes/{pk}/some/": ("signal", "tell"),
    "POST /notes/found/": ("signal", "forget"),
}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Program, Report, Path]:
    root = tmp_path_factory.mktemp("receivers")
    site = Site.make(
        root / "site",
        {
            "notes/models.py": MODELS, "notes/views.py": VIEWS, "site_/urls.py": URLS,
            "site_/settings.py": SETTINGS + CACHES,
        },
    )  # fmt: skip
    snapshot = site.snapshot()
    program, report = site.explore(snapshot, root / "out", cases=300, seconds=20)
    return snapshot, program, report, root / "out"


def test_both_sides_leave_the_same_rows(asked: tuple[Snapshot, Program, Report, Path]) -> None:
    _, _, report, _ = asked
    assert not differences(report)
    said = {o.key for o in report.operations}
    met = {o.key: set(o.statuses) for o in report.operations}
    done = {
        **{
            f"POST /{which}/{{pk}}/{name}/": "200"
            for which in ("orders", "joined-orders")
            for name in ("remember", "rename", "move", "hand", "drop")
        },
        **{
            f"{method} /{which}/{end}": status
            for which in ("covers", "own-covers", "sheets")
            for method, end, status in (("POST", "", "201"), ("PUT", "{pk}/", "200"), ("PATCH", "{pk}/", "200"))
        },
        "POST /keyed/": "201", "POST /tagged/": "201", "PATCH /tagged/{pk}/": "200", "POST /owners/": "201", "PATCH /owners/{pk}/": "200", "POST /orders/": "201", "PUT /orders/{pk}/": "200", "PATCH /joined-orders/{pk}/": "200",
        "DELETE /orders/{pk}/": "204",
        "POST /scans/": "201", "PUT /scans/{pk}/": "200", "DELETE /scans/{pk}/": "204", "POST /own-scans/": "201",
        "PUT /own-scans/{pk}/": "200", "GET /notes/counted/": "200",
    }  # fmt: skip
    assert all(status in met[key] for key, status in done.items())
    assert said >= {
        "POST /notes/", "PUT /notes/{pk}/", "PATCH /notes/{pk}/", "POST /notes/{pk}/save/", "POST /notes/make/",
        "POST /notes/topics/",
        "POST /notes/build/", "POST /entries/", "DELETE /notes/{pk}/", "POST /paper/",
        "POST /scans/", "PUT /scans/{pk}/", "DELETE /scans/{pk}/", "POST /own-scans/", "PATCH /own-scans/{pk}/",
    }  # fmt: skip


def test_the_cache_is_the_projects(asked: tuple[Snapshot, Program, Report, Path]) -> None:
    out = asked[3]
    kept = (out / "app" / "cache.py").read_text()
    assert "RedisCache(settings.cache_url, prefix='notes')" in kept.replace('"', "'")
    assert 'cache_url: str = "redis://127.0.0.1:1/2"' in (out / "app" / "settings.py").read_text()
    assert "segue-bridge[redis]" in (out / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("body", "idle"),
    [
        ("if not issubclass(sender, Filed):\n        return\n    work()", True),
        ("if not isinstance(instance, (Filed, Paper)):\n        return None\n    work()", True),
        ("if issubclass(sender, Filed):\n        work()", True),
        ("if raw or sender is not Paper:\n        return\n    work()", True),
        ("if sender == Paper and kwargs['created']:\n        work()", True),
        ("if sender in [Paper]:\n        work()\n    else:\n        pass", True),
        ("if not isinstance(kwargs, Filed):\n        return\n    work()", False),
        ("if kwargs['created'] and sender == Paper:\n        work()", False),
        ("if not issubclass(sender, Filed):\n        work()", False),
        ("if not issubclass(sender, models.Model):\n        return\n    work()", False),
        ("if sender.__name__ != 'Paper':\n        return\n    work()", False),
        ("work()", False),
    ],
)
def test_a_receiver_that_turns_the_sender_away_is_none(
    asked: tuple[Snapshot, Program, Report, Path], body: str, idle: bool
) -> None:
    snapshot = asked[0]
    shred, file_it = (snapshot.functions[f"notes.models.{n}"] for n in ("shred", "file_it"))
    names = {**file_it.globals, **shred.globals, "isinstance": shred.globals["issubclass"]}
    source = f"def shred(sender, instance, raw=False, **kwargs):\n    {body}\n"
    changed = dataclasses.replace(shred, source=source, globals=names)
    functions = {**snapshot.functions, shred.name: changed}
    ctx = cast(Context, SimpleNamespace(snapshot=dataclasses.replace(snapshot, functions=functions)))
    receiver = next(r for r in snapshot.receivers if r.function == shred.name)
    assert is_idle(ctx, receiver, "notes.Note") is idle
    if "Filed" in body and idle:
        assert not is_idle(ctx, receiver, "notes.Paper")


def _named(refusal: Refusal) -> str:
    """The receiver that a refusal names, or stands at."""
    return refusal.construct.rpartition(" ")[2].partition(":")[0]


def test_others_are_refused_at_the_receiver(asked: tuple[Snapshot, Program, Report, Path]) -> None:
    _, program, _, _ = asked
    found = {f"{r.method} {r.route_id}": r.reasons[0] for r in program.refused}
    assert {key: (r.code, _named(r)) for key, r in found.items()} == REFUSED
    lines = MODELS.splitlines()
    assert "outbox" in found["POST /announced/"].why
    for key, refusal in found.items():
        if refusal.file.endswith("legacy/events.py"):  # where announce() made the receiver
            assert REFUSED[key][1] in ("saved", "deleted")
        elif refusal.file:
            assert refusal.file == "notes/models.py", key
            place = "".join(lines[refusal.line - 1 : refusal.line + 1])
            assert REFUSED[key][1] in place, key
