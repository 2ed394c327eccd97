"""A project with factories, all of which are translated."""

MODELS = """\
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.text import slugify


class User(AbstractUser):
    class Role(models.TextChoices):
        READER = "reader", "Reader"
        EDITOR = "editor", "Editor"

    role = models.CharField(max_length=10, choices=Role.choices, default=Role.READER)


class Tag(models.Model):
    label = models.CharField(max_length=20, unique=True)


class KeptTags(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(gone=False)


class Kept(models.Model):
    label = models.CharField(max_length=20)
    gone = models.BooleanField(default=False)
    objects = KeptTags()


class Shelf(models.Model):
    place = models.IntegerField()
    opened = models.DateField(null=True)


class Author(models.Model):
    name = models.CharField(max_length=60)
    born = models.DateField(null=True)
    editor = models.ForeignKey(User, models.CASCADE, null=True)

    @property
    def loud(self):
        return self.name.upper()


class Book(models.Model):
    class Status(models.TextChoices):
        DRAFT = "d", "Draft"
        SOLD = "s", "Sold"

    title = models.CharField(max_length=60)
    slug = models.SlugField()
    author = models.ForeignKey(Author, models.CASCADE)
    price = models.DecimalField(max_digits=6, decimal_places=2)
    status = models.CharField(max_length=1, choices=Status.choices)
    shelf = models.ForeignKey(Shelf, models.SET_NULL, null=True)
    tags = models.ManyToManyField(Tag)
    made = models.DateTimeField(auto_now_add=True)
    extra = models.JSONField(default=dict)

    def save(self, *args, **kwargs):
        if not self.slug:
            self.slug = slugify(self.title)
        super().save(*args, **kwargs)


class Review(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="reviews")
    text = models.TextField()


class Log(models.Model):
    text = models.CharField(max_length=80)


class Odd(models.Model):
    name = models.CharField(max_length=20)
    place = models.IntegerField()

    def save(self, *args, **kwargs):
        self.place = Odd.objects.count()
        if self.place < 9:
            super().save(*args, **kwargs)


class Even(models.Model):
    name = models.CharField(max_length=20)

    def save(self, *args, **kwargs):
        if Even.objects.count() < 9:
            super().save(*args, **kwargs)


@receiver(post_save, sender=Book)
def tell(sender, instance, created, **kwargs):
    if created:
        Log.objects.create(text=f"Made {instance.title}")
"""
FACTORIES = """\
import datetime
from decimal import Decimal
from random import choice

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from django.utils.text import slugify
from factory import declarations, fuzzy
from factory.django import Password

try:
    from factory import DjangoModelFactory  # before 3.0
except ImportError:
    from factory.django import DjangoModelFactory

from notes import models
from notes.models import Author, Book, Shelf, Tag

STATES = [state for state in Book.Status.values]


class UserFactory(DjangoModelFactory):
    class Meta:
        model = get_user_model()
        django_get_or_create = ("username",)

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda o: f"{o.username}@example.com".lower())
    password = Password("secret")
    role = get_user_model().Role.EDITOR
    last_login = factory.LazyFunction(timezone.now)
    date_joined = timezone.now() - datetime.timedelta(days=1)


class HashedFactory(UserFactory):
    password = make_password("hashed")


class SetFactory(UserFactory):
    password = factory.PostGenerationMethodCall("set_password", "set")


class TagFactory(DjangoModelFactory):
    label = factory.Sequence("tag {}".format)

    class Meta:
        model = Tag


class WornTagFactory(TagFactory):
    @factory.post_generation
    def books(self, create, extracted, **kwargs):
        self.book_set.add(*(extracted or []))


class ChosenTagFactory(TagFactory):
    label = factory.LazyFunction(lambda: choice(["one", "one"]))


class ShelfFactory(DjangoModelFactory):
    \"\"\"A shelf.\"\"\"

    place = fuzzy.FuzzyInteger(1, 9)
    opened = "2024-02-29"

    class Meta:
        model = "notes.Shelf"


class AuthorFactory(DjangoModelFactory):
    class Meta:
        model = Author
        exclude = ("first",)

    class Params:
        edited = factory.Trait(editor=factory.SubFactory(UserFactory, role=models.User.Role.READER))

    first = factory.Faker("first_name")
    name = factory.LazyAttribute(lambda o: f"{o.first} of {o.born.year if o.born else 'nowhere'}")
    born = datetime.date(1990, 1, 2)


class BookFactory(DjangoModelFactory):
    class Meta:
        model = Book
        skip_postgeneration_save = True

    title = factory.Sequence(lambda n: f"Book {n}")
    author = factory.SubFactory(AuthorFactory)
    price = Decimal("9.50")
    status = factory.Iterator(Book.Status)
    extra = factory.Dict({"by": factory.SelfAttribute("..author.name"), "in": STATES})

    @factory.lazy_attribute
    def shelf(self):
        if self.price > 10:
            return ShelfFactory(place=int(self.price))
        return None

    @factory.post_generation
    def tags(self, create, extracted, **kwargs):
        if not create:
            return
        if extracted:
            self.tags.add(*extracted)
        for label in kwargs.get("labels", []):
            self.tags.add(TagFactory(label=label))


class ReviewedFactory(BookFactory):
    review = factory.RelatedFactory("notes.factories.ReviewFactory", factory_related_name="book")

    @factory.post_generation
    def sold(self, create, extracted, **kwargs):
        if create and extracted:
            self.tags.set([])


class ReviewFactory(DjangoModelFactory):
    book = factory.SubFactory(BookFactory)
    text = factory.Faker("sentence")

    class Meta:
        model = models.Review


class TaggedUserFactory(UserFactory):
    @factory.post_generation
    def promoted(self, create, extracted, **kwargs):
        if create and extracted:
            self.is_staff = extracted
            self.set_password("new")
            self.save()


class EvenFactory(DjangoModelFactory):
    \"\"\"Even ones.

    Nine at most.
    \"\"\"

    class Meta:
        model = models.Even

    name: str = "even"


class ListedFactory(BookFactory):
    class Meta:
        exclude = ("parts",)

    title: str
    parts = declarations.Dict({"tag": declarations.SubFactory("notes.factories.TagFactory", label="listed")})
    extra = factory.Dict({"by": factory.SelfAttribute("..author.name")})
"""
VIEWS = """\
from rest_framework.serializers import ModelSerializer
from rest_framework.viewsets import ReadOnlyModelViewSet

from notes.models import Author


class AuthorSerializer(ModelSerializer):
    class Meta:
        model = Author
        fields = ["id", "name"]


class AuthorViewSet(ReadOnlyModelViewSet):
    queryset = Author.objects.order_by("id")
    serializer_class = AuthorSerializer
"""
URLS = """\
from notes.views import AuthorViewSet
from rest_framework.routers import SimpleRouter

router = SimpleRouter()
router.register("authors", AuthorViewSet)
urlpatterns = router.urls
"""
