from django.urls import include, path
from rest_framework.routers import SimpleRouter

from catalog import views

router = SimpleRouter()
router.register("categories", views.CategoryViewSet)
router.register("authors", views.AuthorViewSet)
router.register("books", views.BookViewSet, basename="book")

urlpatterns = [
    path("", include(router.urls)),
    path("publishers/", views.PublisherListView.as_view(), name="publisher-list"),
    path("publishers/<int:pk>/", views.PublisherDetailView.as_view(), name="publisher-detail"),
    path("tags/", views.TagListView.as_view(), name="tag-list"),
    path("my/books/", views.MyBooksView.as_view(), name="my-books"),
    path("books/<uuid:book_id>/reviews/", views.BookReviewsView.as_view(), name="book-reviews"),
    path("books/<uuid:book_id>/comments/", views.BookCommentsView.as_view(), name="book-comments"),
    path("book-fields/<slug:slug>/", views.BookFieldsView.as_view(), name="book-fields"),
    path("reviews/", views.ReviewTimelineView.as_view(), name="review-timeline"),
    path("reviews/<int:pk>/", views.ReviewDetailView.as_view(), name="review-detail"),
    path("stats/", views.CatalogStatsView.as_view(), name="stats"),
    path("reports/categories/", views.CategoryReportView.as_view(), name="category-report"),
    path("reports/countries/", views.sales_by_country, name="country-report"),
    path("export/books/", views.CatalogExportView.as_view(), name="export"),
]
