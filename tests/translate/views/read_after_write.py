"""The project of :mod:`tests.translate.views.test_read_after_write`: what code reads before it writes, and again behind it."""

MODELS = """\
from django.db import models
from django.db.models import F
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver
from django.utils.functional import cached_property


class Town(models.Model):
    count = models.IntegerField()


class Press(models.Model):
    name = models.CharField(max_length=10)
    count = models.IntegerField()
    town = models.ForeignKey(Town, on_delete=models.CASCADE)


class Note(models.Model):
    stars = models.IntegerField()
    press = models.ForeignKey(Press, on_delete=models.CASCADE, related_name="notes")
    other = models.ForeignKey(Press, on_delete=models.SET_NULL, null=True, blank=True, related_name="others")

    def numbers(self):
        return [page.number for page in self.pages.all()]

    @property
    def press_count(self):
        return self.press.count

    @cached_property
    def length(self):
        return self.pages.count()


class Page(models.Model):
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="pages")
    number = models.IntegerField()

    @cached_property
    def press(self):
        return self.note.press


class Mark(models.Model):
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="marks")
    n = models.IntegerField()


class Log(models.Model):
    text = models.CharField(max_length=20)


class Loud(models.Model):
    n = models.IntegerField()
    notes = models.ManyToManyField(Note, blank=True)


@receiver(post_save, sender=Note)
def counted(sender, instance, **kwargs):
    Press.objects.filter(pk=instance.press_id).update(count=F("count") + 1)
    Town.objects.filter(press__pk=instance.press_id).update(count=F("count") + 1)


@receiver(post_save, sender=Loud)
def saved(sender, instance, **kwargs):
    Log.objects.create(text="saved")
    if instance.n % 3 == 0:
        raise ValueError("saved")


@receiver(post_delete, sender=Page)
def deleted(sender, instance, **kwargs):
    Log.objects.create(text="deleted")
    if instance.number % 2 == 1:
        raise ValueError("deleted")


@receiver(m2m_changed, sender=Loud.notes.through)
def noted(sender, instance, action, **kwargs):
    if action == "post_add" and instance.n % 3 == 1:
        raise ValueError("noted")
"""
VIEWS = """\
from django.db import transaction
from django.db.models import F
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.response import Response

from notes.models import Log, Loud, Mark, Note, Page, Press, Town


class PageSerializer(serializers.ModelSerializer):
    class Meta:
        model = Page
        fields = ["id", "number"]


class NoteSerializer(serializers.ModelSerializer):
    press_count = serializers.IntegerField(source="press.count", read_only=True)
    town_count = serializers.IntegerField(source="press.town.count", read_only=True)
    other_count = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ["id", "stars", "press", "other", "press_count", "town_count", "other_count"]

    def get_other_count(self, note):
        return note.other.count if note.other else None

    def validate(self, attrs):
        if self.instance is not None and self.instance.stars % 2 and self.instance.other is None:
            raise ValidationError("no")
        return attrs


class WholeSerializer(serializers.ModelSerializer):
    pages = PageSerializer(many=True, read_only=True)
    n = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ["id", "pages", "n"]

    def get_n(self, note):
        return note.pages.count() + len(note.numbers())


class PagesSerializer(serializers.ModelSerializer):
    pages = PageSerializer(many=True, read_only=True)

    class Meta:
        model = Note
        fields = ["id", "pages"]


class MarkSerializer(serializers.ModelSerializer):
    class Meta:
        model = Mark
        fields = ["id", "n"]


class FarPageSerializer(serializers.ModelSerializer):
    marks = MarkSerializer(many=True, read_only=True)

    class Meta:
        model = Page
        fields = ["id", "number", "marks"]


class FarSerializer(serializers.ModelSerializer):
    pages = FarPageSerializer(many=True, read_only=True)

    class Meta:
        model = Note
        fields = ["id", "pages"]


class AroundSerializer(serializers.ModelSerializer):
    first = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ["id", "first"]

    def get_first(self, note):
        return self.context["first"].press.count


def total(notes):
    return sum(note.stars for note in notes)


def narrowed(notes):
    if notes.filter(stars=1).exists():
        return notes.filter(stars__gt=1)
    return notes


class Odd(BasePermission):
    def has_object_permission(self, request, view, obj):
        return obj.stars % 2 == 0 or obj.press.count > -1


class NoteViewSet(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = [Odd]


class JoinedViewSet(viewsets.ModelViewSet):
    http_method_names = ["patch"]
    queryset = Note.objects.select_related("press").order_by("id")
    serializer_class = NoteSerializer


class DoneViewSet(viewsets.GenericViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        self.first = Note.objects.order_by("id").first()

    @action(detail=True, methods=["post"])
    def late(self, request, pk=None):
        note = self.get_object()
        Press.objects.update(count=F("count") + 5)
        return Response({"press": note.press.count, "town": note.press.town.count, "same": note.press_count})

    @action(detail=True, methods=["post"])
    def early(self, request, pk=None):
        note = self.get_object()
        before = note.press_count
        Press.objects.update(count=F("count") + 5)
        return Response({"before": before, "after": note.press.count})

    @action(detail=True, methods=["post"])
    def shown(self, request, pk=None):
        note = self.get_object()
        Press.objects.update(count=F("count") + 5)
        return Response(self.get_serializer(note).data)

    @action(detail=True, methods=["post"])
    def emptied(self, request, pk=None):
        note = self.get_object()
        before = note.numbers()
        self.empty(note)
        return Response({"before": before, "then": note.numbers(), "whole": self.whole(note)})

    def empty(self, note):
        Page.objects.filter(note=note).update(note=Note.objects.order_by("id").last())

    def whole(self, note):
        return WholeSerializer(note).data

    @action(detail=True, methods=["post"])
    def kept(self, request, pk=None):
        note = Note.objects.select_related("press__town").prefetch_related("pages").get(pk=pk)
        self.empty(note)
        Town.objects.update(count=F("count") + 5)
        return Response({"pages": [p.number for p in note.pages.all()], "town": note.press.town.count})

    @action(detail=True, methods=["post"])
    def mine(self, request, pk=None):
        self.empty(self.first)
        return Response([page.number for page in self.first.pages.all()])

    @action(detail=False, methods=["post"])
    def rounds(self, request):
        out = []
        for note in self.get_queryset()[:3]:
            out.append([note.press.count, note.numbers()])
            Press.objects.update(count=F("count") + 5)
            self.empty(Note.objects.order_by("id").first())
        return Response(out)

    @action(detail=False, methods=["post"])
    def listed(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        for note in notes:
            Note.objects.filter(pk=note.pk).update(stars=F("stars") - 3)
        self.empty(self.first)
        first = notes.first()
        return Response([self.get_serializer(notes, many=True).data, WholeSerializer(notes, many=True).data, first.stars])

    @action(detail=False, methods=["post"])
    def answered(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        data = self.get_serializer(notes, many=True).data
        Note.objects.update(stars=F("stars") - 3)
        return Response({"data": data, "then": [note.stars for note in notes]})

    @action(detail=True, methods=["post"])
    def either(self, request, pk=None):
        note = self.get_object()
        if note.stars > 9:
            Press.objects.update(count=F("count") + 5)
        else:
            Log.objects.create(text=str(note.press.count))
        return Response({"press": note.press.count})

    @action(detail=False, methods=["post"])
    def sliced(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        count = len(notes)
        Note.objects.update(stars=F("stars") - 3)
        return Response([count, notes[0].stars])

    @action(detail=True, methods=["post"])
    def twice(self, request, pk=None):
        note = self.get_object()
        serializer = self.get_serializer(note)
        before = serializer.data
        note.stars = 7
        note.save()
        return Response([before, serializer.data])

    @action(detail=True, methods=["post"])
    def counted(self, request, pk=None):
        note = self.get_object()
        Page.objects.create(note_id=note.pk, number=7)
        return Response({"behind": note.length, "once more": note.length})

    @action(detail=True, methods=["post"])
    def recounted(self, request, pk=None):
        note = self.get_object()
        before = note.length
        Page.objects.create(note_id=note.pk, number=7)
        return Response({"before": before, "behind": note.length})

    @action(detail=True, methods=["post"])
    def renumbered(self, request, pk=None):
        page = get_object_or_404(Page, pk=pk)
        before = page.press.name
        page.number = page.number + 1
        page.save()
        with transaction.atomic():
            log = Log.objects.create(text=page.press.name)
        owner = page.note or page  # a key that is never NULL
        return Response({"before": before, "behind": page.press.name, "log": log.text, "owner": owner.stars})

    @action(detail=True, methods=["post"])
    def given(self, request, pk=None):
        page = get_object_or_404(Page, pk=pk)
        before = page.press.name
        page.note = get_object_or_404(Note, pk=page.number)
        page.save()
        return Response({"before": before, "behind": page.press.name})

    @action(detail=True, methods=["post"])
    def renamed(self, request, pk=None):
        page = get_object_or_404(Page, pk=pk)
        before = page.press.name
        Press.objects.update(name="other")
        return Response({"before": before, "behind": page.press.name})

    @action(detail=True, methods=["post"])
    def called(self, request, pk=None):
        page = get_object_or_404(Page, pk=pk)
        press = get_object_or_404(Press, pk=page.note_id)
        before = page.press.name
        press.name = "called"
        press.save()
        return Response({"before": before, "behind": page.press.name})

    @action(detail=False, methods=["post"])
    def changed(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        before = [note.stars for note in notes]
        notes.update(stars=F("stars") + 3)
        return Response([before, [note.stars for note in notes]])

    @action(detail=False, methods=["post"])
    def removed(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        before = [note.stars for note in notes]
        notes.delete()
        return Response([before, [note.stars for note in notes], notes.count()])

    @action(detail=False, methods=["post"])
    def mapped(self, request):
        notes = {note.id: note for note in self.get_queryset()}
        Press.objects.update(count=F("count") + 5)
        return Response([notes[key].press.count for key in notes])

    @action(detail=True, methods=["post"])
    def boxed(self, request, pk=None):
        box = {"note": self.get_object()}
        Press.objects.update(count=F("count") + 5)
        return Response(box["note"].press.count)

    @action(detail=True, methods=["post"])
    def around(self, request, pk=None):
        note = self.get_object()
        serializer = AroundSerializer(note, context={"first": note})
        Press.objects.update(count=F("count") + 5)
        return Response(serializer.data)

    def pages_of(self):
        return Note.objects.prefetch_related("pages").get(pk=self.kwargs["pk"])

    @action(detail=True, methods=["post"])
    def dropped(self, request, pk=None):
        note = self.pages_of()
        note.pages.update(number=9)
        before = [page.number for page in note.pages.all()]
        note.pages.all().delete()
        return Response([before, len(note.pages.all()), PagesSerializer(note).data])

    @action(detail=True, methods=["post"])
    def filled(self, request, pk=None):
        note = self.pages_of()
        note.pages.filter(number__gt=-99).update(number=4)
        before = [page.number for page in note.pages.all()]
        note.pages.create(number=7)
        return Response([before, len(note.pages.all()), PagesSerializer(note).data])

    @action(detail=False, methods=["post"])
    def sometimes(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        before = [note.stars for note in notes] if self.first is None else []
        if Press.objects.filter(count=3).exists():
            before = [note.stars for note in notes]
        Note.objects.update(stars=F("stars") - 3)
        return Response([before, [note.stars for note in notes]])

    @action(detail=False, methods=["post"])
    def again(self, request):
        out = []
        notes = self.get_queryset().filter(stars__gt=1)
        for _ in range(2):
            out.append([note.stars for note in notes])
            Note.objects.update(stars=F("stars") - 3)
        return Response(out)

    @action(detail=False, methods=["post"])
    def each(self, request):
        notes = self.get_queryset()
        for press in Press.objects.order_by("id"):
            for note in notes:
                Log.objects.create(text=f"{press.pk} {note.pk}")
        return Response(Log.objects.count())

    @action(detail=False, methods=["post"])
    def narrowed(self, request):
        notes = narrowed(self.get_queryset())
        Note.objects.update(stars=F("stars") - 3)
        return Response([note.stars for note in notes])

    @action(detail=False, methods=["post"])
    def helped(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        before = total(notes)
        Note.objects.update(stars=F("stars") - 3)
        return Response([before, len(notes)])

    @action(detail=False, methods=["post"])
    def handed(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        before = len(notes)
        Note.objects.update(stars=F("stars") - 3)
        return Response([before, total(notes)])


def bump(note):
    note.stars = note.stars - 3
    note.save()


def read(notes):
    if len(notes) > 1:
        return notes
    return notes


def with_count():
    notes = Note.objects.filter(stars__gt=1).order_by("id")
    return notes, len(notes)


class SameViewSet(viewsets.GenericViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer

    @cached_property
    def loud(self):
        return Note.objects.filter(stars__gt=1).order_by("id")

    def late(self):
        Note.objects.update(stars=F("stars") - 3)

    @action(detail=False, methods=["post"])
    def aliased(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        same = notes
        before = [note.stars for note in notes]
        self.late()
        return Response([before, [note.stars for note in same]])

    @action(detail=False, methods=["post"])
    def read_before(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        before = len(notes)
        same = notes
        self.late()
        return Response([before, [note.stars for note in same], len(notes)])

    @action(detail=False, methods=["post"])
    def perhaps(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        same = notes if request.data.get("same") else self.get_queryset()
        before = [note.stars for note in notes]
        self.late()
        return Response([before, [note.stars for note in same]])

    @action(detail=False, methods=["post"])
    def in_a_dict(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        box = {"notes": notes}
        before = [note.stars for note in notes]
        self.late()
        return Response([before, [note.stars for note in box["notes"]]])

    @action(detail=False, methods=["post"])
    def in_a_list(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        found = []
        found.append(notes)
        before = len(notes)
        self.late()
        return Response([before, [[note.stars for note in one] for one in found]])

    @action(detail=False, methods=["post"])
    def on_the_view(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        self.notes = notes
        before = [note.stars for note in notes]
        self.late()
        return Response([before, [note.stars for note in self.notes]])

    @action(detail=False, methods=["post"])
    def given_back(self, request):
        notes = read(self.get_queryset().filter(stars__gt=1))
        self.late()
        return Response([note.stars for note in notes])

    @action(detail=False, methods=["post"])
    def given_back_in_a_tuple(self, request):
        notes, before = with_count()
        self.late()
        return Response([before, [note.stars for note in notes]])

    @action(detail=False, methods=["post"])
    def in_a_serializer(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        same = notes
        before = len(notes)
        self.late()
        return Response([before, self.get_serializer(same, many=True).data])

    @action(detail=False, methods=["post"])
    def of_the_view(self, request):
        before = len(self.loud)
        self.late()
        return Response([before, [note.stars for note in self.loud]])

    @action(detail=False, methods=["post"])
    def copied(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        before = len(notes)
        later = notes.all()
        self.late()
        joined, filled = notes.select_related("press"), notes.prefetch_related("pages")
        return Response([
            before, [note.stars for note in notes], [note.stars for note in notes.all()], [note.stars for note in later],
            [[note.stars, note.press.pk] for note in joined], [[note.stars, note.numbers()] for note in filled], len(notes),
        ])

    @action(detail=False, methods=["get"])
    def changed(self, request):
        notes = self.get_queryset()
        for note in notes:
            note.stars = note.stars * 10
        return Response([[note.stars for note in notes], [note.stars for note in notes.all()]])

    @action(detail=False, methods=["post"])
    def narrower(self, request):
        notes = self.get_queryset().filter(stars__gt=1)
        some = narrowed(notes)
        before = len(notes)
        self.late()
        return Response([before, [note.stars for note in some.filter(stars__lt=90)]])

    @action(detail=False, methods=["post"])
    def rounds_by_function(self, request):
        notes, out = self.get_queryset().filter(stars__gt=1), []
        for press in Press.objects.order_by("id"):
            out.append([note.stars for note in notes])
            self.late()
        return Response(out)

    @action(detail=False, methods=["post"])
    def rounds_by_save(self, request):
        notes, out = self.get_queryset().filter(stars__gt=1), []
        for one in Note.objects.order_by("id"):
            out.append([note.stars for note in notes])
            one.stars = one.stars - 3
            one.save()
        return Response(out)

    @action(detail=False, methods=["post"])
    def rounds_by_helper(self, request):
        notes, out = self.get_queryset().filter(stars__gt=1), []
        for one in Note.objects.order_by("id"):
            out.append(len(notes))
            bump(one)
        return Response(out)

    @action(detail=False, methods=["post"])
    def rounds_that_cascade(self, request):
        pages, out = Page.objects.order_by("id"), []
        for one in Note.objects.order_by("id"):
            out.append([page.number for page in pages])
            one.delete()
        return Response(out)

    @action(detail=False, methods=["post"])
    def rounds_of_some(self, request):
        notes, out = self.get_queryset().filter(stars__gt=1), []
        first, number = 0, 0
        if request.data.get("first"):
            first = len(notes)
        while number < 3:
            number += 1
            out.append([note.stars for note in notes])
            self.late()
        return Response([first, out])

    @action(detail=True, methods=["post"])
    def half(self, request, pk=None):
        note = Note.objects.prefetch_related("pages").get(pk=pk)
        Page.objects.filter(note_id=pk).update(number=F("number") + 1)
        return Response(FarSerializer(note).data)

    @action(detail=False, methods=["post"])
    def halves(self, request):
        notes = Note.objects.prefetch_related("pages").order_by("id")
        before = len(notes)
        Page.objects.update(number=F("number") + 1)
        return Response([before, FarSerializer(notes, many=True).data])

    @action(detail=True, methods=["post"])
    def half_aside(self, request, pk=None):
        note = Note.objects.prefetch_related("pages").get(pk=pk)
        Log.objects.create(text="aside")
        Mark.objects.update(n=F("n") + 1)
        return Response(FarSerializer(note).data)


class FailingViewSet(viewsets.ModelViewSet):
    http_method_names = ["post", "put", "delete"]
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer

    def perform_create(self, serializer):
        note = serializer.save()
        for number in (3, 2, 1, 0):
            Page.objects.create(note=note, number=6 // number)

    @transaction.atomic
    def perform_update(self, serializer):
        Log.objects.create(text="updating")
        serializer.save()
        raise ValueError("updated")

    def perform_destroy(self, instance):
        Log.objects.create(text="before")
        instance.delete()
        Log.objects.create(text="behind")

    @action(detail=True, methods=["post"])
    def refused(self, request, pk=None):
        note = self.get_object()
        Log.objects.create(text="refused")
        note.stars = 0
        note.save()
        raise ValidationError("no")

    @action(detail=True, methods=["post"])
    def held(self, request, pk=None):
        with transaction.atomic(durable=True):
            note = Note.objects.select_for_update(nowait=True).get(pk=pk)
            transaction.on_commit(lambda: Log.objects.create(text="told"), robust=True)
            note.stars = 5
            note.save()
            if note.other is None:
                transaction.set_rollback(True)
        return Response({"stars": note.stars})


class LoudSerializer(serializers.ModelSerializer):
    class Meta:
        model = Loud
        fields = ["id", "n", "notes"]


class LoudViewSet(viewsets.ModelViewSet):
    http_method_names = ["post"]
    queryset = Loud.objects.order_by("id")
    serializer_class = LoudSerializer
"""
URLS = """\
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet, basename="note")
router.register("joined", views.JoinedViewSet, basename="joined")
router.register("done", views.DoneViewSet, basename="done")
router.register("same", views.SameViewSet, basename="same")
router.register("failing", views.FailingViewSet, basename="failing")
router.register("loud", views.LoudViewSet, basename="loud")
urlpatterns = router.urls
"""
