"""The catalogue."""

import csv

from bookshop.pagination import TimelinePagination, WindowPagination
from bookshop.permissions import IsEditor, IsOwnerOrReadOnly, IsReviewAuthor, IsStaffOrReadOnly
from django.core.cache import cache
from django.db import connection
from django.db.models import Avg, Count, Q
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import filters, generics, permissions, status, viewsets
from rest_framework.decorators import action, api_view
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.filters import BookFilter
from catalog.models import Author, Book, Category, Publisher, Review, Tag
from catalog.serializers import (
    AuthorSerializer,
    BookDetailSerializer,
    BookListSerializer,
    BookWriteSerializer,
    CategorySerializer,
    CommentSerializer,
    DynamicBookSerializer,
    PublisherSerializer,
    ReviewSerializer,
    TagSerializer,
)


class CategoryViewSet(viewsets.ModelViewSet):
    """Shelves of the shop."""

    queryset = Category.objects.all()
    serializer_class = CategorySerializer
    permission_classes = [IsStaffOrReadOnly]
    lookup_field = "slug"
    filterset_fields = ["parent"]


class PublisherListView(generics.ListCreateAPIView):
    """Publishing houses."""

    queryset = Publisher.objects.all()
    serializer_class = PublisherSerializer
    permission_classes = [permissions.DjangoModelPermissionsOrAnonReadOnly]
    filterset_fields = ["country"]


class PublisherDetailView(generics.RetrieveUpdateDestroyAPIView):
    """One publishing house."""

    queryset = Publisher.objects.all()
    serializer_class = PublisherSerializer
    permission_classes = [permissions.DjangoModelPermissionsOrAnonReadOnly]


class AuthorViewSet(viewsets.ModelViewSet):
    """People who write, translate or draw."""

    queryset = Author.objects.all()
    serializer_class = AuthorSerializer
    permission_classes = [permissions.IsAuthenticatedOrReadOnly]
    pagination_class = WindowPagination
    filter_backends = [filters.SearchFilter, filters.OrderingFilter]
    search_fields = ["first_name", "last_name", "books__title"]
    ordering_fields = ["last_name", "born"]


class TagListView(generics.ListAPIView):
    """All tags, not paged."""

    queryset = Tag.objects.all()
    serializer_class = TagSerializer
    pagination_class = None


class BookViewSet(viewsets.ModelViewSet):
    """Books: anybody reads published ones, editors write, owners change."""

    filter_backends = [*viewsets.ModelViewSet.filter_backends, filters.SearchFilter, filters.OrderingFilter]
    filterset_class = BookFilter
    search_fields = ["title", "summary", "isbn"]
    ordering_fields = ["title", "price", "published_on"]
    ordering = ["title", "id"]

    def get_queryset(self):
        queryset = Book.objects.select_related("publisher", "category").prefetch_related("tags")
        user = self.request.user
        if not user.is_authenticated:
            return queryset.filter(status=Book.Status.PUBLISHED)
        if user.is_staff:
            return queryset
        return queryset.filter(~Q(status=Book.Status.DRAFT) | Q(owner=user))

    def get_serializer_class(self):
        if self.action == "retrieve":
            return BookDetailSerializer
        if self.action in ("create", "update", "partial_update"):
            return BookWriteSerializer
        return BookListSerializer

    def get_permissions(self):
        if self.action == "create":
            return [IsEditor()]
        if self.action in ("update", "partial_update", "destroy", "publish"):
            return [permissions.IsAuthenticated(), IsOwnerOrReadOnly()]
        return [permissions.AllowAny()]

    def perform_create(self, serializer):
        serializer.save(owner=self.request.user)

    @action(detail=True, methods=["post"])
    def publish(self, request, pk=None):
        """Put a draft on the shelf."""
        book = self.get_object()
        if book.status != Book.Status.DRAFT:
            return Response({"detail": "Only drafts can be published."}, status=status.HTTP_409_CONFLICT)
        book.status = Book.Status.PUBLISHED
        if book.published_on is None:
            book.published_on = timezone.localdate()
        book.save()
        return Response(BookListSerializer(book, context=self.get_serializer_context()).data)

    @action(detail=True)
    def similar(self, request, pk=None):
        """Published books of the same category, at most five."""
        book = self.get_object()
        others = Book.objects.filter(category_id=book.category_id, status=Book.Status.PUBLISHED).exclude(
            pk=book.pk
        )
        serializer = BookListSerializer(others[:5], many=True, context=self.get_serializer_context())
        return Response(serializer.data)


class MyBooksView(generics.ListAPIView):
    """What the user who asks has put into the catalogue."""

    serializer_class = BookListSerializer
    permission_classes = [permissions.IsAuthenticated]
    filterset_fields = ["status"]

    def get_queryset(self):
        return self.request.user.books.select_related("publisher", "category").prefetch_related("tags")


class BookReviewsView(generics.ListCreateAPIView):
    """Reviews of one book; everybody may write one."""

    serializer_class = ReviewSerializer
    permission_classes = [permissions.IsAuthenticatedOrReadOnly]
    filter_backends = [filters.OrderingFilter]
    ordering_fields = ["rating", "created_at"]

    def get_queryset(self):
        queryset = Review.objects.filter(book_id=self.kwargs["book_id"], is_public=True).select_related(
            "user"
        )
        minimum = self.request.query_params.get("min_rating")
        if minimum is not None and minimum.isdigit():
            queryset = queryset.filter(rating__gte=int(minimum))
        return queryset

    def perform_create(self, serializer):
        book = get_object_or_404(Book, pk=self.kwargs["book_id"], status=Book.Status.PUBLISHED)
        serializer.save(book=book, user=self.request.user)


class ReviewDetailView(generics.RetrieveUpdateDestroyAPIView):
    """One review."""

    queryset = Review.objects.select_related("user")
    serializer_class = ReviewSerializer
    permission_classes = [permissions.IsAuthenticatedOrReadOnly & IsReviewAuthor]


class ReviewTimelineView(generics.ListAPIView):
    """The newest public reviews of all books."""

    queryset = Review.objects.filter(is_public=True).select_related("user")
    serializer_class = ReviewSerializer
    pagination_class = TimelinePagination


class BookCommentsView(APIView):
    """Comments on a book."""

    permission_classes = [permissions.IsAuthenticatedOrReadOnly]

    def get(self, request, book_id):
        book = get_object_or_404(Book, pk=book_id)
        serializer = CommentSerializer(book.comments.select_related("author"), many=True)
        return Response(serializer.data)

    def post(self, request, book_id):
        book = get_object_or_404(Book, pk=book_id)
        serializer = CommentSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save(author=request.user, target=book)
        return Response(serializer.data, status=status.HTTP_201_CREATED)


class CatalogStatsView(APIView):
    """Figures for the front page; counted once a minute."""

    def get(self, request):
        figures = cache.get("catalog-stats")
        if figures is None:
            figures = {
                "books": Book.objects.filter(status=Book.Status.PUBLISHED).count(),
                "authors": Author.objects.count(),
                "reviews": Review.objects.filter(is_public=True).count(),
                "average_rating": Review.objects.filter(is_public=True).aggregate(value=Avg("rating"))[
                    "value"
                ],
            }
            cache.set("catalog-stats", figures, 60)
        return Response(figures)


class CategoryReportView(APIView):
    """Books per category, for staff."""

    permission_classes = [permissions.IsAdminUser]

    def get(self, request):
        rows = (
            Category.objects.annotate(total=Count("books")).order_by("-total", "name").values("slug", "total")
        )
        return Response(list(rows))


@api_view(["GET"])
def sales_by_country(request):
    """Books sold per publisher's country, straight from the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.country, SUM(i.quantity) FROM orders_orderitem i"
            " JOIN catalog_book b ON b.id = i.book_id JOIN catalog_publisher p ON p.id = b.publisher_id"
            " GROUP BY p.country ORDER BY p.country"
        )
        return Response([{"country": country, "sold": int(sold)} for country, sold in cursor.fetchall()])


class Echo:
    """A file that hands back what is written."""

    def write(self, value):
        return value


class CatalogExportView(APIView):
    """All published books as CSV, streamed."""

    permission_classes = [permissions.IsAuthenticated]

    def get(self, request):
        writer = csv.writer(Echo())
        books = Book.objects.filter(status=Book.Status.PUBLISHED).values_list("isbn", "title", "price")
        return StreamingHttpResponse(
            (writer.writerow(row) for row in books.iterator()),
            content_type="text/csv",
            headers={"Content-Disposition": 'attachment; filename="catalog.csv"'},
        )


class BookFieldsView(generics.RetrieveAPIView):
    """A book with the fields that are asked for."""

    queryset = Book.objects.filter(status=Book.Status.PUBLISHED)
    serializer_class = DynamicBookSerializer
    lookup_field = "slug"
