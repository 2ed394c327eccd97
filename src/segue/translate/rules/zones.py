"""``django.utils.timezone`` and ``zoneinfo``: moments seen in a time zone, with one and without."""

from __future__ import annotations

import ast
import zoneinfo

from segue.snapshot.model import Value
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, Global, Scalar
from segue.translate.rules.registry import context, function
from segue.translate.versions import since

_UTILS = "django.utils.timezone"
_UTC = ("datetime.timezone.utc", "datetime.UTC", f"{_UTILS}.utc")
# What Django takes beside the value, and what comes out.
_RESULTS = {"localtime": "datetime", "localdate": "date", "make_aware": "datetime", "make_naive": "datetime"}


@function(*(f"{_UTILS}.{short}" for short in _RESULTS))
def of_zone(frame: Frame, call: CallSite) -> Val:
    """``localtime(value, zone)``, ``localdate``, ``make_aware(value, timezone=zone)``, ``make_naive``: in the current zone without one."""
    short = call.name.rpartition(".")[2]
    local = short.startswith("local")
    use_tz = frame.ctx.snapshot.settings.values.get("USE_TZ")
    if local and use_tz is not None and use_tz.data is False:
        raise frame.refuse(
            "naive-clock", f"{short}()", "USE_TZ is off: Django refuses naive values here.", call.node
        )
    if not local and not since(frame.ctx.snapshot.versions.django, 4):
        raise frame.refuse(
            "naive-clock",
            f"{short}()",
            "Zones of pytz, as Django 3.2 has them, move moments otherwise.",
            call.node,
        )
    call.only("value", "timezone", at_most=2)
    value, zone = call.argument(0, "value"), call.argument(1, "timezone")
    made = ast.Call(frame.imported("segue_bridge.zone", short), [], [])
    if value is not None and value.kind != Const(None):
        kind = value.kind
        if not isinstance(kind, Scalar) or kind.type != "datetime" or kind.nullable or value.node is None:
            raise frame.refuse(
                "localtime", ast.unparse(call.node), "Its argument may be no datetime.", call.node
            )
        made.args.append(value.node)
    elif not local:
        raise frame.refuse("localtime", ast.unparse(call.node), "Its argument may be no datetime.", call.node)
    where = zone_value(frame, zone)
    if where is False:
        raise frame.refuse("localtime", ast.unparse(call.node), "Segue does not know this zone.", call.node)
    if isinstance(where, ast.expr):
        if made.args:
            made.args.append(where)
        else:
            made.keywords.append(ast.keyword("zone", where))
    return Val(Scalar(_RESULTS[short]), made)


def zone_value(frame: Frame, zone: Val | None) -> ast.expr | bool | None:
    """The code of a zone, None for the current one, False for what is not known to be one."""
    if zone is None or zone.kind == Const(None):
        return None
    if isinstance(zone.kind, Scalar) and zone.kind.type in ("tzinfo", "ZoneInfo") and not zone.kind.nullable:
        return zone.node if zone.node is not None else False
    if isinstance(zone.kind, Global) and zone.kind.ref.name in _UTC:
        return frame.imported("datetime", "UTC")
    return False


@function("zoneinfo.ZoneInfo")
def named(frame: Frame, call: CallSite) -> Val | None:
    """``ZoneInfo("Europe/Berlin")``. A name that is computed may be none: its exceptions are the library's own."""
    call.only("key", at_most=1)
    first = call.argument(0, "key")
    if first is None or first.node is None:
        return None
    known = first.kind.value if isinstance(first.kind, Const) else None
    text = isinstance(first.kind, Scalar) and first.kind == Scalar("str")
    if not text and known not in zoneinfo.available_timezones():
        raise frame.refuse("localtime", ast.unparse(call.node), "Segue does not know this zone.", call.node)
    return Val(Scalar("ZoneInfo"), ast.Call(frame.imported("zoneinfo", "ZoneInfo"), [first.node], []))


def held_zone(frame: Frame, value: Value | None) -> Val | None:
    """``UTC`` or ``ZoneInfo("Europe/Berlin")`` that a module keeps; None for what is no zone."""
    match value:
        case Value("call", name="datetime.timezone", items=(Value("timedelta", data="0"),), pairs=()):
            return Val(Scalar("tzinfo"), frame.imported("datetime", "UTC"))
        case Value("call", name="zoneinfo.ZoneInfo", items=(Value("const", data=str() as key),)):
            return Val(
                Scalar("ZoneInfo"), ast.Call(frame.imported("zoneinfo", "ZoneInfo"), [literal(key)], [])
            )
    return None


@function(f"{_UTILS}.get_current_timezone", f"{_UTILS}.get_default_timezone")
def zones(frame: Frame, call: CallSite) -> Val | None:
    """``timezone.get_current_timezone()``: the zone of the request; with ``USE_TZ``, and zones that are no pytz ones."""
    use_tz = frame.ctx.snapshot.settings.values.get("USE_TZ")
    if use_tz is None or use_tz.data is not True or not since(frame.ctx.snapshot.versions.django, 4):
        return None
    call.only(at_most=0)
    short = "current_zone" if "current" in call.name else "clock"
    made = quote("{0}()", frame.imported("segue_bridge.zone", short))
    return Val(Scalar("tzinfo"), made)


@function(f"{_UTILS}.get_current_timezone_name")
def zone_name(frame: Frame, call: CallSite) -> Val:
    """``timezone.get_current_timezone_name()``."""
    call.only(at_most=0)
    return Val(Scalar("str"), quote("{0}.name()", frame.imported("segue_bridge", "zone")))


@context(f"{_UTILS}.override")
def override(frame: Frame, call: ast.Call, name: str, node: ast.With) -> bool:
    """``with timezone.override(zone):``: refused, as queries in it are made anew in that zone."""
    raise frame.refuse(
        "localtime",
        ast.unparse(call),
        "Part of the view runs in another time zone. Give the zone to localtime(), Trunc(…, tzinfo=…) and the like.",
        node,
    )


def surely_aware(frame: Frame, node: ast.expr | None) -> bool:
    """Whether a datetime has an offset for certain: a column with ``USE_TZ``, or what was made with one. A naive one is of the zone of
    the process, which Django sets to ``TIME_ZONE``."""
    use_tz = frame.ctx.snapshot.settings.values.get("USE_TZ")
    if use_tz is None or use_tz.data is not True:
        return False
    match node:
        case ast.Attribute():
            return True
        case ast.Call(ast.Name("localtime" | "make_aware")):
            return True
        case ast.Call(ast.Attribute(ast.Name("datetime"), "now"), [_]):
            return True
    return False
