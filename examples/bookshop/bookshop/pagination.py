"""The three ways the shop pages its lists."""

from rest_framework.pagination import CursorPagination, LimitOffsetPagination, PageNumberPagination


class StandardPagination(PageNumberPagination):
    """Numbered pages; clients may ask for up to 50 rows."""

    page_size = 10
    page_size_query_param = "page_size"
    max_page_size = 50


class WindowPagination(LimitOffsetPagination):
    """For clients that scroll."""

    default_limit = 8
    max_limit = 40


class TimelinePagination(CursorPagination):
    """For lists that grow at the top."""

    page_size = 5
    ordering = "-created_at"
