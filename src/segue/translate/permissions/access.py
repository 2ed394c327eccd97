"""The access function of a resource: ``check_permissions`` for every action that a request may have."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from segue.refusal import Refused
from segue.target.ir import Import
from segue.translate.functions.same import canonical
from segue.translate.interp import carried
from segue.translate.interp.frame import Frame
from segue.translate.permissions.by_method import by_method
from segue.translate.permissions.by_request import choice_of, choose
from segue.translate.permissions.conditions import view_condition
from segue.translate.permissions.denied import statements
from segue.translate.permissions.own_checks import own_checks
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Made, Ref, call_method, plain

DYNAMIC = "dynamic-get-permissions"


def permissions_of(endpoint: Endpoint) -> list[Any]:
    """``get_permissions()`` for this endpoint: instances as :class:`Made`. Raises ``Refused``."""
    if endpoint.overridden("get_permissions"):
        found = call_method(endpoint, "get_permissions")
    else:
        found = plain(endpoint.policy("permission_classes"))
    if not isinstance(found, list):
        raise endpoint.refuse("permission", "permission_classes", "They are no list.")
    return _instances(endpoint, found)


def possible_permissions(endpoint: Endpoint) -> list[list[Any]]:
    """All that ``get_permissions()`` may give for this endpoint; one list where it depends on nothing else.

    Raises ``Refused``.
    """
    try:
        return [permissions_of(endpoint)]
    except Refused as refused:
        if refused.refusal.code != DYNAMIC:
            raise
    return [_instances(endpoint, found) for found in choice_of(endpoint).permissions]


def _instances(endpoint: Endpoint, found: list[Any]) -> list[Any]:
    return [
        p if isinstance(p, Made) else Made(p.name) if isinstance(p, Ref) else _bad(endpoint, p) for p in found
    ]


def _bad(endpoint: Endpoint, value: Any) -> Made:
    raise endpoint.refuse("permission", repr(value), "Segue does not know this permission.")


def access_lines(endpoint: Endpoint, method: str = "") -> tuple[list[str], set[Import]]:
    """The statements that check one action, in DRF's order; ``method`` where it decides which permissions there are.

    The permissions themselves ask for the method when they run. Raises ``Refused``.
    """
    with carried.permissions(endpoint):
        if endpoint.overridden("check_permissions"):
            return own_checks(endpoint.for_action(endpoint.action, method))
        return required(endpoint.for_action(endpoint.action, method))


def required(endpoint: Endpoint) -> tuple[list[str], set[Import]]:
    """``APIView.check_permissions``. Raises ``Refused``."""
    return _requirements(endpoint, permissions_of(endpoint))


def _requirements(endpoint: Endpoint, permissions: list[Any]) -> tuple[list[str], set[Import]]:
    lines: list[str] = []
    imports: set[Import] = set()
    for permission in permissions:
        condition = view_condition(endpoint, permission)
        if condition.statement:
            required, needed = statements(endpoint, condition)
            lines += required
            imports |= condition.imports | needed
    return lines, imports


def _asked(endpoint: Endpoint) -> tuple[list[str], set[Import]]:
    """:func:`access_lines` where ``get_permissions`` asks for more than the action."""
    if endpoint.overridden("check_permissions"):
        raise endpoint.refuse_method(
            "check_permissions", "It is overridden, and which permissions it asks is decided by the request."
        )

    def chosen(permissions: list[Any]) -> tuple[list[str], set[Import]]:
        with carried.perhaps(endpoint.ctx):
            return _requirements(endpoint, _instances(endpoint, permissions))

    with carried.permissions(endpoint):
        return choose(endpoint, chosen)


def access_body(endpoint: Endpoint, actions: list[tuple[str | None, str]]) -> tuple[list[str], set[Import]]:
    """The body for all ``(action, method)`` of a URL plus OPTIONS and unknown methods.

    Generic views have no actions: there the checks ask the method themselves.
    """
    if endpoint.overridden("get_permissions"):
        try:
            return _by_action(endpoint, actions)
        except Refused as refused:
            if refused.refusal.code != DYNAMIC:
                raise
        try:
            return by_method(endpoint, actions)
        except Refused as refused:
            if refused.refusal.code != DYNAMIC:
                raise
        return _by_action(endpoint, actions, asking=True)
    return _by_action(endpoint, actions)


def _by_action(
    endpoint: Endpoint, actions: list[tuple[str | None, str]], *, asking: bool = False
) -> tuple[list[str], set[Import]]:
    return by_action(endpoint, actions, _asked if asking else access_lines)


def by_action(
    endpoint: Endpoint,
    actions: list[tuple[str | None, str]],
    lines_of: Callable[[Endpoint], tuple[list[str], set[Import]]],
) -> tuple[list[str], set[Import]]:
    """What ``lines_of`` gives for each action that a request to the URL may have, told apart by ``call.action``."""
    is_viewset = endpoint.view.flavour == "viewset"
    wanted: list[str | None] = [None]
    if is_viewset:
        wanted = [*dict.fromkeys(a for a, _ in actions), "metadata", None]
    per_action: dict[str | None, tuple[str, ...]] = {}
    imports: set[Import] = set()
    written: dict[str, tuple[str, ...]] = {}
    for action in wanted:
        lines, needed = lines_of(endpoint.for_action(action))
        key = canonical(endpoint.ctx, "\n".join(lines))
        if key not in written:
            written[key] = tuple(lines)
            imports |= needed
        per_action[action] = written[key]
    groups: dict[tuple[str, ...], list[str | None]] = {}
    for action, body in per_action.items():
        groups.setdefault(body, []).append(action)
    if len(groups) == 1:
        return list(next(iter(groups))), imports
    rest = per_action[None]
    if len(groups) == 2 and groups.get(()) and rest:
        (names,) = (n for body, n in groups.items() if not body)
        return [f"if {_among(names, negated=True)}:", *(f"    {line}" for line in rest)], imports
    out: list[str] = []
    word = "if"
    for body, names in groups.items():
        if body == rest:
            continue
        out.append(f"{word} {_among(names)}:")
        out.extend(f"    {line}" for line in body or ("pass",))
        word = "elif"
    if rest:
        out.append("else:")
        out.extend(f"    {line}" for line in rest)
    return out, imports


def _among(names: list[str | None], *, negated: bool = False) -> str:
    if len(names) == 1:
        return f"call.action {'!=' if negated else '=='} {names[0]!r}"
    return f"call.action{' not' if negated else ''} in {tuple(names)!r}"


def for_call(frame: Frame, statement: str) -> str:
    """The statement is written for a function with ``call``; elsewhere the call is a parameter."""
    call = frame.state("call")
    return statement if ast.unparse(call) == "call" else statement.replace("call.", f"{ast.unparse(call)}.")
