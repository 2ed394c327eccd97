"""``rest_framework.versioning``: which version of the API a request asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from segue_bridge.errors import APIException, NotAcceptable, NotFound
from segue_bridge.http import media, urls
from segue_bridge.translation import gettext as _

if TYPE_CHECKING:
    from segue_bridge.http.call import Call

_HOST = re.compile(r"([a-zA-Z0-9]+)\.[a-zA-Z0-9]+\.[a-zA-Z0-9]+")
Scheme = Literal["accept", "path", "namespace", "host", "query"]


@dataclass(frozen=True, slots=True)
class Versioning:
    """One of DRF's schemes, with ``DEFAULT_VERSION``, ``ALLOWED_VERSIONS`` and ``VERSION_PARAM``.

    ``namespaces`` are the URL namespaces of the resource (``namespace`` scheme).
    """

    scheme: Scheme
    default: str | None = None
    allowed: tuple[str, ...] = ()
    param: str = "version"
    namespaces: tuple[str, ...] = ()

    def determine(self, call: Call) -> str | None:
        """``determine_version``. Raises 404 or 406."""
        if self.scheme == "namespace":
            if not self.namespaces:
                return self.default
            found = next((name for name in self.namespaces if self._fits(name)), None)
            if found is None:
                raise NotFound(_("Invalid version in URL path. Does not match any version namespace."))
            return found
        version, error = self._asked(call)
        if error is not None and not self._fits(version):
            raise error
        return version

    def _asked(self, call: Call) -> tuple[str | None, APIException | None]:
        if self.scheme == "accept":
            found = media.parse(call.chosen.media).get(self.param)
            version = self.default if found is None else found
            return version, NotAcceptable(_('Invalid version in "Accept" header.'))
        if self.scheme == "path":
            return call.path.get(self.param) or self.default, NotFound(_("Invalid version in URL path."))
        if self.scheme == "query":
            version = call.query.get(self.param, self.default)
            return version, NotFound(_("Invalid version in query parameter."))
        match = _HOST.fullmatch(urls.host(call, call.settings).partition(":")[0])
        if match is None:
            return self.default, None
        return match[1], NotFound(_("Invalid version in hostname."))

    def _fits(self, version: str | None) -> bool:
        if not self.allowed:
            return True
        return (version is not None and version == self.default) or version in self.allowed
