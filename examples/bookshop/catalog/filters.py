"""Filters of the catalogue."""

import django_filters

from catalog.models import Book


class BookFilter(django_filters.FilterSet):
    """Find books by price, date, status, author and tag."""

    min_price = django_filters.NumberFilter(field_name="price", lookup_expr="gte")
    max_price = django_filters.NumberFilter(field_name="price", lookup_expr="lte")
    published_after = django_filters.DateFilter(field_name="published_on", lookup_expr="gte")
    title = django_filters.CharFilter(lookup_expr="icontains")
    tag = django_filters.CharFilter(field_name="tags__name", lookup_expr="iexact")
    author = django_filters.NumberFilter(field_name="contributions__author_id", distinct=True)
    has_cover = django_filters.BooleanFilter(field_name="cover", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Book
        fields = ["status", "category", "publisher"]
