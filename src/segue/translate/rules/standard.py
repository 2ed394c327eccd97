"""Pure functions of the standard library, and methods of plain values: kept as they are."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import replace

from segue.target.ir import Import
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, joined_keys, keys_of, said_keys, widen
from segue.translate.interp.known_dicts import looked_up
from segue.translate.interp.members import has_members
from segue.translate.interp.scope import in_source
from segue.translate.interp.statements.simple import learn
from segue.translate.interp.value import Val, const, name, quote
from segue.translate.kinds import (
    Const,
    DictOf,
    Global,
    Instance,
    Kind,
    ListOf,
    Scalar,
    TupleOf,
    Unknown,
    ValidatedData,
)
from segue.translate.needs import Needs
from segue.translate.rules.builtins import code, code_any
from segue.translate.rules.registry import attribute, function, method
from segue.translate.rules.zones import surely_aware
from segue.translate.serializers.added import lose

# dotted name → what it gives
FUNCTIONS = {
    "datetime.timedelta": "timedelta",
    "datetime.datetime": "datetime",
    "datetime.date": "date",
    "datetime.time": "time",
    "datetime.datetime.combine": "datetime",
    "datetime.datetime.strptime": "datetime",
    "datetime.datetime.fromisoformat": "datetime",
    "datetime.datetime.fromtimestamp": "datetime",
    "datetime.datetime.now": "datetime",
    "datetime.datetime.utcnow": "datetime",
    "datetime.datetime.today": "datetime",
    "datetime.date.fromisoformat": "date",
    "decimal.Decimal": "Decimal",
    "time.time": "float",
    "time.perf_counter": "float",
    "time.monotonic": "float",
    "uuid.UUID": "UUID",
    "uuid.uuid4": "UUID",
    "email.message_from_string": "Any",
    "email.parser.HeaderParser": "Any",
    "email.parser.Parser": "Any",
    "json.dumps": "str",
    "json.loads": "Any",
    "json.load": "Any",
    "math.ceil": "int",
    "math.floor": "int",
    "math.sqrt": "float",
    "math.log": "float",
    "math.radians": "float",
    "math.sin": "float",
    "math.cos": "float",
    "math.atan2": "float",
    "re.sub": "str",
    "re.split": "list[Any]",
    "re.findall": "list[Any]",
    "secrets.token_hex": "str",
    "secrets.token_urlsafe": "str",
    "secrets.compare_digest": "bool",
    "hmac.compare_digest": "bool",
    "urllib.parse.quote": "str",
    "urllib.parse.unquote": "str",
    "urllib.parse.urlencode": "str",
    "urllib.parse.urljoin": "str",
    "os.path.basename": "str",
    "os.path.join": "str",
    "copy.copy": "Any",
    "copy.deepcopy": "Any",
    "itertools.chain": "Any",
    "random.randint": "int",
    "random.random": "float",
    "random.choice": "Any",
    "random.randrange": "int",
    "random.uniform": "float",
    "string.capwords": "str",
    "textwrap.shorten": "str",
    "textwrap.dedent": "str",
    "base64.b64encode": "bytes",
    "zlib.compress": "bytes",
    "zlib.decompress": "bytes",
    "base64.b64decode": "bytes",
}


def spelled(frame: Frame, dotted: str) -> ast.expr:
    """The expression of ``dotted``; its module's name is imported."""
    parts = dotted.split(".")
    if parts[0] == "datetime":
        frame.use(Import("datetime", parts[1]))
        return name(".".join(parts[1:]))
    if parts[0] in ("decimal", "uuid", "copy") and len(parts) == 2 and parts[1][0].isupper():
        frame.use(Import(parts[0], parts[1]))
        return name(parts[1])
    return ast.Attribute(frame.module(".".join(parts[:-1])), parts[-1], ast.Load())


def _not_none(frame: Frame, owner: Val, kind: Scalar, call: CallSite) -> Val:
    """``owner`` to call a method of: None has none, which is an ``AttributeError`` on both sides.

    Refused for a field's source, where DRF catches that error (``Field.get_attribute``).
    """
    assert owner.node is not None
    if in_source(frame.ctx) or hasattr(None, call.name):
        raise frame.refuse("nullable", owner.text, "This may be None here, and nothing checks it.", call.node)
    helper = frame.imported("segue_bridge.db.reads", "not_none")
    return Val(replace(kind, nullable=False), quote("{0}({1})", helper, owner.node))


def _copy(frame: Frame, call: CallSite) -> Val | None:
    """``deepcopy(self.instance)``: an object of its own, of the same row."""
    first = call.args[0] if len(call.args) == 1 and not call.kwargs else None
    if first is None or not isinstance(first.kind, Instance) or first.node is None:
        return None
    if first.kind.mode != "entity" or (first.kind.nullable and _asks_for_none(frame, call.node)):
        raise frame.refuse(
            "copy", ast.unparse(call.node), "Only an object that is written can be copied.", call.node
        )
    helper = frame.imported("segue_bridge.db.base", "copied")
    site = Needs(first.kind.model, written=True)
    node: ast.expr = first.node
    if first.kind.nullable:  # a copy of None has none of the attributes that are asked of it or set
        node = quote("{0}({1})", frame.imported("segue_bridge.db.reads", "not_none"), node)
    return Val(Instance(first.kind.model, site, "entity"), quote("{0}({1})", helper, node))


def _asks_for_none(frame: Frame, copy: ast.Call) -> bool:
    """Whether a copy of None could go on: unless, whatever happens, an attribute is asked of it or set before anything else is done."""
    text = ast.unparse(copy)
    tree = ast.parse(textwrap.dedent(frame.function.source)).body[0]
    body = tree.body if isinstance(tree, ast.FunctionDef) else []
    return not _then(body, text, [])


def _then(block: list[ast.stmt], copy: str, outside: list[ast.stmt]) -> bool:
    """Whether ``block``, behind which ``outside`` stands, has ``x = <copy>`` and fails for None right behind it."""
    for index, statement in enumerate(block):
        behind = [*block[index + 1 :], *outside]
        match statement:
            case ast.Assign([ast.Name(local)], value) if ast.unparse(value) == copy:
                return _fails_without(behind, local)
            case ast.If(body=body, orelse=orelse):
                if _then(body, copy, behind) or _then(orelse, copy, behind):
                    return True
    return False


def _fails_without(statements: list[ast.stmt], local: str) -> bool:
    for statement in statements:
        match statement:
            case ast.For(body=[ast.Expr(ast.Call(ast.Name("setattr"), [ast.Name(name), *_]))], orelse=[]) if (
                name == local
            ):
                continue  # none, or it fails
            case ast.Expr(ast.Call(ast.Attribute(ast.Name(name)))):
                return name == local  # before its arguments are anything
            case ast.Assign([ast.Attribute(ast.Name(name))], ast.Name() | ast.Constant()):
                return name == local
            case _:
                return False
    return False


def _standard(frame: Frame, call: CallSite) -> Val:
    if call.name == "json.dumps" and "cls" in call.kwargs:
        from segue.translate.rules.json_encoders import encoded

        return encoded(frame, call)
    if call.name == "copy.deepcopy":
        copied = _copy(frame, call)
        if copied is not None:
            return copied
    parts = [code(frame, v, n) for v, n in zip(call.args, call.raw_args, strict=True)]
    keywords = [ast.keyword(k, code(frame, v, call.node)) for k, v in call.kwargs.items()]
    result = FUNCTIONS[call.name]
    if call.name in ("datetime.datetime.now", "datetime.datetime.today") and not (parts or keywords):
        return Val(Scalar(result), quote("{0}()", frame.imported("segue_bridge.zone", "wall_time")))
    if (
        call.name.startswith("datetime.datetime.")
        and call.name.endswith(("fromtimestamp", "now", "utcnow", "today"))
        and (
            call.name.endswith(("utcnow", "today"))
            or not (parts[1:] or keywords or (parts and call.name.endswith("now")))
        )
    ):
        raise frame.refuse(
            "naive-clock",
            ast.unparse(call.node),
            "It reads the clock in the process's zone, which Django sets.",
            call.node,
        )
    kind: Kind = Scalar(result)
    return Val(kind, ast.Call(spelled(frame, call.name), parts, keywords))


def _class_method(frame: Frame, call: CallSite) -> Val:
    """``datetime.fromisoformat(…)``: the methods that are written in C say that they are of ``builtins``."""
    call.name = call.name.replace("builtins.", "datetime.", 1)
    return _standard(frame, call)


for _name in FUNCTIONS:
    function(_name)(_standard)
    if _name.startswith(("datetime.datetime.", "datetime.date.")):
        function(_name.replace("datetime.", "builtins.", 1))(_class_method)


@function(
    *(f"posixpath.{n}" for n in ("basename", "dirname", "join", "normcase", "normpath", "splitext")),
    "os.path.splitext",
)
def os_path(frame: Frame, call: CallSite) -> Val:
    """Functions of ``os.path`` on names, which a process knows as ``posixpath``."""
    short = call.name.rpartition(".")[2]
    parts = [code(frame, v, n) for v, n in zip(call.args, call.raw_args, strict=True)]
    text = Scalar("str")
    if len(call.args) == 1 and widen(call.args[0].kind) == Scalar("str", True) and not call.kwargs:
        # None is a ``TypeError``, as in Django.
        parts = [quote("{0}({1})", frame.imported("segue_bridge.storage", "path_text"), parts[0])]
        kind = TupleOf((text, text)) if short == "splitext" else text
        return Val(kind, ast.Call(spelled(frame, f"os.path.{short}"), parts, []))
    if call.kwargs or any(widen(v.kind) != text for v in call.args):
        raise frame.refuse("os-path", ast.unparse(call.node), "Only texts are known here.", call.node)
    kind = TupleOf((text, text)) if short == "splitext" else text
    return Val(kind, ast.Call(spelled(frame, f"os.path.{short}"), parts, []))


@function("mimetypes.guess_type")
def guess_type(frame: Frame, call: CallSite) -> Val:
    """``mimetypes.guess_type(name)``: type and encoding, each may be None."""
    call.only("url", "strict", at_most=2)
    parts = [code(frame, v, n) for v, n in zip(call.args, call.raw_args, strict=True)]
    keywords = [ast.keyword(k, code(frame, v, call.node)) for k, v in call.kwargs.items()]
    kinds = TupleOf((Scalar("str", True), Scalar("str", True)))
    return Val(kinds, ast.Call(spelled(frame, call.name), parts, keywords))


@function("random.seed")
def seed(frame: Frame, call: CallSite) -> Val:
    """Python's one generator of random numbers begins anew, for the process, as it does in Django's."""
    call.only(at_most=1)
    parts = [code(frame, v, n) for v, n in zip(call.args, call.raw_args, strict=True)]
    return Val(Const(None), ast.Call(spelled(frame, call.name), parts, []))


_HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


@function(*(f"_hashlib.openssl_{short}" for short in _HASHES))
def hashed(frame: Frame, call: CallSite) -> Val:
    """``hashlib.sha1(...)``: what the module calls so is OpenSSL's."""
    short = call.name.removeprefix("_hashlib.openssl_")
    parts = [code(frame, v, n) for v, n in zip(call.args, call.raw_args, strict=True)]
    keywords = [ast.keyword(k, code(frame, v, call.node)) for k, v in call.kwargs.items()]
    return Val(Scalar("hashlib._Hash"), ast.Call(spelled(frame, f"hashlib.{short}"), parts, keywords))


@function("datetime.date.today", "builtins.date.today")
def today(frame: Frame, call: CallSite) -> Val:
    """The process's zone is TIME_ZONE in Django; the bridge's clock knows it."""
    call.only(at_most=0)
    return Val(Scalar("date"), quote("{0}()", frame.imported("segue_bridge.zone", "today")))


@attribute(Global, "max", "min", "utc")
def constants(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``time.max``, ``datetime.min``, ``timezone.utc``."""
    assert isinstance(owner.kind, Global)
    short = owner.kind.ref.name
    if short in ("datetime.time", "datetime.datetime", "datetime.date") and attr in ("max", "min"):
        return Val(Scalar(short.rpartition(".")[2]), ast.Attribute(spelled(frame, short), attr, ast.Load()))
    if short == "datetime.timezone" and attr == "utc":
        return Val(Scalar("tzinfo"), ast.Attribute(spelled(frame, short), attr, ast.Load()))
    return None


@function("re.match", "re.search", "re.fullmatch")
def match(frame: Frame, call: CallSite) -> Val:
    """``re.match(...)``."""
    parts = [code(frame, v, call.node) for v in call.args]
    call.only()
    return Val(Scalar("re.Match[str]", True), ast.Call(spelled(frame, call.name), parts, []))


PATTERN = "re.Pattern[str]"


@function("re.compile")
def compiled(frame: Frame, call: CallSite) -> Val:
    """``re.compile(pattern, flags)``."""
    call.only("flags")
    if not call.args or widen(call.args[0].kind) != Scalar("str"):
        raise frame.refuse("regex", ast.unparse(call.node), "The pattern is no plain text.", call.node)
    parts = [code(frame, v, call.node) for v in call.args]
    keywords = [ast.keyword(k, code(frame, v, call.node)) for k, v in call.kwargs.items()]
    return Val(Scalar(PATTERN), ast.Call(spelled(frame, call.name), parts, keywords))


def _pattern_method(name: str) -> Kind | None:
    """What a method of a compiled pattern over text gives."""
    if name in ("match", "search", "fullmatch"):
        return Scalar("re.Match[str]", True)
    if name == "sub":
        return Scalar("str")
    return Scalar("list[Any]") if name in ("split", "findall") else None


STR = {
    **dict.fromkeys(
        (
            "strip",
            "lstrip",
            "rstrip",
            "lower",
            "upper",
            "title",
            "capitalize",
            "replace",
            "format",
            "zfill",
            "ljust",
            "rjust",
            "center",
            "swapcase",
            "casefold",
            "removeprefix",
            "removesuffix",
            "join",
            "expandtabs",
            "translate",
        ),
        "str",
    ),
    **dict.fromkeys(
        (
            "startswith",
            "endswith",
            "isdigit",
            "isalpha",
            "isalnum",
            "isnumeric",
            "isdecimal",
            "isspace",
            "isupper",
            "islower",
            "isidentifier",
        ),
        "bool",
    ),
    **dict.fromkeys(("find", "rfind", "index", "rindex", "count"), "int"),
    "encode": "bytes",
}
LISTS = ("split", "rsplit", "splitlines", "partition", "rpartition")
BYTES = ("lower", "upper", "strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "replace")
MOMENT = {
    "isoformat": "str",
    "strftime": "str",
    "date": "date",
    "time": "time",
    "timestamp": "float",
    "weekday": "int",
    "isoweekday": "int",
    "utcoffset": "timedelta",
    "total_seconds": "float",
    "quantize": "Decimal",
    "hex": "str",
    "is_integer": "bool",
    "decode": "str",
    "hexdigest": "str",
    "digest": "bytes",
    "group": "Any",
    "groups": "Any",
    "start": "int",
    "end": "int",
    "groupdict": "Any",
    "toordinal": "int",
    "isocalendar": "Any",
    "ctime": "str",
    "bit_length": "int",
    "normalize": "Decimal",
    "copy_abs": "Decimal",
}


def _known_ends(owner: Val, call: CallSite) -> bool | None:
    """``action.startswith("pre_")`` of a text that is known."""
    if call.name not in ("startswith", "endswith") or len(call.args) != 1 or call.kwargs:
        return None
    text, end = (
        value.kind.value if isinstance(value.kind, Const) else None for value in (owner, call.args[0])
    )
    if not isinstance(text, str) or not isinstance(end, str):
        return None
    return text.startswith(end) if call.name == "startswith" else text.endswith(end)


@method(Scalar, "*")
@method(Const, "*")
def plain_method(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """Methods of str, numbers, dates: pure, the same on both sides."""
    known = _known_ends(owner, call)
    if known is not None:
        return const(known)
    kind = widen(owner.kind)
    if not isinstance(kind, Scalar) or owner.node is None:
        return None
    if kind.nullable and kind.type != "Any":
        owner = _not_none(frame, owner, kind, call)
        kind = replace(kind, nullable=False)
    assert owner.node is not None
    result: Kind | None = None
    told = _folded(owner, call)
    if told is not None:
        return told
    if kind.type == "str":
        if call.name in STR:
            result = Scalar(STR[call.name])
        elif call.name in LISTS:
            result = ListOf(Scalar("str"), "tuple" if "partition" in call.name else "list")
    elif kind.type == "bytes" and call.name in (*BYTES, "split", "startswith", "endswith"):
        result = Scalar("bytes") if call.name in BYTES else Scalar("bool")
        if call.name == "split":
            result = ListOf(Scalar("bytes"))
    elif kind.type == PATTERN:
        result = _pattern_method(call.name)
    elif kind.type in ("datetime", "date", "time") and call.name in ("replace",):
        result = Scalar(kind.type)
    elif kind.type == "datetime" and call.name == "astimezone":
        if not call.args:
            raise frame.refuse(
                "naive-clock", ast.unparse(call.node), "It uses the process's zone.", call.node
            )
        result = Scalar("datetime")
    elif kind.type not in ("Any", "str") and call.name in MOMENT:
        result = Scalar(MOMENT[call.name])
    elif kind.type in ("Any", "dict[str, Any]", "list[Any]"):
        if call.name in ("save", "delete", "filter", "all"):
            return None
        result = Scalar("Any")
        if call.name in STR:
            result = Scalar(STR[call.name])
    if result is None:
        return None
    parts: list[ast.expr] = []
    for value, node in zip(call.args, call.raw_args, strict=True):
        if call.name == "join":
            from segue.translate.interp.expressions.comprehensions import awaits
            from segue.translate.interp.iterate import iterable

            inner, item = iterable(frame, value, node)
            if not isinstance(item, Scalar) or item.type not in ("str", "Any"):
                raise frame.refuse("join", ast.unparse(call.node), "The parts are not text.", call.node)
            if awaits(inner):
                assert isinstance(inner, ast.GeneratorExp)
                inner = ast.ListComp(inner.elt, inner.generators)
            parts.append(inner)
        elif call.name == "format":
            from segue.translate.interp.expressions.literals import printable

            parts.append(printable(frame, value, node))
        else:
            parts.append(code(frame, value, node))
    keywords: list[ast.keyword] = []
    for key, value in call.kwargs.items():
        from segue.translate.interp.expressions.literals import printable

        keywords.append(
            ast.keyword(
                key,
                printable(frame, value, call.node)
                if call.name == "format"
                else code(frame, value, call.node),
            )
        )
    if (
        kind.type == "datetime"
        and call.name in ("astimezone", "timestamp")
        and not surely_aware(frame, owner.node)
    ):
        helper = frame.imported("segue_bridge.zone", call.name)
        return Val(result, ast.Call(helper, [owner.node, *parts], keywords))
    return Val(result, ast.Call(ast.Attribute(owner.node, call.name, ast.Load()), parts, keywords))


@attribute(
    Scalar,
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "microsecond",
    "days",
    "seconds",
    "tzinfo",
    "real",
)
def moment_part(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``date.year``, ``delta.days``."""
    kind = owner.kind
    assert isinstance(kind, Scalar)
    if kind.nullable or owner.node is None or kind.type not in ("date", "datetime", "time", "timedelta"):
        return None
    return Val(
        Scalar("tzinfo", True) if attr == "tzinfo" else Scalar("int"),
        ast.Attribute(owner.node, attr, ast.Load()),
    )


@method(
    ListOf,
    "append",
    "extend",
    "insert",
    "add",
    "update",
    "remove",
    "discard",
    "sort",
    "reverse",
    "pop",
    "index",
    "count",
    "copy",
    "clear",
    "union",
    "intersection",
    "difference",
    "issubset",
    "issuperset",
    "symmetric_difference",
)
def list_method(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """Methods of lists and sets; the variable learns what was put in."""
    kind = owner.kind
    assert isinstance(kind, ListOf)
    if owner.node is None:
        return None
    spread = _union_of_all(frame, owner, call)
    if spread is not None:
        return spread
    added: Kind | None = None
    parts: list[ast.expr] = []
    for value, node in zip(call.args, call.raw_args, strict=True):
        if call.name in (
            "extend",
            "update",
            "union",
            "intersection",
            "difference",
            "issubset",
            "issuperset",
            "symmetric_difference",
        ):
            from segue.translate.interp.expressions.comprehensions import awaits
            from segue.translate.interp.iterate import iterable

            inner, item = iterable(frame, value, node)
            if awaits(inner):
                assert isinstance(inner, ast.GeneratorExp)
                inner = ast.ListComp(inner.elt, inner.generators)
            added = item if added is None else join(added, item)
            parts.append(inner)
        else:
            added = widen(value.kind)
            parts.append(code_any(frame, value, node))
    keywords: list[ast.keyword] = []
    for key, value in call.kwargs.items():
        if call.name == "sort" and key == "key":
            from segue.translate.interp.callbacks import as_function

            keywords.append(ast.keyword("key", as_function(frame, value, [kind.item], call.node)[0]))
        else:
            keywords.append(ast.keyword(key, code(frame, value, call.node)))
    if call.name in ("append", "extend", "insert", "add", "update") and added is not None:
        item = (
            added if isinstance(kind.item, Unknown) and kind.item.why == "empty" else join(kind.item, added)
        )
        if isinstance(item, Unknown) and not frame.bottom(item, call.node):
            raise frame.refuse(
                "mixed-list", ast.unparse(call.node), "The list holds things of different kinds.", call.node
            )
        _relearn(frame, owner, ListOf(item, kind.type))
        if isinstance(call.node.func, ast.Attribute) and isinstance(call.node.func.value, ast.Subscript):
            learn(frame, call.node.func.value, ListOf(item, kind.type))  # found["a"].append(x)
    result: Kind = Const(None)
    if call.name in ("pop",):
        result = kind.item
    elif call.name in ("index", "count"):
        result = Scalar("int")
    elif call.name in ("copy", "union", "intersection", "difference", "symmetric_difference"):
        result = kind
    elif call.name in ("issubset", "issuperset"):
        result = Scalar("bool")
    return Val(result, ast.Call(ast.Attribute(owner.node, call.name, ast.Load()), parts, keywords))


def _folded(owner: Val, call: CallSite) -> Val | None:
    """``"can_view".startswith("can_")``, ``"has_{}".format("read")``: told while translating."""
    if call.name == "format" and isinstance(owner.kind, Const) and isinstance(owner.kind.value, str):
        kinds = [*(a.kind for a in call.args), *(v.kind for v in call.kwargs.values())]
        if all(isinstance(k, Const) and isinstance(k.value, str | int | None) for k in kinds) and not any(
            map(has_members, kinds)
        ):
            texts = [getattr(a.kind, "value", "") for a in call.args]
            named = {key: getattr(v.kind, "value", "") for key, v in call.kwargs.items()}
            try:
                return const(owner.kind.value.format(*texts, **named))
            except (IndexError, KeyError, ValueError, AttributeError):
                return None
    if call.name not in ("startswith", "endswith") or not isinstance(owner.kind, Const):
        return None
    given = [a.kind.value for a in call.args if isinstance(a.kind, Const)]
    if (
        len(given) != len(call.args)
        or len(given) != 1
        or call.kwargs
        or not isinstance(owner.kind.value, str)
    ):
        return None
    wanted = given[0] if isinstance(given[0], tuple) else (given[0],)
    if not all(isinstance(w, str) for w in wanted):
        return None
    return const(any(getattr(owner.kind.value, call.name)(w) for w in wanted))


def _union_of_all(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``set().union(*sets)``."""
    match call.node.args:
        case [ast.Starred(given)] if call.name == "union" and not call.node.keywords:
            sets = frame.eval(given)
        case _:
            return None
    empty = isinstance(owner.node, ast.Call) and ast.unparse(owner.node) == "set()"
    if (
        not empty
        or sets.node is None
        or not isinstance(sets.kind, ListOf)
        or not isinstance(sets.kind.item, ListOf)
    ):
        return None
    item = sets.kind.item.item
    made: ast.expr = ast.Name("set", ast.Load())
    if isinstance(item, Scalar) and item.type in ("str", "int"):
        made = ast.Subscript(made, ast.Name(item.type, ast.Load()), ast.Load())
    union = ast.Attribute(ast.Call(made, [], []), "union", ast.Load())
    return Val(ListOf(item, "set"), ast.Call(union, [ast.Starred(sets.node, ast.Load())], []))


def _relearn(frame: Frame, owner: Val, kind: Kind) -> None:
    for key, value in frame.env.items():
        if value.node is not None and value.text == owner.text:
            frame.env[key] = Val(kind, value.node)


def _validated(frame: Frame, kind: Kind) -> tuple[tuple[str, Kind], ...]:
    """Kinds of validated data, by the serializer's fields."""
    from segue.translate.serializers.values import kinds_by_source

    serializer = frame.ctx.snapshot.serializers.get(getattr(kind, "serializer", ""))
    return tuple(kinds_by_source(frame.ctx, serializer).items()) if serializer is not None else ()


def _key_of(kind: Kind) -> Kind:
    return kind.key if isinstance(kind, DictOf) and kind.key is not None else Scalar("str")


@method(DictOf, "get", "items", "keys", "values", "pop", "update", "setdefault", "copy")
@method(ValidatedData, "get", "items", "keys", "values", "pop", "update", "setdefault", "copy")
def dict_method(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """Methods of dicts."""
    kind = owner.kind
    if owner.node is None:
        return None
    if isinstance(kind, ValidatedData) and call.name in ("get", "pop"):
        from segue.translate.serializers.rules.validated import is_left

        # ``pop`` without a default is a KeyError.
        if (call.name == "get" or len(call.args) > 1) and is_left(frame, owner, call.argument(0)):
            return call.args[1] if len(call.args) > 1 else const(None)
    told = looked_up(frame, owner, call) if isinstance(kind, DictOf) else None
    if told is not None:
        return told
    known = kind.items if isinstance(kind, DictOf) else _validated(frame, kind)
    value: Kind = Scalar("Any")
    if isinstance(kind, DictOf):
        merged: Kind | None = (
            kind.value if kind.value is not None and not isinstance(kind.value, Unknown) else None
        )
        for _, item in known:
            merged = item if merged is None else join(merged, item)
        value = merged if merged is not None and not isinstance(merged, Unknown) else Scalar("Any")
    parts = [code_any(frame, v, call.node) for v in call.args]
    keywords = [ast.keyword(k, code_any(frame, v, call.node)) for k, v in call.kwargs.items()]
    made = ast.Call(ast.Attribute(owner.node, call.name, ast.Load()), parts, keywords)
    if isinstance(kind, ValidatedData) and call.name in ("update", "setdefault"):
        lose(frame.ctx, kind.serializer)
    if call.name in ("get", "pop", "setdefault"):
        first = call.argument(0)
        if first is not None and isinstance(first.kind, Const):
            for key, item in known:
                if key == first.kind.value:
                    value = item
        default = call.argument(1)
        if default is not None:
            value = join(value, default.kind)
        elif call.name == "get":
            value = join(value, Const(None))
        return Val(value, made)
    if call.name == "items":
        return Val(ListOf(DictOf((("0", _key_of(kind)), ("1", value))), "Iterator"), made)
    if call.name == "keys":
        return Val(ListOf(_key_of(kind), "Iterator"), made)
    if call.name == "values":
        return Val(ListOf(value, "Iterator"), made)
    if call.name == "copy":
        return Val(kind, made)
    if call.name == "update":
        if isinstance(kind, DictOf):
            other = call.args[0].kind if len(call.args) == 1 else DictOf() if not call.args else None
            more = (
                keys_of(other)
                if isinstance(other, DictOf)
                else Scalar("str" if isinstance(other, ValidatedData) else "Any")
            )
            more = joined_keys(more, Scalar("str")) if call.kwargs else more
            _relearn(frame, owner, DictOf((), Scalar("Any"), said_keys(joined_keys(keys_of(kind), more))))
        return Val(Const(None), made)
    return None
