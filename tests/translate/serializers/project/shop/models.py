import uuid

import rest_framework.serializers
from django.core.exceptions import ValidationError
from django.core.files.storage import FileSystemStorage
from django.core.validators import EmailValidator, MaxValueValidator, MinLengthValidator, RegexValidator
from django.db import models


class Publisher(models.Model):
    name = models.CharField(max_length=30, unique=True)
    city = models.CharField(max_length=30, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return f"{self.name} ({self.city})"


class Author(models.Model):
    name = models.CharField(max_length=30)
    email = models.EmailField(blank=True, null=True)
    publisher = models.ForeignKey(Publisher, models.SET_NULL, null=True, blank=True, related_name="authors")

    def __str__(self):
        return self.name

    @property
    def initials(self):
        return "".join(part[0] for part in self.name.split())

    def greeting(self):
        return "Hello " + self.name


class Profile(models.Model):
    author = models.OneToOneField(Author, models.CASCADE, related_name="profile")
    motto = models.CharField(max_length=50)


class Tag(models.Model):
    label = models.SlugField(unique=True)

    class Meta:
        ordering = ["-label"]

    def __str__(self):
        return "#" + self.label


class Book(models.Model):
    DRAFT, OUT = "draft", "out"
    STATES = [(DRAFT, "Draft"), (OUT, "Out")]

    key = models.UUIDField(default=uuid.uuid4, editable=False)
    title = models.CharField(
        max_length=40, validators=[MinLengthValidator(2), RegexValidator("^[^<]*$", "No tags.")]
    )
    isbn = models.CharField(max_length=13, unique=True, null=True, blank=True)
    state = models.CharField(max_length=5, choices=STATES, default=DRAFT)
    price = models.DecimalField(max_digits=6, decimal_places=2, default=0)
    pages = models.PositiveSmallIntegerField(validators=[MaxValueValidator(5000)], default=1)
    rating = models.FloatField(null=True, blank=True)
    published = models.DateField(null=True, blank=True)
    sold_out = models.BooleanField(default=False)
    reading_time = models.DurationField(null=True, blank=True)
    extra = models.JSONField(default=dict, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    editor = models.ForeignKey(Author, models.SET_NULL, null=True, blank=True, related_name="edited")
    tags = models.ManyToManyField(Tag, blank=True, related_name="books")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["author", "title"], name="one_title_per_author"),
            models.UniqueConstraint(
                fields=["author", "published"],
                condition=models.Q(state="out"),
                name="one_a_day",
                violation_error_message="One book a day.",
            ),
        ]

    def __str__(self):
        return self.title


class Entry(models.Model):
    slug = models.SlugField(unique_for_month="day")
    day = models.DateField()
    at = models.TimeField(null=True, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    link = models.URLField(blank=True)
    big = models.BigIntegerField(default=5)
    when = models.DateTimeField(null=True, blank=True)
    text = models.TextField(blank=True)
    level = models.IntegerField(choices=[(1, "low"), (2, "high")], default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["level", "address"], nulls_distinct=False, name="one_address"),
        ]


class Note(models.Model):
    owner = models.ForeignKey("auth.User", models.CASCADE, related_name="notes")
    code = models.CharField(max_length=10)
    text = models.CharField(max_length=50, default="empty")
    kind = models.CharField(max_length=10, default="memo")
    attachment = models.FileField(upload_to="notes", blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        unique_together = [("owner", "code")]

    def clean(self):
        if self.code == self.text:
            raise ValidationError({"text": "Say something new."})
        if self.kind == "none":
            raise ValidationError("It is of no kind.")


class Sheet(models.Model):
    code = models.CharField(max_length=10)
    scan = models.FileField(upload_to="sheets")
    elsewhere = models.FileField(storage=FileSystemStorage(base_url="/sheets/"), blank=True)

    def save(self, *args, **kwargs):
        self.code = self.code.upper() if self.scan else ""
        super().save(*args, **kwargs)


class Event(models.Model):
    slug = models.SlugField(unique=True)
    level = models.IntegerField("how loud", choices=[(1, "low"), (2, "high")], default=1)
    big = models.BigIntegerField(default=5, validators=[MaxValueValidator(9)])
    when = models.DateTimeField(null=True, blank=True)
    code = models.CharField(max_length=10, blank=True, validators=[RegexValidator("^[a-z]*$", "Letters.")])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "when"], name="one_event_at_a_time")]

    def validate_unique(self, exclude=None):
        super().validate_unique(exclude)
        if Event.objects.filter(code__iexact=self.code).exclude(code="").exclude(pk=self.pk).exists():
            raise ValidationError({"code": "There is one."})


class Joiner:
    def __init__(self, separator):
        self.separator = separator

    def to_list(self, value):
        if value is None:
            return []
        if isinstance(value, list):
            return value
        if isinstance(value, str):
            return [item.strip() for item in value.split(self.separator) if item.strip()]
        raise ValueError(f"Invalid value for {self.__class__.__name__}")

    def to_text(self, value):
        if value is None:
            return ""
        if isinstance(value, list):
            return self.separator.join(map(str, value))
        return str(value)


class AddressesField(models.CharField):
    def __init__(self, separator=",", *args, **kwargs):
        self.check_address = EmailValidator(message=f"No address, or none set apart by {separator}.")
        self.separator = separator
        self.joiner = Joiner(separator)
        kwargs.setdefault("max_length", 60)
        super().__init__(*args, **kwargs)

    def validate(self, value, model_instance):
        super().validate(self.get_prep_value(value), model_instance)
        for address in value:
            self.check_address(address.strip())

    def from_db_value(self, value, expression, connection):
        return self.to_python(value)

    def get_prep_value(self, value):
        if value is None:
            return value
        return self.joiner.to_text(value)

    def to_python(self, value):
        return self.joiner.to_list(value)


class LowerField(models.SlugField):
    def to_python(self, value):
        value = super().to_python(value)
        return value.lower() if isinstance(value, str) else value


class Mailing(models.Model):
    name = LowerField(unique=True)
    addresses = AddressesField(blank=True, null=True)
    copies = AddressesField(";", blank=True)
    needed = AddressesField(max_length=20)


class Shelf(models.Model):
    """Its relations are limited, one by a column, one by text, one over a relation."""

    publisher = models.ForeignKey(
        Publisher, models.CASCADE, related_name="shelves", limit_choices_to={"city": "Rome"}
    )
    tags = models.ManyToManyField(
        Tag, blank=True, related_name="shelves", limit_choices_to={"label__startswith": "c", "id__gt": 0}
    )
    author = models.ForeignKey(
        Author, models.CASCADE, null=True, blank=True, related_name="shelves",
        limit_choices_to={"publisher__isnull": False},
    )  # fmt: skip
    tops = models.ManyToManyField(Author, related_name="+", limit_choices_to={"books__sold_out": True})


class Word(models.Model):
    """Known by what the client calls it."""

    name = models.CharField(
        primary_key=True, max_length=9, validators=[RegexValidator("^[a-z]*$", "Letters.")]
    )
    lang = models.CharField(max_length=2, default="en")
    text = models.TextField(blank=True)

    class Meta:
        unique_together = [("name", "lang"), ("lang", "text")]


class Badge(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    label = models.CharField(max_length=9, unique=True)


class Desk(models.Model):
    author = models.OneToOneField(Author, models.CASCADE, primary_key=True)
    label = models.CharField(max_length=9)


class Reserved(models.Model):
    publisher = models.ForeignKey(Publisher, models.CASCADE, limit_choices_to={"city": "Rome"})
    start = models.IntegerField()
    end = models.IntegerField(null=True, blank=True)
    kind = models.CharField(
        max_length=5, default="plain", validators=[RegexValidator("^[a-z]*$", "Letters.")]
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(condition=models.Q(start__gte=0), name="%(class)s start >= 0"),
            models.CheckConstraint(
                condition=models.Q(start__lt=models.F("end")),
                name="%(class)s_in_order",
                violation_error_message="%(name)s, please",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="plain") | models.Q(start__gt=4, end__lte=90), name="%(class)s_odd"
            ),
        ]


class Lot(Reserved):
    pass


class Lease(Reserved):
    """Validates itself whenever it is saved, also where no serializer does."""

    shelf = models.ForeignKey(Shelf, models.CASCADE, null=True, blank=True)
    author = models.ForeignKey(Author, models.CASCADE)

    def clean(self):
        if self.start == 40 and self.publisher == self.shelf.publisher == self.publisher:
            raise ValidationError("All the same.")
        if self.pk is None and self.kind == "old":
            raise ValidationError({"kind": "It is new.", "start": ["It is not.", "Is it?"]})
        return super().clean()

    def validate_unique(self, exclude=None):
        others = Lease.objects.exclude(id=self.id).filter(author=self.author)
        if self.author.publisher is not None and self.author.publisher.city == "Rome":
            super().validate_unique(exclude=exclude)
            return
        if others.filter(models.Q(start__lte=self.start, end__gt=self.start)).exists():
            raise ValidationError("They overlap.")

    def save(self, *args, **kwargs):
        self.full_clean()
        super().save(*args, **kwargs)


class Sealed(models.Model):
    """DRF's error is none that ``full_clean`` catches."""

    label = models.CharField(max_length=9)

    def clean(self):
        raise rest_framework.serializers.ValidationError("Sealed.")

    def save(self, *args, **kwargs):
        self.full_clean()
        super().save(*args, **kwargs)


class Odd(models.Model):
    """What the database says of NULL under NOT is not translated."""

    size = models.IntegerField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(size=0), name="not_nothing")]

    def save(self, *args, **kwargs):
        self.full_clean()
        super().save(*args, **kwargs)
