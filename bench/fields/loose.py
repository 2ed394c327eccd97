"""Values that are not what a field wants: each side stores something for them, or refuses them. Standard library only."""

import datetime as dt
import decimal as de
import ipaddress
import uuid as ids

UTC = dt.UTC
MOMENT = dt.datetime(2024, 2, 29, 5, 0, 0, 7)
_NUMBERS = ["12", " 12 ", "1.5", "1_0", "x", "", b"5", 1.5, 1.0, -0.5, True, False, None, float("nan"), float("inf"), -float("inf"), de.Decimal("3.7"), de.Decimal("NaN"), [], {}, 2**31, 2**63, 2**70, -1, -(2**63) - 1, 10**400, 1e300]  # fmt: skip
LOOSE = {
    "integer": _NUMBERS,
    "float": [*_NUMBERS, "1e5", "inf", "nan"],
    "decimal": [*_NUMBERS, "1e2", "1.005", 0.1, 1.005, 2.675, de.Decimal("1.005"), de.Decimal("0.125"), de.Decimal("123456789.1"), de.Decimal("Infinity"), de.Decimal("1E+5"), de.Decimal("-0.001"), (0, (1, 5), -1)],
    "boolean": [0, 1, 2, "t", "f", "True", "False", "true", "1", "0", "x", "", 1.0, 0.0, None, [], de.Decimal(1)],
    "text": [5, True, None, 1.5, b"x", "\0", "x" * 700, "\ud800", de.Decimal("1.50"), ids.UUID(int=3), dt.date(2024, 2, 9), [1], {"a": 1}, ("t",)],
    "date": ["2024-02-29", "2024-2-9", "20240229", "2024-W09-4", "2024-02-30", "x", "", MOMENT, MOMENT.replace(tzinfo=UTC), "2024-02-29T05:00:00", "2024-02-29 05:00", None, 5, True, dt.time(5)],
    "datetime": ["2024-02-29T05:00:00Z", "2024-02-29 05:00", "2024-02-29 05:00:00.1+02", "2024-02-29", "2024-2-9 5:00", "20240229T050000", "x", "", dt.date(2024, 2, 29), dt.time(5), None, 5, 1.5, dt.datetime.min, dt.datetime.max, dt.datetime.min.replace(tzinfo=UTC), dt.datetime.max.replace(tzinfo=UTC), dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5))), dt.datetime(9999, 12, 31, 23, tzinfo=dt.timezone(dt.timedelta(hours=-5)))],
    "time": ["03:04", "3:04", "03:04:05.000006", "03:04:05,5", "03:04:05Z", "24:00", "x", "", MOMENT, MOMENT.replace(tzinfo=UTC), dt.time(5, tzinfo=UTC), dt.time(5, fold=1), None, 5, dt.date(2024, 2, 29)],
    "duration": [5, 1.5, "5", "1 00:00:01", "P1D", "-1 day", "x", "", None, dt.timedelta.max, dt.timedelta.min, dt.time(5), True],
    "uuid": ["12345678-1234-5678-1234-567812345678", "12345678123456781234567812345678", "{12345678-1234-5678-1234-567812345678}", "urn:uuid:12345678-1234-5678-1234-567812345678", 5, True, -1, 2**128, "x", "", b"\0" * 16, 1.5, None, []],
    "binary": [bytearray(b"a\0"), memoryview(b"b"), "a", "", 5, None, [1], b"x" * 300],
    "address": ["", " 10.0.0.1 ", "::ffff:10.0.0.1", "2001:0db8:0:0::1", "2001:DB8::1", "10.0.0.1/8", "010.0.0.1", "x", "1", 5, None, ipaddress.ip_address("10.0.0.1"), True, "::1%eth0", "::ffff:a00:1", "1:2:3:4:5:6:7::"],
    "json": [None, (1, 2), {1: 2, None: 3, False: 4}, {"a": (1,)}, float("nan"), float("inf"), "\0", {"\0": 1}, "\ud800", de.Decimal("1.5"), dt.date(2024, 2, 29), MOMENT.replace(tzinfo=UTC), ids.UUID(int=3), {1}, b"x", 10**400, {"a": float("-inf")}, 1e400],
    "reference": ["1", "x", "", True, None, 1.0, 1.5, 10**7, 2**40, 2**70, -1, ids.UUID(int=2), "00000000-0000-0000-0000-000000000002", "k2", b"k2", 0],
    "array": [None, (1, 2), (), [None, None], "{1,2}", "x", "", 5, {1}, {}, [[1], [2]], [[1], [2, 3]], ["1", "x"], [1.5], [True], ["a", 5], [b"x"], [float("nan")], [2**40], [de.Decimal("1.005")], ["x" * 11], [""], ["2024-02-29"], ["03:04"], [dt.date(2024, 2, 29)], [MOMENT], [{"a": 1}], [[]], [5, 6, 7, 8]],
    "pair": [None, [[1, 2]], [[1, 2], [3, 4]], [[1, 2], [3]], [["1", "2"]], [], [[]], [None], "x"],
    "hstore": [None, {"a": 1}, {1: "a"}, {"a": True}, {"a": [1]}, {None: "x"}, "a=>1", "x", [("a", "b")], [], {"a": "\0"}, 5, ["a"]],
    "range": [None, "[1,5)", "x", "", (1, 5), [1, 5], (5, 1), (None, None), ("1", "5"), (1,), 5, "empty", ["2024-02-01", "2024-02-29"], (dt.date(2024, 1, 1), dt.date(2024, 2, 29)), (MOMENT.replace(tzinfo=UTC), None), (MOMENT, None), (1.5, 2.5), (1.0, 2.0), (2**40, 2**41), (de.Decimal("1.5"), None)],
    "lexemes": ["a b", "'x':1", "x:", "'", None, 5, "", "b a a:3", {}],
}  # fmt: skip
for _name in ("email", "slug", "url", "file"):
    LOOSE[_name] = LOOSE["text"]
