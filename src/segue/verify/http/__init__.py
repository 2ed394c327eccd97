"""HTTP mode: both sides as real servers, each on its own clone of the database."""

from segue.verify.http.explore import explore_http
from segue.verify.http.sides import Modern

__all__ = ["Modern", "explore_http"]
