"""``tzinfo=`` of the functions of dates: the zone that they are computed in (``TimezoneMixin.get_tzname``)."""

from __future__ import annotations

import ast
import zoneinfo
from dataclasses import replace

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Global, Scalar

_CURRENT = "django.utils.timezone.get_current_timezone"
_NAMED = "zoneinfo.ZoneInfo"
_UTC = frozenset({"datetime.UTC", "datetime.timezone.utc", "django.utils.timezone.utc"})


def zone_of(frame: Frame, call: CallSite) -> tuple[CallSite, str | None]:
    """The call without its ``tzinfo``, and the name of that zone; None for the current one."""
    node = call.raw_kwargs.get("tzinfo")
    if node is None:
        return call, None
    keywords = [keyword for keyword in call.node.keywords if keyword.arg != "tzinfo"]
    rest = replace(
        call,
        node=ast.copy_location(ast.Call(call.node.func, call.node.args, keywords), call.node),
        _kwargs=None,
    )
    found = _name(frame, node)
    if found is None:
        return rest, None
    use_tz = frame.ctx.snapshot.settings.values.get("USE_TZ")
    if use_tz is None or use_tz.data is not True:
        raise _refused(frame, call, "Without USE_TZ Django does not look at it.")
    if found not in zoneinfo.available_timezones():
        raise _refused(frame, call, "Segue does not know its time zone.")
    return rest, found


def _name(frame: Frame, node: ast.expr) -> str | None:
    """'' for a zone that is not known here."""
    if isinstance(node, ast.Call):
        called = frame.eval(node.func).kind
        name = called.ref.name if isinstance(called, Global) else ""
        if name == _CURRENT and not node.args and not node.keywords:
            return None
        first = node.args[0] if len(node.args) == 1 and not node.keywords else None
        named = name == _NAMED and isinstance(first, ast.Constant) and isinstance(first.value, str)
        return str(first.value) if named and isinstance(first, ast.Constant) else ""
    given = frame.eval(node)
    if given.kind == Const(None):
        return None
    if given.kind == Scalar("tzinfo"):
        return "UTC" if given.text.rpartition(".")[2].upper() == "UTC" else ""
    match given:
        case Val(Scalar("ZoneInfo"), ast.Call(_, [ast.Constant(str() as key)])):
            return key
    if isinstance(given.kind, Global) and given.kind.ref.name in _UTC:
        return "UTC"
    made = given.kind.ref.value if isinstance(given.kind, Global) else None
    if made is None or made.kind != "call" or len(made.items) != 1:
        return ""
    (argument,) = made.items
    if made.name == _NAMED and isinstance(argument.data, str):
        return argument.data
    return "UTC" if made.name == "datetime.timezone" and argument.data == "0" else ""


def _refused(frame: Frame, call: CallSite, why: str) -> Exception:
    return frame.refuse("expression", ast.unparse(call.node), why, call.node)
