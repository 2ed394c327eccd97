"""What is fuzzed: one function of the bridge and what Django or DRF has for it, over the same bytes.

Each side gives a value that can be compared, or the class of what it raised. Whatever both do alike is fine, an exception too.
"""

from __future__ import annotations

import hmac
import io
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import django
from django.conf import settings as django_settings

if not django_settings.configured:
    django_settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "rest_framework_simplejwt"],
        SECRET_KEY="x",
    )  # fmt: skip
    django.setup()

from django.contrib.sessions.backends.base import SessionBase
from django.core import signing as django_signing
from django.core.exceptions import SuspiciousOperation as DjangoSuspicious
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import QueryDict
from django.http.cookie import parse_cookie
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.http.request import split_domain_port, validate_host
from django.test import override_settings
from django.utils import timezone
from django.utils.http import parse_header_parameters
from django.utils.translation.trans_real import parse_accept_lang_header
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from rest_framework import authentication, exceptions, serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken
from starlette.requests import Request

from segue_bridge.auth import backend, jwt, signing
from segue_bridge.auth.own import header_token
from segue_bridge.auth.session_settings import SessionSettings, decode
from segue_bridge.errors import APIException, ValidationError
from segue_bridge.http import language, media, multipart, negotiation, urls
from segue_bridge.http.pages import SuspiciousOperation
from segue_bridge.http.parsers import parse_json
from segue_bridge.http.query import QueryParams
from segue_bridge.http.settings import HttpSettings
from segue_bridge.pagination.cursor import Cursor
from segue_bridge.schema import fields
from segue_bridge.trace.context import trace_of

Side = Callable[[bytes], Any]
KEY = "the key of the fuzzer, of more than 32 bytes"
_HEADERS = {
    "cookies",
    "token header",
    "basic header",
    "traceparent",
    "accept",
    "accept-language",
    "header parameters",
    "host",
}
_NEVER = {*range(9), *range(10, 32), 127}
_SESSION = "django.contrib.sessions.SessionStore"


@dataclass(frozen=True, slots=True)
class Target:
    """``ours`` and ``theirs`` over the same bytes; ``seeds`` are inputs to begin with."""

    name: str
    ours: Side
    theirs: Side
    seeds: tuple[bytes, ...]

    @property
    def header(self) -> bool:
        """It is a header's value: servers let no line end and no NUL through."""
        return self.name in _HEADERS


def outcome(side: Side, data: bytes) -> tuple[str, Any]:
    """What a side makes of ``data``: ``("gives", value)``, ``("refuses", text)`` or ``("raises", class)``."""
    try:
        return "gives", side(data)
    except (APIException, exceptions.APIException) as error:
        return "refuses", _plain(error.detail)
    except (ValidationError, SuspiciousOperation, DjangoSuspicious, MultiPartParserError) as error:
        return "refuses", type(error).__name__.replace("TooManyFieldsSent", "SuspiciousOperation")
    except RecursionError:
        return "raises", "RecursionError"
    except Exception as error:  # noqa: BLE001 - whatever it is, both sides must do it
        return "raises", type(error).__name__


def differs(target: Target, data: bytes) -> tuple[Any, Any] | None:
    """Both outcomes where they are not the same."""
    if target.header and (set(data) & _NEVER or data != data.strip(b" \t")):
        return None
    ours, theirs = outcome(target.ours, data), outcome(target.theirs, data)
    # as text: NaN is not equal to itself, True is equal to 1
    return None if _shown(ours) == _shown(theirs) else (ours, theirs)


def _shown(found: tuple[str, Any]) -> str:
    kind, value = found
    if isinstance(value, datetime):
        value = value.isoformat()  # UTC by either name
    return repr((kind, value))


def _plain(detail: Any) -> Any:
    if isinstance(detail, dict):
        return {str(k): _plain(v) for k, v in detail.items()}
    return [_plain(item) for item in detail] if isinstance(detail, list | tuple) else str(detail)


def _latin(data: bytes) -> str:
    return data.decode("latin-1")


def _header(name: bytes, data: bytes) -> Request:
    return Request({"type": "http", "headers": [(name, data)]})


def _cookies_ours(data: bytes) -> Any:
    return dict(_header(b"cookie", data).cookies)


def _signed(data: bytes) -> str:
    # b64 is what a signed value holds; what stands in it is the fuzzer's
    return signing.TimestampSigner(KEY, salt=_SESSION).sign(_latin(data))


class SessionStore(SessionBase):
    """Its name is in the salt."""


def _session_theirs(data: bytes) -> Any:
    with override_settings(SECRET_KEY=KEY):
        found = SessionStore().decode(_signed(data))
        return found if isinstance(found, dict) else {}


def _unsign_ours(data: bytes) -> Any:
    try:
        return signing.loads(_latin(data), KEY)
    except (signing.BadSignature, ValueError):
        return "refused"


def _unsign_theirs(data: bytes) -> Any:
    try:
        return django_signing.loads(_latin(data), key=KEY)
    except (django_signing.BadSignature, ValueError):
        return "refused"


def _token_theirs(data: bytes) -> Any:
    authenticator = authentication.TokenAuthentication()
    authenticator.authenticate_credentials = lambda key: key  # type: ignore[method-assign]
    value = _latin(data)
    request = SimpleNamespace(META={"HTTP_AUTHORIZATION": value}, headers={"authorization": value})
    return authenticator.authenticate(request)


def _basic_ours(data: bytes) -> Any:
    given: list[Any] = []

    async def noted(db: Any, identity: Any, passwords: Any, *named: Any, upgrade: bool = True) -> Any:
        given.extend(named)
        return named

    asked, backend.authenticate = backend.authenticate, noted
    try:
        work = backend.BasicAuthentication(SimpleNamespace(), SimpleNamespace()).authenticate(
            _header(b"authorization", data), None, None
        )  # type: ignore[arg-type]
        work.send(None)
    except StopIteration as done:
        return None if done.value is None else tuple(given)
    finally:
        backend.authenticate = asked
    raise RuntimeError("it waits")


def _basic_theirs(data: bytes) -> Any:
    authenticator = authentication.BasicAuthentication()
    authenticator.authenticate_credentials = lambda name, password, request=None: (name, password)  # type: ignore[method-assign]
    value = _latin(data)
    return authenticator.authenticate(
        SimpleNamespace(META={"HTTP_AUTHORIZATION": value}, headers={"authorization": value})
    )


def _claimed(data: bytes) -> bytes:
    """A token with any claims, or what is none, rightly signed."""
    body = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in (b'{"alg":"HS256","typ":"JWT"}', data))
    return body + b"." + urlsafe_b64encode(hmac.new(KEY.encode(), body, "sha256").digest()).rstrip(b"=")


def _headed(data: bytes) -> bytes:
    """A token with any header over good claims, rightly signed."""
    body = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in (data, _CLAIMS))
    return body + b"." + urlsafe_b64encode(hmac.new(KEY.encode(), body, "sha256").digest()).rstrip(b"=")


_CLAIMS = b'{"exp": 99999999999, "token_type": "access", "jti": "a", "user_id": 1}'
_BACKEND = TokenBackend("HS256", KEY)


class _Access(AccessToken):
    token_backend = _BACKEND


def _jwt_ours(token: bytes) -> Any:
    try:
        return dict(jwt.verified(token, "access", jwt.JwtSettings(key=KEY)))
    except jwt.TokenError as error:
        return str(error)


def _jwt_theirs(token: bytes) -> Any:
    try:
        return _Access(token).payload  # type: ignore[arg-type]
    except TokenError as error:
        return str(error.args[0])


def _trace_ours(data: bytes) -> Any:
    found = trace_of(None, _latin(data), "")
    return (found.trace_id, found.parent_id, found.sampled) if found.parent_id else None


def _trace_theirs(data: bytes) -> Any:
    found = get_current_span(
        TraceContextTextMapPropagator().extract({"traceparent": _latin(data)})
    ).get_span_context()
    return (
        (f"{found.trace_id:032x}", f"{found.span_id:016x}", found.trace_flags.sampled)
        if found.is_valid
        else None
    )


def _multipart_ours(data: bytes) -> Any:
    given, files = multipart.parse(data, "multipart/form-data; boundary=XX", "utf-8", HttpSettings())
    return given, [(n, f.name, f.file.read()) for n, f in files]


def _multipart_theirs(data: bytes) -> Any:
    meta = {"CONTENT_TYPE": "multipart/form-data; boundary=XX", "CONTENT_LENGTH": len(data)}
    post, files = MultiPartParser(meta, io.BytesIO(data), [MemoryFileUploadHandler()], "utf-8").parse()
    given = [(n, v) for n, values in post.lists() for v in values]
    return given, [(n, f.name, f.read()) for n, values in files.lists() for f in values]


def _grouped(found: tuple[list[Any], list[Any]]) -> Any:
    """The order of one name's values counts, not that of names."""
    return [sorted(part, key=lambda pair: pair[0]) for part in found]


def _cursor_ours(data: bytes) -> Any:
    call = SimpleNamespace(query={"cursor": b64encode(data).decode()})
    mark = Cursor(size=5)._decode(call)  # type: ignore[arg-type]
    return None if mark is None else tuple(mark)


def _cursor_theirs(data: bytes) -> Any:
    pages = CursorPagination()
    request = SimpleNamespace(query_params={"cursor": b64encode(data).decode()})
    found = pages.decode_cursor(request)
    return None if found is None else tuple(found)


def _json_theirs(data: bytes) -> Any:
    return JSONParser().parse(io.BytesIO(data), parser_context={"encoding": "utf-8"})


_RENDERERS = (JSONRenderer(), BrowsableAPIRenderer())


def _accept_ours(data: bytes) -> Any:
    found = negotiation.choose(_latin(data), "", ("json", "api"))
    return found.format, _settled(found.media, data)


def _accept_theirs(data: bytes) -> Any:
    headers = {"accept": _latin(data)}
    request = SimpleNamespace(META={"HTTP_ACCEPT": _latin(data)}, headers=headers, query_params={})
    renderer, kind = DefaultContentNegotiation().select_renderer(request, _RENDERERS)
    return renderer.format, _settled(kind, data)


def _settled(media_type: str, data: bytes) -> str:
    """DRF keeps types of one precedence in a set: which of several is told is chance."""
    return media_type if data.count(b",") == 0 else ""


def _header_ours(data: bytes) -> Any:
    name, parameters = media.header(_latin(data))
    return name, dict(parameters)


_HOSTS = [".example.org", "shop.test", "[::1]"]


def _host_theirs(data: bytes) -> bool:
    domain, _ = split_domain_port(_latin(data))
    return bool(domain) and bool(validate_host(domain, _HOSTS))


def _field(mine: fields.Field, theirs: serializers.Field) -> tuple[Side, Side]:
    def text(data: bytes) -> str:
        return data.decode("utf-8", "replace")

    def validated(data: bytes) -> Any:
        with timezone.override("UTC"):
            return theirs.run_validation(text(data))

    return lambda data: mine.run(text(data)), validated


_FIELDS: dict[str, tuple[fields.Field, serializers.Field, tuple[bytes, ...]]] = {
    "integer": (fields.Integer(), serializers.IntegerField(), (b"12", b"-1.0", b" 7 ", b"1_000")),
    "float": (fields.Float(), serializers.FloatField(), (b"1.5", b"1e400", b"nan", b"_1")),
    "decimal": (fields.DecimalField(5, 2), serializers.DecimalField(5, 2), (b"1.50", b"1E+2", b"-0.005")),
    "date": (fields.Date(), serializers.DateField(), (b"2026-11-29", b"20261129", b"2026-W48-7")),
    "datetime": (fields.DateTime(), serializers.DateTimeField(), (b"2026-11-29T10:11:12.5Z", b"2026-11-29 10:11+01:30")),
    "time": (fields.Time(), serializers.TimeField(), (b"10:11:12.345678", b"10:11", b"T10:11Z")),
    "duration": (fields.Duration(), serializers.DurationField(), (b"1 02:03:04.5", b"P1DT2H", b"-1 day, 0:00:01")),
    "uuid": (fields.Uuid(), serializers.UUIDField(), (b"12345678-1234-5678-1234-567812345678", b"{urn:uuid:}", b"123")),
    "boolean": (fields.Boolean(), serializers.BooleanField(), (b"true", b"ON", b"0")),
    "email": (fields.Email(), serializers.EmailField(), (b"a.b@example.org", b'"a b"@[127.0.0.1]', "é@ü.org".encode())),
    "url": (fields.Url(), serializers.URLField(), (b"https://u:p@example.org:80/a?b#c", b"ftp://[::1]/")),
    "ip": (fields.Ip(), serializers.IPAddressField(), (b"127.0.0.1", b"::ffff:1.2.3.4", b"::1%eth0")),
    "slug": (fields.Slug(unicode=True), serializers.SlugField(allow_unicode=True), (b"a-b_c", "é".encode())),
    "char": (fields.Char(max_length=9), serializers.CharField(max_length=9), (b" a ", b"a\0b", "\ud800".encode("utf-8", "surrogatepass"))),
}  # fmt: skip

TARGETS = {
    target.name: target
    for target in (
        Target("cookies", _cookies_ours, lambda d: parse_cookie(_latin(d)), (b'a=b; c="d\\054"; e', b"=x; y=")),
        Target("session", lambda d: decode(_signed(d), SessionSettings(secret=KEY)), _session_theirs, (b"eyJhIjoxfQ", b".eJyrVkpUsjKsBQAK5QKW")),
        Target("signed values", _unsign_ours, _unsign_theirs, (signing.dumps({"a": 1}, KEY).encode(), signing.dumps("a" * 99, KEY, compress=True).encode())),
        Target("token header", lambda d: header_token(_header(b"authorization", d), "Token"), _token_theirs, (b"Token abc", b"token  a b")),
        Target("basic header", _basic_ours, _basic_theirs, (b"Basic YTpi", b"basic  YTpiOmM", b"Basic w6k6w6k=", b"Basic a b")),
        Target("jwt", _jwt_ours, _jwt_theirs, (_claimed(_CLAIMS), _headed(b'{"alg":"none"}'), b"a.b.c")),
        Target("jwt claims", lambda d: _jwt_ours(_claimed(d)), lambda d: _jwt_theirs(_claimed(d)), (_CLAIMS, b'{"exp": 1}', b"[]", b'{"exp": 1e400, "nbf": "x"}')),
        Target("jwt header", lambda d: _jwt_ours(_headed(d)), lambda d: _jwt_theirs(_headed(d)), (b'{"alg":"HS256","typ":"JWT"}', b'{"alg":"HS256","crit":["b64"],"b64":false}', b'{"alg":"HS512"}')),
        Target("traceparent", _trace_ours, _trace_theirs, (b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", b"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x")),
        Target("multipart", lambda d: _grouped(_multipart_ours(d)), lambda d: _grouped(_multipart_theirs(d)), (
            b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--XX--\r\n',
            b'--XX\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nx\r\n--XX--',
            b"--XX\r\nContent-Disposition: form-data; name*=utf-8''%C3%A9\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n--XX--",
        )),
        Target("query string", lambda d: dict(QueryParams(_latin(d), limit=1000).lists()), lambda d: dict(QueryDict(_latin(d)).lists()), (b"a=1&b=%C3%A9&a=2", b"a+b=%zz&&=;c")),
        Target("form", lambda d: dict(QueryParams(d, limit=1000).lists()), lambda d: dict(QueryDict(d).lists()), (b"a=1&b=%FF", b"a=\xff")),
        Target("json", lambda d: parse_json(HttpSettings(), io.BytesIO(d), "utf-8"), _json_theirs, (b'{"a": [1, 2.5, "\\ud800"]}', b"NaN", b"1e999", b"\xef\xbb\xbf1")),
        Target("cursor", _cursor_ours, _cursor_theirs, (b"o=1&r=1&p=2026", b"o=-1", b"p=&o=999999")),
        Target("accept", _accept_ours, _accept_theirs, (b"text/html, application/json;q=0.9", b"*/*; indent=4", b"application/*;a=b")),
        Target("accept-language", lambda d: language.accepted(_latin(d)), lambda d: [c for c, _ in parse_accept_lang_header(_latin(d).lower())], (b"de-at, en;q=0.5, *;q=0", b"fr;q=1.001")),
        Target("header parameters", _header_ours, lambda d: tuple(parse_header_parameters(_latin(d))), (b'form-data; name="a"; filename*=utf-8\'\'%e9', b"a/b;c=d;;e")),
        Target("host", lambda d: urls.allowed(_latin(d), tuple(_HOSTS)), _host_theirs, (b"a.example.org:80", b"[::1]:1", b"shop.test.")),
        *(Target(name, *_field(mine, theirs), seeds) for name, (mine, theirs, seeds) in _FIELDS.items()),
    )
}  # fmt: skip
