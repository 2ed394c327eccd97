"""Values for columns, the same in every process: boundaries first, then random ones by a seed. Standard library only.

Runs in Django's process and in that of the generated code. A range is made by ``ranges(lower, upper, bounds)`` of the side that
writes; everything else is a plain Python object on both. :func:`plain` writes a value down so that two that print alike are alike.
"""

import datetime as dt
import decimal as de
import ipaddress
import random
import uuid as ids
import zoneinfo

UTC = dt.UTC
PROJECT = zoneinfo.ZoneInfo("America/New_York")  # TIME_ZONE of the settings, in which a naive moment is taken
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
WORDS = (
    "", " ", "a", "It's", '"', "%s %% %(a)s", "\\ \\n \\'", "ä", "ß", "İı", "日本語", "😀", "e\u0301", "\u200b", "a\tb", "x\ny", "\r\n",
    "NULL", "0", "None", "--", "/* */", "$1", ":a", "?", "{}", "[]", "\u2028",
)  # fmt: skip


def values(column, count, seed, ranges, aware=True):
    """``count`` values for ``column`` (a dict of :class:`bench.fields.columns.Column`)."""
    chosen = random.Random("{} {}".format(seed, column["name"]))
    kind, params = column["kind"], dict(column["params"], aware=aware, ranges=ranges)
    found, seen = [], set()
    known = list(EDGES.get(kind, lambda _params: ())(params))
    tries = 0
    while len(found) < count:
        tries += 1
        if tries > count * 50:
            raise ValueError("not enough values for {}".format(column["name"]))
        value = known.pop(0) if known else MAKERS[kind](chosen, params)
        if not _fits(kind, params, value):
            continue
        if column["distinct"]:
            # without zones the two moments of an hour that comes twice are one
            key = str(value) if isinstance(value, dt.datetime) and not aware else _key(value)
            if key in seen:
                continue
            seen.add(key)
        found.append(value)
    # of a file None is the empty name, which two rows of a unique column cannot have
    if column["null"] and not (kind == "file" and column["distinct"]):
        for place in range(2, count, 7):
            found[place] = None
    return found


def plain(value):
    """The value as text, with its type and everything that ``==`` would not tell."""
    if value is None or isinstance(value, (bool, str)):
        return repr(value if not isinstance(value, str) else str(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "bytes " + bytes(value).hex()
    if isinstance(value, dt.datetime):
        return f"datetime {value.replace(tzinfo=None).isoformat()} {value.utcoffset()}"
    if isinstance(value, (list, tuple)):
        return "{} [{}]".format(type(value).__name__, ", ".join(map(plain, value)))
    if isinstance(value, dict):
        return "{{{}}}".format(", ".join(f"{plain(k)}: {plain(v)}" for k, v in value.items()))
    if hasattr(value, "isempty"):
        empty = value.isempty() if callable(value.isempty) else value.isempty
        if empty:
            return "range empty"
        bounds = value.bounds if hasattr(value, "bounds") else value._bounds
        return f"range {bounds} {plain(value.lower)} {plain(value.upper)}"
    if hasattr(value, "upload_to") or type(value).__name__ in ("FieldFile", "ImageFieldFile"):
        return plain(value.name or "")
    return f"{type(value).__name__} {value!r}"


def _key(value):
    if isinstance(value, str):
        return value.casefold().strip()
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=value.tzinfo or PROJECT).astimezone(UTC).replace(fold=0)
    if isinstance(value, (float, int, de.Decimal)):
        return float(value)
    if hasattr(value, "isempty"):
        return _range_key(value)
    return plain(value)


def _range_key(value):
    """The range as PostgreSQL keeps it: whole numbers and days with their first one and the one after their last."""
    low, high = value.lower, value.upper
    bounds = value.bounds if hasattr(value, "bounds") else value._bounds
    step = {int: 1, dt.date: dt.timedelta(1)}.get(type(high if low is None else low))
    if step is not None and bounds:
        low = low + step if low is not None and bounds[0] == "(" else low
        high = high + step if high is not None and bounds[1] == "]" and high != dt.date.max else high
    if bounds is None or (low is not None and high is not None and low >= high):
        return "empty"
    return f"{plain(low)} {plain(high)}"


def _fits(kind, params, value):
    if kind in ("text", "email", "slug", "url", "file"):
        return len(value) <= params.get("length", 600)
    return True


# -- random values -------------------------------------------------------------------------


def _integer(chosen, params):
    low, high = params["low"], params["high"]
    bits = chosen.randrange(1, max(2, high.bit_length() + 1))
    value = chosen.getrandbits(bits) * (1 if low >= 0 or chosen.random() < 0.5 else -1)
    return min(max(value, low), high)


def _float(chosen, _params):
    made = chosen.choice(
        (
            chosen.random() * 10 ** chosen.randrange(-300, 300),
            chosen.uniform(-1e6, 1e6),
            float(chosen.randrange(-99, 99)),
        )
    )
    return -made if chosen.random() < 0.3 else made


def _decimal(chosen, params):
    digits, places = params["digits"], params["places"]
    number = chosen.randrange(9 * 10 ** chosen.randrange(digits))
    made = de.Decimal(number).scaleb(-places, de.Context(prec=60))
    if chosen.random() < 0.2:
        made = made.normalize(de.Context(prec=60))
    return -made if chosen.random() < 0.4 else made


def _text(chosen, params):
    length = params.get("length", 200)
    made = "".join(
        chosen.choice(WORDS) if chosen.random() < 0.2 else chr(chosen.choice((chosen.randrange(32, 127), chosen.randrange(160, 0xD7FF), chosen.randrange(0xE000, 0x2FFFF))))
        for _ in range(chosen.randrange(0, min(length, 40)))
    )  # fmt: skip
    return made[:length]


def _name(chosen, alphabet, most):
    return "".join(chosen.choice(alphabet) for _ in range(chosen.randrange(1, most)))


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789"


def _slug(chosen, params):
    return _name(chosen, _LETTERS + "-_", params["length"])


def _email(chosen, _params):
    return "{}@{}.org".format(_name(chosen, _LETTERS + ".+'", 20), _name(chosen, _LETTERS, 20))


def _url(chosen, _params):
    return "http://{}/{}?{}".format(
        _name(chosen, _LETTERS, 20),
        _name(chosen, _LETTERS + "/%äé", 30),
        _name(chosen, "&=a1%20", 9),
    )


def _file(chosen, _params):
    return "f/{}.txt".format(_name(chosen, _LETTERS + " äß%'", 40))


def _date(chosen, params):
    return dt.date.fromordinal(
        chosen.randrange(params.get("low", 1), params.get("high", dt.date.max.toordinal()))
    )


def _naive(chosen):
    base = dt.datetime(chosen.choice((1, 1000, 1883, 1970, 2024, 2024, 2024, 9998)), 1, 2)
    micro = chosen.choice((0, 0, 1, 999999, 100000, chosen.randrange(10**6)))
    return base + dt.timedelta(seconds=chosen.randrange(363 * 86400), microseconds=micro)


def _datetime(chosen, params):
    made = _naive(chosen)
    if not params["aware"]:
        return made.replace(year=max(made.year, 2))
    zone = chosen.choice(
        (UTC, UTC, dt.timezone(dt.timedelta(minutes=chosen.randrange(-700, 800))), zoneinfo.ZoneInfo(chosen.choice(ZONES)))
    )  # fmt: skip
    return made.replace(tzinfo=zone, fold=chosen.randrange(2))


def _time(chosen, _params):
    return (
        dt.datetime(2000, 1, 1)
        + dt.timedelta(microseconds=chosen.randrange(86_400) * 10**6 + chosen.choice((0, 1, 999999, 120000)))
    ).time()


def _duration(chosen, _params):
    size = 10 ** chosen.randrange(1, 18)
    return dt.timedelta(microseconds=chosen.randrange(-size, size))


def _uuid(chosen, params):
    if params.get("version"):  # MariaDB's type takes no others
        return ids.UUID(int=chosen.getrandbits(128), version=params["version"])
    return ids.UUID(int=chosen.getrandbits(128))


def _binary(chosen, _params):
    return bytes(chosen.getrandbits(8) for _ in range(chosen.randrange(0, 90)))


def _address(chosen, params):
    if params.get("version") == 4 or chosen.random() < 0.5:
        return str(ipaddress.IPv4Address(chosen.getrandbits(32)))
    return str(ipaddress.IPv6Address(chosen.getrandbits(chosen.choice((20, 64, 128)))))


def _json(chosen, params, depth=0):
    pick = chosen.randrange(9 if depth < 3 else 6)
    if pick < 6:
        number = chosen.choice(
            (0, -1, 2**53 + 1, 10**25, 1.5, -0.1, 1e300, chosen.random(), chosen.randrange(10**9))
        )
        if params.get("rich") and chosen.random() < 0.3:
            return chosen.choice(
                (de.Decimal("1.50"), dt.date(2024, 2, 29), ids.UUID(int=5), dt.timedelta(seconds=5))
            )
        made = (
            number,
            number,
            _text(chosen, {"length": 20}),
            chosen.choice(WORDS),
            chosen.random() < 0.5,
            None,
        )[pick]
        return [made] if depth == 0 and made is None else made
    if pick < 8:
        return [_json(chosen, params, depth + 1) for _ in range(chosen.randrange(4))]
    return {
        _text(chosen, {"length": 9}) or "k": _json(chosen, params, depth + 1)
        for _ in range(chosen.randrange(5))
    }


def _reference(chosen, params):
    number = chosen.randrange(1, 400)
    return {"id": number, "code": f"k{number}", "uuid": ids.UUID(int=number)}[params["to"]]


def _array(chosen, params):
    inner = dict(params["of"], aware=params["aware"], ranges=params["ranges"])
    most = params["of"].get("most", 5)
    return [
        None if chosen.random() < 0.1 and params["item"] != "pair" else MAKERS[params["item"]](chosen, inner)
        for _ in range(chosen.randrange(most + 1))
    ]


def _pair(chosen, _params):
    return [chosen.randrange(-(2**31), 2**31), chosen.randrange(9)]


def _hstore(chosen, _params):
    return {
        _text(chosen, {"length": 9}) or "k": None if chosen.random() < 0.2 else _text(chosen, {"length": 30})
        for _ in range(chosen.randrange(6))
    }


def _range(chosen, params):
    inner = dict(params["of"], aware=params["aware"], ranges=params["ranges"])
    ends = [MAKERS[params["item"]](chosen, inner) for _ in range(2)]
    low, high = sorted(ends)
    if chosen.random() < 0.2:
        low = None
    if chosen.random() < 0.2:
        high = None
    bounds = chosen.choice(("[)", "[)", "[]", "()", "(]"))
    if params["item"] == "date" and high is not None and high > dt.date(9990, 1, 1):
        high = None
    return params["ranges"](params["item"], low, high, bounds)


def _lexemes(chosen, _params):
    words = sorted({_name(chosen, "abcdefgh", 6) for _ in range(chosen.randrange(5))})
    return " ".join(
        "'{}':{}{}".format(word, number + 1, chosen.choice(("", "A", "B")))
        for number, word in enumerate(words)
    )


MAKERS = {
    "integer": _integer, "float": _float, "decimal": _decimal, "boolean": lambda chosen, _: chosen.random() < 0.5, "text": _text,
    "slug": _slug, "email": _email, "url": _url, "file": _file, "date": _date, "datetime": _datetime, "time": _time,
    "duration": _duration, "uuid": _uuid, "binary": _binary, "address": _address, "json": _json, "reference": _reference,
    "array": _array, "pair": _pair, "hstore": _hstore, "range": _range, "lexemes": _lexemes,
}  # fmt: skip


# -- boundaries ----------------------------------------------------------------------------


def _moments(params):
    berlin, york = (zoneinfo.ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York"))
    naive = [
        dt.datetime(2024, 3, 10, 2, 30),  # not there in New York
        dt.datetime(2024, 11, 3, 1, 30),
        dt.datetime(2024, 11, 3, 1, 30, fold=1),  # there twice
        dt.datetime(1970, 1, 1),
        dt.datetime(2024, 2, 29, 23, 59, 59, 999999),
    ]
    if not params["aware"]:
        return [*naive, dt.datetime(9999, 12, 30, 23, 59, 59, 999999), dt.datetime(1, 1, 3)]
    return [
        *naive,
        *(moment.replace(tzinfo=zone) for moment in naive for zone in (berlin, york)),
        dt.datetime(1, 1, 2, tzinfo=UTC), dt.datetime(9999, 12, 30, 23, 59, 59, 999999, tzinfo=UTC),
    ]  # fmt: skip


def _nines(params):
    """The largest number; beyond 15 digits SQLite rounds it up, and Django cannot read what it stored."""
    digits = min(params["digits"], 15)
    return de.Decimal(10**digits - 1).scaleb(-params["places"], de.Context(prec=60))


EDGES = {
    "integer": lambda p: [p["low"], p["high"], 0 if p["low"] <= 0 else p["low"] + 1, 1, p["high"] - 1],
    "float": lambda p: [0.0, -0.0, 1.0, 0.1, 1e16, 5e-324, 1.7976931348623157e308, -1e-7, 123456789.123456789],
    "decimal": lambda p: [
        de.Decimal(0), _nines(p), de.Decimal("-0"),
        -de.Decimal(1).scaleb(-p["places"]), de.Decimal("0.1") if p["places"] else de.Decimal(1),
    ],
    "boolean": lambda p: [True, False],
    "text": lambda p: [*WORDS, "x" * p.get("length", 500)],
    "slug": lambda p: ["-", "a" * p["length"]],
    "file": lambda p: ["f/" + "a" * 98, "f/%s.txt", "f/a b'\".txt"],
    "date": lambda p: [dt.date.fromordinal(p.get("low", 1)), dt.date(1970, 1, 1), dt.date(2024, 2, 29), dt.date.fromordinal(p.get("high", dt.date.max.toordinal()))],
    "datetime": _moments,
    "time": lambda p: [dt.time(0), dt.time(23, 59, 59, 999999), dt.time(0, 0, 0, 1), dt.time(12), dt.time(1, 2, 3, 100)],
    "duration": lambda p: [dt.timedelta(0), dt.timedelta(microseconds=-1), dt.timedelta(days=-1, seconds=1), dt.timedelta(days=106751991), dt.timedelta(days=400, hours=25)],
    "uuid": lambda p: [ids.UUID(int=0), ids.UUID(int=2**128 - 1)],
    "binary": lambda p: [b"", b"\0", b"\xff\x00'\\x", bytes(range(95))],
    "address": lambda p: ["0.0.0.0", "255.255.255.255"] + ([] if p.get("version") == 4 else ["::", "::1", "::ffff:10.0.0.1", "fe80::1", "2001:db8::8:800:200c:417a"]),
    "json": lambda p: [{}, [], "", "x", 0, False, True, 1.0, 1e22, -0.0, {"": None}, {"b": 1, "a": 2}, [None], "😀\u2028", {"ä": "\\u0041"}, [[[[]]]], 10**30],
    "array": lambda p: [[]] if p["item"] == "pair" else [[], [None]],
    "pair": lambda p: [[1, 2]],
    "hstore": lambda p: [{}, {"a": None, "b": ""}, {'"': "'", "\\": "=>"}, {"NULL": "NULL"}],
    "range": lambda p: [p["ranges"](p["item"], None, None, "()"), p["ranges"](p["item"], None, None, "empty")],
    "lexemes": lambda p: ["", "'a':1 'b':2A"],
}  # fmt: skip
