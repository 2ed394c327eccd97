"""Filters of list views: DRF's search and ordering, and django-filter's form fields."""

from segue_bridge.filters.forms import FilterForm
from segue_bridge.filters.ordering import ordering, ordering_names
from segue_bridge.filters.ranges import Range
from segue_bridge.filters.related import find_choice, find_choices
from segue_bridge.filters.search import check_search, search, search_terms

__all__ = [
    "FilterForm",
    "Range",
    "check_search",
    "find_choice",
    "find_choices",
    "ordering",
    "ordering_names",
    "search",
    "search_terms",
]
