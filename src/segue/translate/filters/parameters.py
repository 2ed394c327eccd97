"""Names of query parameters that ``REST_FRAMEWORK`` may change."""

from __future__ import annotations

import ast

from segue.translate.interp.value import literal
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import plain


def param(endpoint: Endpoint, backend: str, attribute: str, setting: str, usual: str) -> list[ast.keyword]:
    """``param="q"`` where the project's name is not the usual one.

    The class attribute of DRF's backend holds it; ``setting`` stands for snapshots without that class.
    """
    snapshot = endpoint.ctx.snapshot
    cls = snapshot.classes.get(backend)
    if cls is not None and attribute in cls.attributes:
        found = plain(cls.attributes[attribute].value)
    else:
        framework = snapshot.settings.values.get("REST_FRAMEWORK")
        found = (plain(framework) or {}).get(setting, usual) if framework is not None else usual
    if not isinstance(found, str) or not found:
        raise endpoint.refuse("filter-parameter", f"{setting} = {found!r}", "This is no name of a parameter.")
    return [] if found == usual else [ast.keyword("param", literal(found))]
