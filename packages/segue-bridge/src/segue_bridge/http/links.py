"""``rest_framework.reverse.reverse``: absolute addresses of other URLs, in the version that was asked for; and
``django.urls.reverse``: their paths."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from segue_bridge.http import urls

if TYPE_CHECKING:
    from segue_bridge.http.call import Call


class NoReverseMatch(Exception):
    """``django.urls.NoReverseMatch``: no URL of that name takes these arguments."""


@dataclass(frozen=True, slots=True)
class Link:
    """A named URL: ``path`` with ``{name}`` per argument.

    ``versioned`` is its form with a ``{version}``, for requests that name one in their path, and ``versions`` the
    regex of the versions it exists in. An empty ``path`` has only the other form. ``keeps`` is DRF's
    ``URL_FORMAT_OVERRIDE``: a query parameter that links take over (``preserve_builtin_query_params``).
    """

    path: str = ""
    versioned: str = ""
    versions: str = ""
    keeps: str = "format"

    def url(self, call: Call, **values: object) -> str:
        """The address for this request. Raises :class:`NoReverseMatch`."""
        scheme = call.resource.versioning
        version = call.version if scheme is not None else None
        path = self.path
        if scheme is not None and scheme.scheme == "path" and version is not None:
            path = self.versioned if re.fullmatch(self.versions, version) else ""
            values = {**values, scheme.param: version}
        if not path:
            raise NoReverseMatch(self.path or self.versioned)
        url = urls.absolute(call, call.settings, path.format(**values))
        if scheme is not None and scheme.scheme == "query" and version is not None:
            url = urls.with_parameter(url, scheme.param, version)
        if self.keeps and self.keeps in call.query:
            return urls.with_parameter(url, self.keeps, call.query[self.keeps])
        return url


# What ``django.urls.resolvers`` leaves as it is: RFC3986_SUBDELS and the rest of a path's characters.
_KEPT = "!$&'()*+,;=/~:@"


@dataclass(frozen=True, slots=True)
class UrlPattern:
    """A named URL as ``django.urls.reverse`` knows it: ``path`` with ``{name}`` per argument, and the regex of the whole."""

    path: str
    regex: str

    def reverse(self, **values: object) -> str:
        """The path with these arguments, quoted. Raises :class:`NoReverseMatch` where they do not fit the pattern."""
        found = self.path.format(**values)
        if not re.search(self.regex, found):
            raise NoReverseMatch(self.path)
        quoted = quote(found, safe=_KEPT)
        return f"/%2F{quoted[2:]}" if quoted.startswith("//") else quoted

    def url(self, call: Call, *, keeps: str = "format", **values: object) -> str:
        """The address for this request, where nothing has versions (``rest_framework.reverse.reverse``). Raises :class:`NoReverseMatch`."""
        url = urls.absolute(call, call.settings, self.reverse(**values))
        return urls.with_parameter(url, keeps, call.query[keeps]) if keeps and keeps in call.query else url
