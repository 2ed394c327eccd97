"""The catalogue as the API shows it."""

from accounts.serializers import UserSummarySerializer
from rest_framework import serializers

from catalog.models import Author, Book, Category, Comment, Contribution, Publisher, Review, Tag


class CategorySerializer(serializers.ModelSerializer):
    """A shelf with the number of its books."""

    book_count = serializers.SerializerMethodField()

    class Meta:
        model = Category
        fields = ["id", "name", "slug", "parent", "position", "book_count"]

    def get_book_count(self, obj):
        # Drafts are nobody's business.
        return obj.books.filter(status=Book.Status.PUBLISHED).count()

    def validate(self, attrs):
        parent = attrs.get("parent")
        if parent is not None and self.instance is not None and parent.pk == self.instance.pk:
            raise serializers.ValidationError({"parent": "A category cannot stand inside itself."})
        return attrs


class PublisherSerializer(serializers.ModelSerializer):
    """A publisher."""

    class Meta:
        model = Publisher
        fields = "__all__"

    def validate_country(self, value):
        return value.upper()


class AuthorSerializer(serializers.ModelSerializer):
    """An author."""

    full_name = serializers.CharField(read_only=True)

    class Meta:
        model = Author
        fields = ["id", "first_name", "last_name", "full_name", "born", "website"]


class TagSerializer(serializers.ModelSerializer):
    """A tag."""

    class Meta:
        model = Tag
        fields = ["id", "name"]


class ContributionSerializer(serializers.ModelSerializer):
    """An author's part in a book."""

    name = serializers.CharField(source="author.full_name", read_only=True)

    class Meta:
        model = Contribution
        fields = ["author", "name", "role", "position"]


class BookListSerializer(serializers.ModelSerializer):
    """A book in a list."""

    publisher = serializers.StringRelatedField()
    category = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    tags = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)
    status_label = serializers.CharField(source="get_status_display", read_only=True)

    class Meta:
        model = Book
        fields = [
            "id",
            "title",
            "slug",
            "isbn",
            "status",
            "status_label",
            "price",
            "published_on",
            "publisher",
            "category",
            "tags",
            "is_new",
        ]


class BookDetailSerializer(serializers.ModelSerializer):
    """Everything about a book."""

    publisher = PublisherSerializer()
    category = CategorySerializer()
    contributions = ContributionSerializer(many=True)
    tags = TagSerializer(many=True)
    owner = UserSummarySerializer()
    rating = serializers.SerializerMethodField()
    review_count = serializers.SerializerMethodField()
    reviewed_by_me = serializers.SerializerMethodField()

    class Meta:
        model = Book
        fields = [
            "id",
            "title",
            "slug",
            "isbn",
            "status",
            "price",
            "published_on",
            "pages",
            "summary",
            "weight",
            "metadata",
            "cover",
            "publisher",
            "category",
            "contributions",
            "tags",
            "owner",
            "rating",
            "review_count",
            "reviewed_by_me",
            "is_new",
            "created_at",
            "updated_at",
        ]

    def get_rating(self, obj):
        return obj.average_rating()

    def get_review_count(self, obj):
        return obj.reviews.filter(is_public=True).count()

    def get_reviewed_by_me(self, obj):
        user = self.context["request"].user
        if not user.is_authenticated:
            return False
        return obj.reviews.filter(user=user).exists()


class BookWriteSerializer(serializers.ModelSerializer):
    """What editors send."""

    class Meta:
        model = Book
        fields = [
            "id",
            "title",
            "slug",
            "isbn",
            "status",
            "price",
            "published_on",
            "pages",
            "summary",
            "weight",
            "metadata",
            "publisher",
            "category",
            "tags",
        ]

    def validate_title(self, value):
        if value.isupper():
            raise serializers.ValidationError("Please do not shout.")
        return value

    def validate(self, attrs):
        status = attrs.get("status", getattr(self.instance, "status", Book.Status.DRAFT))
        published_on = attrs.get("published_on", getattr(self.instance, "published_on", None))
        if status == Book.Status.PUBLISHED and published_on is None:
            raise serializers.ValidationError({"published_on": "A published book needs a date."})
        return attrs


class ReviewSerializer(serializers.ModelSerializer):
    """A review."""

    user = UserSummarySerializer(read_only=True)

    class Meta:
        model = Review
        fields = ["id", "book", "user", "rating", "title", "text", "is_public", "created_at"]
        read_only_fields = ["book", "created_at"]


class CommentSerializer(serializers.ModelSerializer):
    """A comment with its author's name."""

    author = serializers.CharField(source="author.shown_name", read_only=True)

    class Meta:
        model = Comment
        fields = ["id", "author", "text", "created_at"]


class DynamicBookSerializer(serializers.ModelSerializer):
    """A book with just the fields that the client asks for (``?fields=title,price``)."""

    class Meta:
        model = Book
        fields = ["id", "title", "isbn", "price", "pages", "published_on"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        wanted = self.context["request"].query_params.get("fields") if "request" in self.context else None
        if wanted:
            for name in set(self.fields) - set(wanted.split(",")):
                self.fields.pop(name)
