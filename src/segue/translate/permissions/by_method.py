"""``get_permissions`` that asks for ``request.method``: the access function asks for it too.

Which pairs of action and method there are: what the URL offers, HEAD with GET's action (``ViewSetMixin.as_view``),
OPTIONS and the PUT and POST that it asks about (``SimpleMetadata.determine_actions``), any other method without action.
"""

from __future__ import annotations

from segue.target.ir import Import
from segue.translate.functions.same import canonical
from segue.translate.specialise.endpoint import Endpoint

Pair = tuple[str | None, str]
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
_ANY_OTHER = "(another method)"


def by_method(endpoint: Endpoint, actions: list[Pair]) -> tuple[list[str], set[Import]]:
    """The body of the access function. Raises ``Refused``."""
    from segue.translate.permissions.access import access_lines

    written: dict[str, tuple[str, ...]] = {}
    bodies: dict[Pair, tuple[str, ...]] = {}
    imports: set[Import] = set()
    for pair in _pairs(endpoint, actions):
        lines, needed = access_lines(endpoint.for_action(pair[0]), pair[1])
        key = canonical(endpoint.ctx, "\n".join(lines))
        if key not in written:
            written[key] = tuple(lines)
            imports |= needed
        bodies[pair] = written[key]
    rest = bodies[(None, _ANY_OTHER)]
    groups: dict[tuple[str, ...], list[Pair]] = {}
    for pair, body in bodies.items():
        if body != rest:
            groups.setdefault(body, []).append(pair)
    if not groups:
        return list(rest), imports
    if len(groups) == 1 and () in groups:
        test = _test(groups[()], bodies, " not")
        return [f"if {test}:", *(f"    {line}" for line in rest)], imports
    out: list[str] = []
    word = "if"
    for body, pairs in groups.items():
        out.append(f"{word} {_test(pairs, bodies, '')}:")
        out.extend(f"    {line}" for line in body or ("pass",))
        word = "elif"
    if rest:
        out.append("else:")
        out.extend(f"    {line}" for line in rest)
    return out, imports


def _pairs(endpoint: Endpoint, actions: list[Pair]) -> list[Pair]:
    offered = {method: action for action, method in actions}
    if endpoint.view.flavour != "viewset":
        return [(None, m) for m in (*_METHODS, _ANY_OTHER)]
    if "GET" in offered:
        offered.setdefault("HEAD", offered["GET"])
    pairs: list[Pair] = [(action, method) for method, action in offered.items()]
    pairs += [("metadata", m) for m in ("OPTIONS", "PUT", "POST")]
    pairs += [(None, m) for m in (*_METHODS, _ANY_OTHER) if m not in offered and m != "OPTIONS"]
    return pairs


def _test(pairs: list[Pair], bodies: dict[Pair, tuple[str, ...]], negated: str) -> str:
    """The condition under which exactly these of all pairs are met: by method or action alone where that tells."""
    methods = list(dict.fromkeys(m for _, m in pairs))
    if all(p in pairs for p in bodies if p[1] in methods):
        return _among("call.method", methods, negated)
    actions = list(dict.fromkeys(a for a, _ in pairs))
    if all(p in pairs for p in bodies if p[0] in actions):
        return _among("call.action", actions, negated)
    return f"(call.action, call.method){negated} in {tuple(pairs)!r}"


def _among(what: str, names: list[str] | list[str | None], negated: str) -> str:
    if len(names) == 1:
        return f"{what} {'!=' if negated else '=='} {names[0]!r}"
    return f"{what}{negated} in {tuple(names)!r}"
