import uuid

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.functions import Length, Upper
from django.db.models.signals import post_delete, pre_delete, pre_save
from django.dispatch import receiver
from django.utils.functional import cached_property
from django_cleanup import cleanup

from library import lookups  # noqa: F401
from library.clubs import Club, Member, Protocol, Visit  # noqa: F401
from library.sales import Press, Sale  # noqa: F401


class Author(models.Model):
    name = models.CharField(max_length=50)
    age = models.IntegerField(null=True)
    country = models.CharField(max_length=2, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return f"{self.name} ({self.country})"

    @property
    def is_old(self):
        return self.age is not None and self.age > 60

    def book_count(self):
        return self.books.count()

    def town(self):
        return self.profile.city

    def town_and_country(self):
        return f"{self.town()}, {self.country}"


class Profile(models.Model):
    author = models.OneToOneField(Author, on_delete=models.CASCADE, related_name="profile")
    city = models.CharField(max_length=30)


class Tag(models.Model):
    label = models.CharField(max_length=20, unique=True)

    class Meta:
        ordering = ["-label"]


class BookQuerySet(models.QuerySet):
    def cheap(self, limit=20):
        return self.filter(price__lt=limit)

    def by_country(self, country):
        return self.filter(author__country=country)


class Book(models.Model):
    STATUS = [("d", "Draft"), ("p", "Published"), ("o", "Out of print")]

    title = models.CharField(max_length=80)
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    editor = models.ForeignKey(Author, null=True, on_delete=models.SET_NULL, related_name="edited")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    tags = models.ManyToManyField(Tag, related_name="books")
    status = models.CharField(max_length=1, choices=STATUS, default="d")
    price = models.IntegerField(default=0)
    rating = models.IntegerField(null=True)
    in_print = models.BooleanField(default=True)
    published = models.DateField(null=True)
    created = models.DateTimeField()

    objects = BookQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "id"]

    def is_cheap(self):
        """Less than ten."""
        # Ten is cheap.
        return self.price < 10

    @property
    def display_title(self):
        if self.editor:
            return f"{self.title} (ed. {self.editor.name})"
        return self.title

    def tag_labels(self):
        return [tag.label for tag in self.tags.all()]


class ReviewQuerySet(models.QuerySet):
    def good(self):
        return self.filter(stars__gte=4)


class ReviewManager(models.Manager):
    def get_queryset(self):
        return ReviewQuerySet(self.model, using=self._db)

    def good(self):
        return self.get_queryset().good()


class BraggingManager(models.Manager):
    def get_queryset(self):
        return ReviewQuerySet(self.model, using=self._db).good()


class LongManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().exclude(text="")


class LongAndGoodManager(LongManager):
    least = 4

    def get_queryset(self):
        return super().get_queryset().filter(stars__gte=self.least)


class OrderOptions:
    order_attr = "id"

    def __init__(self, **given):
        for name, value in given.items():
            setattr(self, name, value)


class OrderedManager(models.Manager.from_queryset(ReviewQuerySet)):
    def get_queryset(self, *args, **kwargs):
        return super().get_queryset(*args, **kwargs).order_by(self.first_attr, self.order_attr)

    @property
    def first_attr(self):
        return self.model._order.first_attr

    @property
    def order_attr(self):
        return self.model._order.order_attr


class ExcludingQuerySet(models.QuerySet):
    def exclude(self, *args, **kwargs):
        return super().exclude(*args, **kwargs).filter(stars=5)


class ExcludingManager(models.Manager.from_queryset(ExcludingQuerySet)):
    def get_queryset(self):
        return super().get_queryset().exclude(text="")


class Review(models.Model):
    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="reviews")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reviews")
    stars = models.IntegerField()
    text = models.TextField(blank=True)

    objects = ReviewManager()
    bragging = BraggingManager()
    long = LongManager()
    long_and_good = LongAndGoodManager()
    ordered = OrderedManager()
    excluding = ExcludingManager()

    _order = OrderOptions(first_attr="-stars")

    class Meta:
        unique_together = [("book", "user")]


class Category(models.Model):
    name = models.CharField(max_length=30)
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    books = models.ManyToManyField(Book, related_name="categories", through="Placement")


class Note(models.Model):
    data = models.JSONField(null=True)


class Placement(models.Model):
    category = models.ForeignKey(Category, on_delete=models.CASCADE)
    book = models.ForeignKey(Book, on_delete=models.CASCADE)
    rank = models.IntegerField(default=0)

    @cached_property
    def numbers(self):
        return [
            field.name
            for field in self._meta.fields
            if isinstance(field, models.IntegerField) and not field.primary_key
        ]


class Softly(models.Model):
    gone = models.BooleanField(default=False)

    class Meta:
        abstract = True

    def delete(self, using=None, keep_parents=False, hard=False):
        """Hide it, unless it is meant."""
        if hard or self.gone:
            return super().delete(using=using, keep_parents=keep_parents)
        self.gone = True
        self.save(update_fields=["gone"])
        return None


def shelf_mark():
    return "-".join(["shelf", str(len("abc"))])


class Event(models.Model):
    """Fields that are filled when it is saved."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=30)
    code = models.CharField(max_length=60, default=shelf_mark)
    made = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)


class Shelf(models.Model):
    name = models.CharField(max_length=30)


class Globe(models.Model):
    shelf = models.ForeignKey(Shelf, on_delete=models.PROTECT, related_name="globes")


class Room(models.Model):
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE, related_name="rooms")


class Lamp(models.Model):
    shelf = models.ForeignKey(Shelf, on_delete=models.RESTRICT, related_name="lamps")
    room = models.ForeignKey(Room, null=True, on_delete=models.CASCADE, related_name="lamps")


class Ladder(models.Model):
    shelf = models.ForeignKey(Shelf, on_delete=models.SET_DEFAULT, default=1, related_name="ladders")
    spare = models.ForeignKey(Shelf, on_delete=models.SET(1), null=True, related_name="+")
    third = models.ForeignKey(Shelf, on_delete=models.SET_NULL, null=True, related_name="+")
    fourth = models.ForeignKey(
        Shelf, on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )


class Folder(Softly):
    name = models.CharField(max_length=30)
    mark = models.CharField(max_length=30, default=shelf_mark)
    sheets = models.IntegerField(default=0)


class Sheet(models.Model):
    folder = models.ForeignKey(Folder, on_delete=models.CASCADE, related_name="papers")
    name = models.CharField(max_length=30)

    def delete(self, *args, **kwargs):
        folder = self.folder
        if self.name == "kept":
            raise ValueError("This one stays.")
        result = super().delete(*args, **kwargs)
        folder.sheets = folder.papers.count()
        folder.save()
        return result


# deletions that are listened to ----------------------------------------------------------


class Diary(models.Model):
    line = models.CharField(max_length=200)


class Crate(models.Model):
    name = models.CharField(max_length=30)

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        later = getattr(self, "_later", None)
        if later:
            for bottle in later:
                bottle.save()
        if hasattr(self, "_told"):
            Diary.objects.create(line=self._told)


class Bottle(models.Model):
    crate = models.ForeignKey(Crate, on_delete=models.CASCADE, related_name="bottles")
    name = models.CharField(max_length=30)


class Sticker(models.Model):
    bottle = models.ForeignKey(Bottle, on_delete=models.CASCADE)
    text = models.CharField(max_length=30)


class Papers(models.Model):
    """What all-sender receivers look for."""

    name = models.CharField(max_length=30)

    class Meta:
        abstract = True


class Permit(Papers):
    crate = models.ForeignKey(Crate, null=True, on_delete=models.CASCADE)


@receiver(pre_delete, sender=Crate)
def note_crate(sender, instance, using, **kwargs):
    """Who goes, and how much is still there."""
    there = ContentType.objects.get_for_model(sender)
    bottles = Bottle.objects.filter(crate=instance).count()
    Diary.objects.create(line=f"{there.model} {instance.name} with {bottles}")


@receiver(post_delete, sender=Bottle)
def note_bottle(sender, instance, **kwargs):
    left = Bottle.objects.filter(pk=instance.pk).exists()
    Diary.objects.create(line=f"{instance.name} of {instance.crate.name} gone: {not left}")
    if instance.name == "glued":
        raise ValueError("It does not come off.")


@receiver(post_delete, sender=Bottle)
def note_labels(sender, instance, **kwargs):
    Diary.objects.create(line=f"stickers left: {Sticker.objects.count()}")


@receiver(post_delete, sender=Permit)
def count_permits(sender, **kwargs):
    """It does not look at what has gone."""
    Diary.objects.create(line=f"permits left: {Permit.objects.count()}")


@receiver(post_delete)
def shred(sender, instance, **kwargs):
    if not issubclass(sender, Papers):
        return
    Diary.objects.create(line=f"shredded {instance.name}")


@receiver(pre_delete)
def never_mind(sender, instance, **kwargs):
    """It deletes nothing and says nothing."""


@receiver(pre_save)
def stamp(sender, instance, **kwargs):
    if not issubclass(sender, Papers):
        return
    instance.name = instance.name.upper()


# stored files ----------------------------------------------------------------------------


@cleanup.ignore
class Scan(models.Model):
    name = models.CharField(max_length=30)
    paper = models.FileField(upload_to="scans", blank=True)
    picture = models.ImageField(upload_to="scans", null=True)
    size = models.IntegerField(default=0)
    permit = models.ForeignKey(Permit, null=True, on_delete=models.CASCADE)

    @property
    def long_names(self):
        return [f.name for f in self._meta.fields if isinstance(f, models.CharField)]

    def link(self):
        return self.paper.url if self.paper else f"no {self.name}"


@receiver(post_delete, sender=Scan)
def remove_paper(sender, instance, **kwargs):
    """The file goes with the row."""
    if instance.paper:
        instance.paper.delete(False)
    if instance.picture:
        instance.picture.delete(save=False)


class Plan(models.Model):
    """django-cleanup takes care of its files."""

    name = models.CharField(max_length=30)
    paper = models.FileField(upload_to="scans", default="scans/a b.txt")
    folder = models.ForeignKey(Folder, null=True, on_delete=models.CASCADE)


# looked into while it is saved -------------------------------------------------------------


class Machine(models.Model):
    name = models.CharField(max_length=30)
    number = models.IntegerField(default=0)

    def save(self, *args, **kwargs):
        try:
            self.number = self.plate.number
        except Plate.DoesNotExist:
            self.number = -1
        super().save(*args, **kwargs)


class Plate(models.Model):
    machine = models.OneToOneField(Machine, on_delete=models.CASCADE, related_name="plate")
    number = models.IntegerField()


# filled by the database --------------------------------------------------------------------


class Ledger(models.Model):
    name = models.CharField(max_length=30)
    amount = models.IntegerField(default=1)
    double = models.GeneratedField(
        expression=models.F("amount") * 2, output_field=models.IntegerField(), db_persist=True
    )
    title = models.GeneratedField(
        expression=Upper("name"), output_field=models.CharField(max_length=30), db_persist=True
    )
    kind = models.CharField(max_length=10, db_default="plain")
    place = models.IntegerField(db_default=Length(models.Value("four")))


class Moment(models.DateTimeField):
    """Of a class of the project's own, as those with a widget."""

    def formfield(self, **kwargs):
        return super().formfield(**kwargs)


class Dial(models.Model):
    name = models.CharField(max_length=30)
    turned = Moment(auto_now=True)
    seen = Moment(null=True)
