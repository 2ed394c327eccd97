"""Functions of the standard library that compute and ask nobody: the generated code calls them as well.

What belongs here gives the same for the same arguments in every process (or is random in both), and changes nothing
that it is given. What reads a clock, a zone, a locale, a file, the network or the environment does not.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val
from segue.translate.kinds import (
    DictOf,
    Global,
    Kind,
    ListOf,
    Payload,
    Scalar,
    TupleOf,
    Unknown,
    ValidatedData,
)
from segue.translate.rules.builtins import code
from segue.translate.rules.registry import attribute, function, method

# Module → what each function of it gives. "Any" is something whose uses are Python's in both.
_MODULES: dict[str, dict[str, str]] = {
    "base64": dict.fromkeys(
        ("b16decode", "b16encode", "b32decode", "b32encode", "b85decode", "b85encode", "standard_b64decode",
         "standard_b64encode", "urlsafe_b64decode", "urlsafe_b64encode"), "bytes"),
    "binascii": {"hexlify": "bytes", "unhexlify": "bytes", "crc32": "int"},
    "calendar": {"isleap": "bool", "leapdays": "int", "monthrange": "Any", "weekday": "int", "timegm": "int"},
    "difflib": {"get_close_matches": "list[Any]"},
    "email.header": {"decode_header": "Any", "make_header": "Any"},
    "email.utils": {"parseaddr": "Any", "formataddr": "str"},
    "html": {"escape": "str", "unescape": "str"},
    "ipaddress": dict.fromkeys(("ip_address", "ip_interface", "ip_network"), "Any"),
    "math": dict.fromkeys(
        ("acos", "asin", "atan", "degrees", "exp", "fabs", "fmod", "fsum", "hypot", "log10", "log2", "pow",
         "tan"), "float")
    | dict.fromkeys(("comb", "factorial", "gcd", "isqrt", "lcm", "perm", "trunc"), "int")
    | dict.fromkeys(("isclose", "isfinite", "isinf", "isnan"), "bool"),
    "random": {"choices": "list[Any]", "sample": "list[Any]"},
    "re": {"escape": "str"},
    "secrets": {"choice": "Any", "randbelow": "int", "token_bytes": "bytes"},
    "shlex": {"quote": "str", "split": "list[Any]"},
    "statistics": dict.fromkeys(("fmean", "stdev", "pstdev"), "float")
    | dict.fromkeys(("mean", "median", "mode", "variance", "pvariance"), "Any"),
    "textwrap": {"fill": "str", "indent": "str", "wrap": "list[Any]"},
    "unicodedata": {"category": "str", "combining": "int", "normalize": "str"},
    "urllib.parse": {
        "parse_qs": "dict[str, Any]", "parse_qsl": "list[Any]", "quote_plus": "str", "unquote_plus": "str",
    },
    "uuid": {"uuid3": "UUID", "uuid5": "UUID"},
    "zlib": {"adler32": "int", "crc32": "int"},
}  # fmt: skip
FUNCTIONS = {f"{module}.{short}": kind for module, known in _MODULES.items() for short, kind in known.items()}

# Parts of ``urlsplit(text)`` (``urllib.parse.SplitResult``) and of ``urlparse(text)``.
_SPLIT = {
    "urllib.parse.urlsplit": "urllib.parse.SplitResult",
    "urllib.parse.urlparse": "urllib.parse.ParseResult",
}
_PARTS = ("scheme", "netloc", "path", "query", "fragment")
_NULLABLE = {"hostname": "str", "username": "str", "password": "str", "port": "int"}

# ``random.SystemRandom()`` of a module: it holds nothing, each draw asks the system.
_SYSTEM_RANDOM = {
    "choice": "Any", "choices": "list[Any]", "getrandbits": "int", "randint": "int", "random": "float",
    "randrange": "int", "sample": "list[Any]", "uniform": "float",
}  # fmt: skip


@function(*FUNCTIONS)
def pure(frame: Frame, call: CallSite) -> Val:
    """The call as it stands."""
    module, _, short = call.name.rpartition(".")
    return _called(frame, call, ast.Attribute(frame.module(module), short, ast.Load()), FUNCTIONS[call.name])


@function(*_SPLIT)
def split_url(frame: Frame, call: CallSite) -> Val:
    """``urlparse(text)``; one of bytes or None has parts of bytes."""
    first = call.argument(0, "url")
    if first is None or widen(first.kind) != Scalar("str"):
        raise frame.refuse(
            "argument", ast.unparse(call.node), "Only the address of a text is split.", call.node
        )
    split = ast.Attribute(frame.module("urllib.parse"), call.name.rpartition(".")[2], ast.Load())
    return _called(frame, call, split, _SPLIT[call.name])


@attribute(Scalar, *_PARTS, "params", *_NULLABLE)
def url_part(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``urlparse(text).netloc``; ``port`` of a text that is no number is a ``ValueError`` in both."""
    kind = owner.kind
    if not isinstance(kind, Scalar) or kind.type not in _SPLIT.values() or owner.node is None:
        return None
    if attr == "params" and kind.type.endswith("SplitResult"):
        return None
    found = Scalar(_NULLABLE[attr], True) if attr in _NULLABLE else Scalar("str")
    return Val(found, ast.Attribute(owner.node, attr, ast.Load()))


@method(Scalar, "geturl")
def whole_url(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``urlparse(text).geturl()``."""
    if not isinstance(owner.kind, Scalar) or owner.kind.type not in _SPLIT.values() or owner.node is None:
        return None
    call.only(at_most=0)
    return Val(Scalar("str"), ast.Call(ast.Attribute(owner.node, "geturl", ast.Load()), [], []))


@method(Global, *_SYSTEM_RANDOM)
def drawn(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``random.choices(…)`` where ``random = SystemRandom()``."""
    assert isinstance(owner.kind, Global)
    made = owner.kind.ref.value
    if owner.kind.ref.kind != "instance" or made is None or made.name != "random.SystemRandom":
        return None
    system = ast.Call(frame.imported("random", "SystemRandom"), [], [])
    drawing = ast.Attribute(system, call.name, ast.Load())
    return _called(frame, call, drawing, _SYSTEM_RANDOM[call.name])


def _called(frame: Frame, call: CallSite, target: ast.expr, result: str) -> Val:
    parts = [_plain(frame, v, n) for v, n in zip(call.args, call.raw_args, strict=True)]
    keywords = [ast.keyword(k, _plain(frame, v, call.node)) for k, v in call.kwargs.items()]
    return Val(Scalar(result), ast.Call(target, parts, keywords))


def _plain(frame: Frame, value: Val, node: ast.expr) -> ast.expr:
    """Code of data: what Python makes itself, and no mapping of a request, which has another class on each side."""
    if not is_data(value.kind):
        raise frame.refuse(
            "argument", ast.unparse(node), "Only plain data is passed to the standard library.", node
        )
    return code(frame, value, node)


def is_data(kind: Kind) -> bool:
    """Whether a value is plain data, through and through."""
    if isinstance(kind, Payload | ValidatedData):
        return False
    if isinstance(kind, ListOf):
        return is_data(kind.item) or (isinstance(kind.item, Unknown) and kind.item.why == "empty")
    if isinstance(kind, TupleOf):
        return all(is_data(item) for item in kind.items)
    if isinstance(kind, DictOf):
        values = [v for _, v in kind.items] + ([kind.value] if kind.value is not None else [])
        return all(is_data(v) for v in values)
    return isinstance(widen(kind), Scalar | ListOf) or getattr(kind, "value", ...) is None


__all__ = ["FUNCTIONS", "is_data"]
