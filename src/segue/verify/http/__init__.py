"""HTTP mode: both sides as real servers, each on its own clone of the database."""

from segue.verify.http.explore import explore_http
from segue.verify.http.sides import Modern
from segue.verify.http.urls import compare_urls

__all__ = ["Modern", "compare_urls", "explore_http"]
