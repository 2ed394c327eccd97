from copy import deepcopy

from django.core.exceptions import ValidationError
from django.core.validators import EMPTY_VALUES, RegexValidator
from django.db import transaction
from django.utils import timezone
from rest_framework import serializers
from rest_framework.utils import model_meta

from shop.models import (
    AddressesField,
    Author,
    Badge,
    Book,
    Desk,
    Entry,
    Event,
    Lease,
    Lot,
    Mailing,
    Note,
    Profile,
    Publisher,
    Shelf,
    Tag,
    Word,
)  # fmt: skip


class TagSerializer(serializers.ModelSerializer):
    class Meta:
        model = Tag
        fields = ["id", "label"]


class PublisherSerializer(serializers.ModelSerializer):
    authors = serializers.StringRelatedField(many=True, read_only=True)

    class Meta:
        model = Publisher
        fields = ["id", "name", "city", "authors"]


class AuthorSerializer(serializers.ModelSerializer):
    publisher_name = serializers.CharField(source="publisher.name", read_only=True)
    publisher_city = serializers.CharField(source="publisher.city", read_only=True, default="nowhere")
    maybe_city = serializers.CharField(source="publisher.city", read_only=True, allow_null=True)
    motto = serializers.CharField(source="profile.motto", read_only=True)
    initials = serializers.ReadOnlyField()
    hello = serializers.CharField(source="greeting", read_only=True)

    class Meta:
        model = Author
        fields = [
            "id", "name", "email", "publisher", "publisher_name", "publisher_city", "maybe_city", "motto",
            "initials", "hello",
        ]  # fmt: skip


class ProfileSerializer(serializers.ModelSerializer):
    class Meta:
        model = Profile
        fields = "__all__"


class EverythingSerializer(serializers.ModelSerializer):
    class Meta:
        model = Book
        fields = "__all__"


class EntrySerializer(serializers.ModelSerializer):
    class Meta:
        model = Entry
        fields = "__all__"


class ShownBookSerializer(serializers.ModelSerializer):
    author = AuthorSerializer(read_only=True)
    editor = AuthorSerializer(read_only=True)
    publisher = serializers.StringRelatedField(source="author.publisher")
    labels = serializers.SlugRelatedField(source="tags", slug_field="label", many=True, read_only=True)
    tags = TagSerializer(many=True, read_only=True)
    name = serializers.CharField(source="title", max_length=20)
    writer = serializers.SlugRelatedField(source="author.publisher", slug_field="name", read_only=True)
    state_text = serializers.CharField(source="get_state_display", read_only=True)
    shout = serializers.SerializerMethodField()
    siblings = serializers.SerializerMethodField()

    class Meta:
        model = Book
        fields = [
            "id", "key", "name", "author", "editor", "publisher", "labels", "tags", "writer", "state_text", "shout",
            "siblings", "price", "created",
        ]  # fmt: skip
        read_only_fields = ["price"]

    def get_shout(self, book):
        if book.sold_out:
            return None
        return book.title.upper() + "!"

    def get_siblings(self, book):
        return Book.objects.filter(author=book.author_id).exclude(pk=book.pk).count()


class WrittenBookSerializer(serializers.ModelSerializer):
    tags = serializers.SlugRelatedField(
        slug_field="label", many=True, queryset=Tag.objects.all(), required=False
    )
    price = serializers.DecimalField(6, 2, min_value=0, error_messages={"min_value": "Free is the least."})

    class Meta:
        model = Book
        fields = ["id", "title", "author", "editor", "tags", "price", "pages"]

    def validate_title(self, value):
        if value.startswith("the "):
            raise serializers.ValidationError("Leave the article out.")
        return value.strip(".")

    def validate(self, attrs):
        editor = attrs.get("editor")
        if editor is not None and "author" in attrs and editor == attrs["author"]:
            raise serializers.ValidationError({"editor": "The author cannot edit."})
        if attrs.get("pages") == 13:
            raise serializers.ValidationError("Thirteen is not welcome.")
        return attrs


class LoudTagSerializer(serializers.ModelSerializer):
    class Meta:
        model = Tag
        fields = ["id", "label"]

    def to_representation(self, instance):
        data = super().to_representation(instance)
        data["loud"] = data["label"].upper()
        return data

    def create(self, validated_data):
        validated_data["label"] = validated_data["label"].lower()
        return super().create(validated_data)


class NestedBookSerializer(serializers.ModelSerializer):
    tags = TagSerializer(many=True)

    class Meta:
        model = Book
        fields = ["id", "title", "author", "tags"]


class OrderSerializer(serializers.Serializer):
    email = serializers.EmailField()
    items = TagSerializer(many=True, allow_empty=False)
    first = TagSerializer(required=False, allow_null=True)
    note = serializers.CharField(source="meta.note", default="none")


def even(value):
    if len(value) % 2:
        raise ValidationError("%(value)s is odd.", params={"value": value})


def not_both(attrs):
    if attrs.get("code") == attrs.get("text"):
        raise serializers.ValidationError("Say something new.")


def fallback():
    return "fall" + "back"


class NoteSerializer(serializers.ModelSerializer):
    owner = serializers.HiddenField(default=serializers.CurrentUserDefault())
    code = serializers.CharField(max_length=10, validators=[even])
    text = serializers.CharField(default=fallback)
    kind = serializers.CharField(default=serializers.CreateOnlyDefault("made"))

    class Meta:
        model = Note
        fields = ["id", "owner", "code", "text", "kind", "attachment"]
        read_only_fields = ["attachment"]
        extra_kwargs = {"text": {"max_length": 5}}


class CheckedNoteSerializer(serializers.ModelSerializer):
    who = serializers.SerializerMethodField()
    mine = serializers.BooleanField(source="pk", read_only=True)

    class Meta:
        model = Note
        fields = ["code", "text", "who", "mine"]
        validators = [not_both]

    def get_who(self, note):
        user = self.context["request"].user
        return user.username if user.pk == note.owner_id else "somebody else"

    def validate_code(self, value):
        if self.instance is not None and value != self.instance.code:
            raise serializers.ValidationError("The code stays.")
        return value

    def create(self, validated_data):
        return Note.objects.create(owner=self.context["request"].user, **validated_data)


class SinceSerializer(serializers.Serializer):
    since = serializers.DateTimeField(default=timezone.now, write_only=True)
    words = serializers.ListField(
        child=serializers.CharField(max_length=3, validators=[even]), required=False
    )
    place = serializers.DictField(source="*", child=serializers.IntegerField(), default=dict)


class LineSerializer(serializers.Serializer):
    code = serializers.CharField(max_length=4)
    text = serializers.CharField(required=False)


class AuthorWithBooksSerializer(serializers.ModelSerializer):
    """Nested input with a create of its own."""

    written = LineSerializer(many=True, write_only=True)
    titles = serializers.SlugRelatedField(source="books", slug_field="title", many=True, read_only=True)

    class Meta:
        model = Author
        fields = ["id", "name", "publisher", "written", "titles"]

    @transaction.atomic
    def create(self, validated_data):
        lines = validated_data.pop("written")
        author = Author.objects.create(**validated_data)
        for line in lines:
            Book.objects.create(author=author, title=line["code"] + line.get("text", ""))
        return author

    def update(self, instance, validated_data):
        validated_data.pop("written", None)
        return super().update(instance, validated_data)


class Cleaned:
    def validate(self, attrs):
        given = dict(attrs)
        model = self.Meta.model
        candidate = deepcopy(self.instance) if self.instance else model()
        info = model_meta.get_field_info(model)
        for name, relation in info.relations.items():
            if relation.to_many and (name in given):
                given.pop(name)
        for name, value in given.items():
            setattr(candidate, name, value)
        candidate.full_clean(exclude=self.left_out(candidate, given))
        return attrs

    def left_out(self, candidate, given):
        names = []
        for field in candidate._meta.fields:
            name = field.name
            if name not in self.fields or name in getattr(self.Meta, "unchecked", ()):
                names.append(name)
            else:
                value = given.get(name)
                if not field.blank and not self.fields[name].required and value in list(EMPTY_VALUES):
                    names.append(name)
        return names


class CleanedNoteSerializer(Cleaned, serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "owner", "code", "text", "kind"]
        validators = []


class CleanedTagSerializer(Cleaned, serializers.ModelSerializer):
    class Meta:
        model = Tag
        fields = ["id", "label", "books"]
        extra_kwargs = {"label": {"validators": []}}


class CleanedEventSerializer(Cleaned, serializers.ModelSerializer):
    class Meta:
        model = Event
        fields = "__all__"
        validators = []
        extra_kwargs = {"code": {"validators": []}, "slug": {"validators": []}, "big": {"validators": []}}
        unchecked = ["big"]


class CleanedWordSerializer(Cleaned, serializers.ModelSerializer):
    class Meta:
        model = Word
        fields = "__all__"
        validators = []
        extra_kwargs = {"name": {"validators": []}}


class CleanedBadgeSerializer(Cleaned, serializers.ModelSerializer):
    class Meta:
        model = Badge
        fields = "__all__"
        extra_kwargs = {"id": {"validators": []}, "label": {"validators": []}}


class CleanedDeskSerializer(Cleaned, serializers.ModelSerializer):
    class Meta:
        model = Desk
        fields = "__all__"
        extra_kwargs = {"author": {"validators": []}}


class FailingTagSerializer(serializers.ModelSerializer):
    class Meta:
        model = Tag
        fields = ["id", "label"]

    def create(self, validated_data):
        if validated_data["label"] == "no":
            raise ValidationError("Never.")
        return super().create(validated_data)


class LeaseSerializer(serializers.ModelSerializer):
    publisher = serializers.PrimaryKeyRelatedField(queryset=Publisher.objects.all())

    class Meta:
        model = Lease
        fields = "__all__"
        extra_kwargs = {"kind": {"validators": []}, "start": {"validators": []}}


class CleanedLotSerializer(Cleaned, serializers.ModelSerializer):
    publisher = serializers.PrimaryKeyRelatedField(queryset=Publisher.objects.all())

    class Meta:
        model = Lot
        fields = "__all__"
        extra_kwargs = {"kind": {"validators": []}, "start": {"validators": []}}


class Splitter:
    def __init__(self, separator):
        self.separator = separator

    def split(self, value):
        return [part.strip() for part in value.split(self.separator)]


class WordsField(serializers.CharField):
    default_error_messages = {"many": "No more than {most} words."}

    def __init__(self, separator=",", most=3, **kwargs):
        self.check_word = RegexValidator("^[a-z]*$", message="Words are {} lower case.".format("all"))
        self.splitter = Splitter(separator)
        self.most = most
        kwargs.setdefault("max_length", 2)
        super().__init__(**kwargs)

    def to_internal_value(self, data):
        words = self.splitter.split(data)
        for word in words:
            self.check_word(word)
        if len(words) > self.most:
            self.fail("many", most=self.most)
        return words


class HalfField(serializers.Field):
    def to_internal_value(self, data):
        try:
            return int(data) // 2
        except (TypeError, ValueError):
            raise serializers.ValidationError("No number.") from None

    def to_representation(self, value):
        return value * 2


class PublisherField(serializers.CharField):
    def to_representation(self, value):
        return value.name

    def to_internal_value(self, data):
        found, _ = Publisher.objects.get_or_create(name=data, defaults={"city": "new"})
        return found


class TitleField(serializers.CharField):
    def to_internal_value(self, data):
        return data.strip().title()


class KeywordsSerializer(serializers.Serializer):
    words = WordsField()
    more = WordsField(separator=";", most=1, max_length=9, allow_blank=True, allow_null=True, required=False)
    half = HalfField(required=False)


class FoundAuthorSerializer(serializers.ModelSerializer):
    name = TitleField(max_length=9)
    publisher = PublisherField()

    class Meta:
        model = Author
        fields = ["id", "name", "publisher"]

    def create(self, validated_data):
        author, _ = Author.objects.get_or_create(name=validated_data["name"], defaults=validated_data)
        return author


class KeptNoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "owner", "code", "text"]
        validators = []

    def create(self, validated_data):
        note, _ = Note.objects.update_or_create(
            owner=validated_data["owner"],
            code=validated_data["code"],
            defaults={"text": validated_data["text"], "kind": "kept"},
        )
        return note


class AddressesInput(serializers.CharField):
    def __init__(self, separator=",", **kwargs):
        self.separator = separator
        super().__init__(**kwargs)

    def to_internal_value(self, data):
        return data.split(self.separator)

    def to_representation(self, value):
        return "+".join(value)


class MailingSerializer(Cleaned, serializers.ModelSerializer):
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        AddressesField: AddressesInput,
    }

    class Meta:
        model = Mailing
        fields = ["id", "name", "addresses", "copies", "needed"]
        extra_kwargs = {"name": {"validators": []}}


class KeptMailingSerializer(serializers.ModelSerializer):
    addresses = serializers.ListField(allow_null=True)
    copies = serializers.JSONField()
    needed = serializers.ReadOnlyField()

    class Meta:
        model = Mailing
        fields = ["id", "name", "addresses", "copies", "needed"]
        extra_kwargs = {"name": {"validators": []}}


class ShelfSerializer(serializers.ModelSerializer):
    class Meta:
        model = Shelf
        fields = ["id", "publisher", "tags", "author"]


class WholePublisherField(serializers.PrimaryKeyRelatedField):
    """Written as a key, shown as a whole; its rows are those of its own serializer's model."""

    class _Serializer(serializers.ModelSerializer):
        class Meta:
            model = Publisher
            fields = ["id", "name"]

    def use_pk_only_optimization(self):
        return False

    def get_queryset(self):
        return self._Serializer.Meta.model.objects.all()

    def to_representation(self, data):
        return self._Serializer(context=self.context).to_representation(data)


class WholeAuthorSerializer(serializers.ModelSerializer):
    publisher = WholePublisherField(allow_null=True)

    class Meta:
        model = Author
        fields = ["id", "name", "publisher"]


class DerivedShelfSerializer(serializers.ModelSerializer):
    publisher = WholePublisherField._Serializer(read_only=True)

    def validate(self, attrs):
        if attrs.get("author"):
            attrs["publisher"] = attrs["author"].publisher
        return attrs

    class Meta:
        model = Shelf
        fields = ["id", "publisher", "author"]


class MadeTagField(serializers.SlugRelatedField):
    def to_internal_value(self, data):
        try:
            return self.get_queryset().get_or_create(**{self.slug_field: data})[0]
        except (TypeError, ValueError):
            self.fail("invalid")

    def to_representation(self, value):
        return {"id": value.id, "label": value.label}


class MadePublisherField(serializers.PrimaryKeyRelatedField):
    def to_internal_value(self, data):
        if isinstance(data, dict):
            self.fail("does_not_exist", pk_value=data)
        return self.get_queryset().get_or_create(name=str(data), defaults={"city": "made"})[0]


class TaggedBookSerializer(serializers.ModelSerializer):
    tags = MadeTagField(many=True, slug_field="label", queryset=Tag.objects.all(), required=False)

    class Meta:
        model = Book
        fields = ["id", "title", "author", "tags"]
        validators = []


class PublishedAuthorSerializer(serializers.ModelSerializer):
    publisher = MadePublisherField(queryset=Publisher.objects.all(), allow_null=True)

    class Meta:
        model = Author
        fields = ["id", "name", "publisher"]


class BlankToNone(serializers.Serializer):
    def to_internal_value(self, data):
        if data.get("email", None) == "":
            data = data.copy()
            data["email"] = None
        return super().to_internal_value(data)


class DrivenAuthorSerializer(BlankToNone, serializers.ModelSerializer):
    email = serializers.EmailField(allow_null=True, allow_blank=False, required=False)

    class Meta:
        model = Author
        fields = ["id", "name", "email", "publisher"]

    def run_validation(self, data=serializers.empty):
        if "name" not in data or data["name"] == "":
            raise serializers.ValidationError({"name": ["Who?"]})
        values = super().run_validation(data)
        values["name"] = values["name"].title()
        return values

    def to_internal_value(self, data):
        """Names come in capitals."""
        # Nobody is called Nobody.
        if data["name"] == "nobody":
            data["name"] = ""
        values = super().to_internal_value(data)
        if values["name"] == "both":
            values["name"] = f"{values['name']} of them"
        return values

    def validate(self, attrs):
        if attrs.get("email") is None and self.initial_data.get("email") == "":
            attrs["name"] = attrs["name"] + " (blank)"
        return attrs


class RaisingSerializer(serializers.ModelSerializer):
    """ValidationError in the forms that projects raise it in."""

    class Meta:
        model = Publisher
        fields = ["id", "name", "city"]

    def validate_name(self, value):
        if value == "coded":
            raise serializers.ValidationError("Bad.", code="bad")
        if value == "list":
            raise serializers.ValidationError(["a", "b"])
        if value == "tuple":
            raise serializers.ValidationError(("a", "b"))
        if value == "dict":
            raise serializers.ValidationError({"other": "x"})
        if value == "django":
            raise ValidationError("from %(where)s", params={"where": "Django"})
        if self.instance and self.instance.name == value:
            raise serializers.ValidationError("Say another.")
        return value

    def validate(self, attrs):
        attrs = super().validate(attrs)
        city = attrs.get("city", getattr(self.instance, "city", None))
        if city == "dict":
            raise serializers.ValidationError({"name": ["x", "y"], "other": "z"})
        if city == "nested":
            raise serializers.ValidationError({"name": {"deep": ["x"]}})
        if city == "django":
            raise ValidationError("from Django")
        if city == "django dict":
            raise ValidationError({"name": "from Django"})
        if city == "django list":
            raise ValidationError(["a", "b"])
        if city == "input" and not self.partial:
            raise serializers.ValidationError(f"got {self.initial_data['city']}")
        if city == "coded":
            raise serializers.ValidationError("no", code="x")
        return attrs
