"""What Segue refuses: one construct per serializer; the comment names the refusal's code."""

import time
from datetime import datetime

from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers

from shop.models import Author, Book, Odd, Publisher, Sealed, Sheet, Shelf, Tag


class UpperField(serializers.CharField):
    def to_representation(self, value):
        return value.upper()

    def run_validation(self, data=serializers.empty):
        return super().run_validation(data).lower()


class ClockField(serializers.CharField):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.made = time.time()


class NowField(serializers.CharField):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.made = datetime.now()


class Stamp:
    def __init__(self):
        self.made = time.time()


class StampField(serializers.CharField):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.stamp = Stamp()


class DynamicSerializer(serializers.ModelSerializer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.context.get("short"):
            self.fields.pop("label")

    class Meta:
        model = Tag
        fields = ["id", "label"]


class OwnInputSerializer(serializers.ModelSerializer):
    class Meta:
        model = Tag
        fields = ["id", "label"]

    def to_internal_value(self, data):  # serializer-to-internal-value
        return super().to_internal_value({"label": str(data)})


class OwnFieldSerializer(serializers.ModelSerializer):
    label = UpperField()  # field-input

    class Meta:
        model = Tag
        fields = ["label"]


class ClockSerializer(serializers.ModelSerializer):
    label = ClockField()  # field-input

    class Meta:
        model = Tag
        fields = ["label"]


class NowSerializer(serializers.ModelSerializer):
    label = NowField()  # field-input

    class Meta:
        model = Tag
        fields = ["label"]


class StampSerializer(serializers.ModelSerializer):
    label = StampField()  # field-input

    class Meta:
        model = Tag
        fields = ["label"]


class LinkedSerializer(serializers.HyperlinkedModelSerializer):
    publisher = serializers.HyperlinkedRelatedField(
        view_name="publisher-detail", queryset=Publisher.objects.all()
    )

    class Meta:
        model = Author
        fields = ["name", "publisher"]


class FilteredSerializer(serializers.ModelSerializer):
    author = serializers.PrimaryKeyRelatedField(
        queryset=Author.objects.filter(name="Ada")
    )  # relation-queryset

    class Meta:
        model = Book
        fields = ["title", "author"]


class OwnStorageSerializer(serializers.ModelSerializer):
    class Meta:
        model = Sheet
        fields = ["code", "elsewhere"]  # file-storage


class DottedWriteSerializer(serializers.ModelSerializer):
    city = serializers.CharField(source="publisher.city")  # source-write, source-missing

    class Meta:
        model = Author
        fields = ["name", "city"]


class PlainSerializer(serializers.Serializer):
    name = serializers.CharField()


class MoneySerializer(serializers.Serializer):
    amount = serializers.DecimalField(5, 2, localize=True)  # decimal-localize


class ForgetfulSerializer(serializers.ModelSerializer):
    class Meta:
        model = Tag
        fields = ["label"]

    def validate_label(self, value):
        value.lower()  # validate-result


class LimitedSerializer(serializers.ModelSerializer):  # relation-queryset
    class Meta:
        model = Shelf
        fields = ["id", "tops"]


class RomanPublisherField(serializers.PrimaryKeyRelatedField):
    def get_queryset(self):  # field-input: some rows only
        return Publisher.objects.filter(city="Rome")


class RomanSerializer(serializers.ModelSerializer):
    publisher = RomanPublisherField()

    class Meta:
        model = Author
        fields = ["name", "publisher"]


class VisiblePublisherField(serializers.PrimaryKeyRelatedField):
    def get_queryset(self):  # field-input: it looks at who asks
        if self.context["request"].user.is_staff:
            return Publisher.objects.all()
        return Publisher.objects.none()


class VisibleSerializer(serializers.ModelSerializer):
    publisher = VisiblePublisherField()

    class Meta:
        model = Author
        fields = ["name", "publisher"]


class SealedSerializer(serializers.ModelSerializer):
    class Meta:
        model = Sealed
        fields = ["label"]


class OddSerializer(serializers.ModelSerializer):
    class Meta:
        model = Odd
        fields = ["size"]


class CatchingOwnSerializer(serializers.ModelSerializer):
    """Django's error, raised and caught while the serializer validates."""

    class Meta:
        model = Tag
        fields = ["id", "label"]

    def validate(self, attrs):
        try:
            if attrs["label"] == "bad":
                raise DjangoValidationError("bad")
        except DjangoValidationError:
            attrs["label"] = "good"
        return attrs


class CatchingOtherSerializer(CatchingOwnSerializer):
    """DRF's handler, which Django's error passes by."""

    def validate(self, attrs):
        try:
            if attrs["label"] == "bad":
                raise DjangoValidationError("bad")
        except serializers.ValidationError:
            attrs["label"] = "good"
        return attrs


class CatchingCleanSerializer(CatchingOwnSerializer):
    """What full_clean() says, said in other words."""

    def validate(self, attrs):
        tag = Tag(label=attrs["label"])
        try:
            tag.full_clean()
        except DjangoValidationError:
            raise serializers.ValidationError("no such label") from None
        return attrs
