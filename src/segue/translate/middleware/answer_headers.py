"""Whether a middleware asks for headers of the answer that Django's own middleware writes."""

from __future__ import annotations

import ast

from segue.snapshot.model import Snapshot
from segue.translate.middleware.limits import own_functions
from segue.translate.middleware.sources import tree_of

WRITTEN = frozenset(
    {
        "x-frame-options", "x-content-type-options", "referrer-policy", "strict-transport-security", "cross-origin-opener-policy",
        "content-language", "content-length", "vary", "set-cookie",
    }
)  # fmt: skip
"""Headers that Django's own middleware writes, in lower case."""
_CORS = "access-control-"


def asks_headers(snapshot: Snapshot, defined: str, *, of_cors: bool) -> bool:
    """Whether its code names one of them otherwise than to set it, any of CORS at all (``of_cors``: django-cors-headers writes
    some), or goes through all headers."""
    for function in own_functions(snapshot, defined):
        tree = tree_of(function)
        nodes = list(ast.walk(tree)) if tree is not None else []
        set_here = {
            id(n.slice) for n in nodes if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)
        }
        for node in nodes:
            match node:
                case ast.Constant(str() as text) if text.lower() in WRITTEN and id(node) not in set_here:
                    return True
                case ast.Constant(str() as text) if of_cors and text.lower().startswith(_CORS):
                    return True
                case ast.Attribute(attr="items" | "keys" | "values" | "cookies", value=owner) if (
                    "response" in ast.unparse(owner)
                ):
                    return True
    return False


__all__ = ["WRITTEN", "asks_headers"]
