"""The FastAPI side of the twin: the service of ``legacy.py`` written by hand on the bridge."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import Annotated, Any

from fastapi import FastAPI
from sqlalchemy import ForeignKey, literal, select
from sqlalchemy.orm import Mapped, aliased, mapped_column
from typing_extensions import TypedDict

from segue_bridge import errors, zone
from segue_bridge.auth.backend import Authentication
from segue_bridge.db.base import Base
from segue_bridge.db.database import Database
from segue_bridge.db.query import icontains, iexact, istartswith
from segue_bridge.db.types import BigInt, Bool, Date, Int, Money, Time, UtcDateTime, Uuid, Varchar
from segue_bridge.filters import (
    FilterForm,
    Range,
    cleaning,
    find_choice,
    find_choices,
    ordering,
    ordering_names,
    search,
)
from segue_bridge.http import handlers
from segue_bridge.http.call import Call
from segue_bridge.http.lookup import one_or_404, url_key
from segue_bridge.http.negotiation import LegacyRenderer
from segue_bridge.http.resource import Resource
from segue_bridge.http.router import Router
from segue_bridge.http.versioning import Versioning
from segue_bridge.pagination import Cursor, LimitOffset, Page, PageNumber
from segue_bridge.schema.data import FormData
from segue_bridge.schema.fields import Char
from segue_bridge.schema.model import WriteModel


class Author(Base):
    __tablename__ = "twin_author"
    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    name: Mapped[str] = mapped_column(Varchar(50))


class Tag(Base):
    __tablename__ = "twin_tag"
    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    name: Mapped[str] = mapped_column(Varchar(20))
    code: Mapped[uuid.UUID] = mapped_column(Uuid)


class BookTag(Base):
    __tablename__ = "twin_book_tags"
    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("twin_book.id"))
    tag_id: Mapped[int] = mapped_column(ForeignKey("twin_tag.id"))


class Book(Base):
    __tablename__ = "twin_book"
    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    title: Mapped[str] = mapped_column(Varchar(100))
    author_id: Mapped[int] = mapped_column(ForeignKey("twin_author.id"))
    status: Mapped[str] = mapped_column(Varchar(10))
    pages: Mapped[int] = mapped_column(Int)
    price: Mapped[decimal.Decimal] = mapped_column(Money(8, 2))
    available: Mapped[bool] = mapped_column(Bool)
    published: Mapped[dt.date] = mapped_column(Date)
    created: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    opens: Mapped[dt.time] = mapped_column(Time)
    code: Mapped[uuid.UUID] = mapped_column(Uuid)


class BookWrite(WriteModel):
    """Input of Titles."""

    title: Annotated[str, Char(max_length=100)]


class BookRead(TypedDict):
    id: int
    title: str


class HeaderAuth:
    def __init__(self, challenge: str | None) -> None:
        self.challenge = challenge

    async def authenticate(self, request: Any, db: Any, session: Any) -> Any:
        name = request.headers.get("X-User")
        if name == "bad":
            raise errors.AuthenticationFailed("Who?")
        return ("user", "token") if name else None


class Slow:
    async def wait(self, request: Any, user: Any, counted: Any) -> float | None:
        return 12.3 if "X-Throttle" in request.headers else None


AUTHENTICATION = Authentication(HeaderAuth('Header realm="api"'))
router = Router()


async def nice(call: Call) -> None:
    asked = call.headers.get("X-Permission", "")
    if asked == "404":
        raise errors.Http404("hidden")
    call.require(asked != "no" and (asked != "get" or call.method in ("GET", "OPTIONS")), "Be nice.")


FIELDS = {
    "id": {"type": "integer", "required": False, "read_only": True, "label": "ID"},
    "title": {"type": "string", "required": True, "read_only": False, "label": "Title", "max_length": 100},
}
GUARDED_LIST = Resource(
    "/guarded/",
    name="Guarded List",
    description="Guarded *things*.",
    methods=("GET", "POST"),
    authentication=AUTHENTICATION,
    throttles=(Slow(),),  # type: ignore[arg-type]
    suffix=True,
    actions={"POST": FIELDS},
)
GUARDED_DETAIL = Resource(
    "/guarded/{pk}/",
    name="Guarded Instance",
    description="Guarded *things*.",
    methods=("GET", "PUT", "DELETE"),
    parameters={"pk": "[^/.]+"},
    authentication=AUTHENTICATION,
    throttles=(Slow(),),  # type: ignore[arg-type]
    suffix=True,
    actions={"PUT": FIELDS},
)
GUARDED_LIST.access(nice)
GUARDED_DETAIL.access(nice)


def plain(data: Any) -> Any:
    if isinstance(data, FormData):
        return {
            key: [v if isinstance(v, str) else [v.name, v.size, v.content_type] for v in data.getlist(key)]
            for key in data
        }
    return data


@router.get(GUARDED_LIST, action="list")
async def guarded_list(call: Call) -> Any:
    """List."""
    return {"action": call.action, "user": bool(call.auth), "query": call.query.dict()}


@router.post(GUARDED_LIST, body=BookWrite, status=201, action="create", response_model=BookRead)
async def guarded_create(call: Call) -> Any:
    """Create."""
    return {"data": plain(await call.data())}


@GUARDED_DETAIL.lookup
async def guarded_object(call: Call) -> Any:
    key = url_key(Book.id, call.path["pk"], "Book", call.db.dialect)
    row = one_or_404(await call.db.all(select(Book.id).where(Book.id == key).limit(21)), "Book")
    call.require(call.headers.get("X-Object") != "no", "Be nice.")
    return row


@router.get(GUARDED_DETAIL, action="retrieve")
async def guarded_retrieve(call: Call) -> Any:
    """Retrieve."""
    return {"id": (await guarded_object(call)).id}


@router.put(GUARDED_DETAIL, body=BookWrite, action="update")
async def guarded_update(call: Call) -> Any:
    """Update."""
    book = await guarded_object(call)
    return {"id": book.id, "data": plain(await call.data())}


@router.delete(GUARDED_DETAIL, status=204, action="destroy")
async def guarded_destroy(call: Call) -> Any:
    """Destroy."""
    await guarded_object(call)
    return call.no_content()


QUIET = Resource(
    "/quiet/", name="Quiet", methods=("GET", "POST"), authentication=Authentication(HeaderAuth(None))
)
QUIET.access(nice)


@router.get(QUIET)
async def quiet(call: Call) -> Any:
    raise errors.NotAuthenticated()


@router.post(QUIET)
async def quiet_post(call: Call) -> Any:
    return plain(await call.data())


FREE = Resource(
    "/free/",
    name="Free",
    description="No authenticators, only JSON is parsed.",
    methods=("POST", "PUT", "DELETE"),
    parsers=("json",),
)
FREE.access(nice)


@router.post(FREE)
async def free(call: Call) -> Any:
    return await call.data()


@router.put(FREE)
async def free_put(call: Call) -> Any:
    return call.reply(None)


@router.delete(FREE)
async def free_delete(call: Call) -> Any:
    return call.reply({}, 204)


def make(kind: str) -> Any:
    values: dict[str, Any] = {
        "text": {"a": "é\u2028\u2029<>&'", "b": "\x00\x7f"},
        "decimal": {"d": decimal.Decimal("1.50"), "big": decimal.Decimal("1E+30")},
        "moments": {
            "utc": dt.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC),
            "naive": dt.datetime(2024, 1, 2, 3, 4, 5),
            "east": dt.datetime(2024, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30))),
            "date": dt.date(2024, 1, 2),
            "time": dt.time(3, 4),
            "delta": dt.timedelta(days=1, hours=1),
        },
        "others": {
            "uuid": uuid.UUID(int=5),
            "set": {1},
            "tuple": (1, 2),
            "bytes": b"ab",
            "none": None,
            1: "int key",
            "gen": (i for i in (1, 2)),
            "f": 1e16,
            "g": 1.0,
        },
        "nan": {"x": float("nan")},
        "aware-time": {"x": dt.time(1, tzinfo=dt.UTC)},
        "object": {"x": object()},
        "empty-list": [],
        "empty-text": "",
        "zero": 0,
        "none": None,
        "surrogate": {"x": "\ud800"},
        "decimal-nan": {"x": decimal.Decimal("NaN")},
    }
    return values[kind]


BYTES = Resource("/bytes/{kind}/", name="Bytes", methods=("GET",), parameters={"kind": "[^/]+"})


@router.get(BYTES)
async def bytes_(call: Call) -> Any:
    return make(call.path["kind"])


BOTH = Resource(
    "/both/", name="Both", description="Browsable too.", methods=("GET",), browsable=True, suffix=True
)


@router.get(BOTH)
async def both(call: Call) -> Any:
    return {"ok": True}


SHEET = LegacyRenderer("sheet", "application/vnd.sheet")
HAL = LegacyRenderer(None, "application/json")
FORMATS = Resource(
    "/formats/",
    name="Formats",
    description="Many formats.",
    methods=("GET",),
    renderers=("json", "api", SHEET, HAL),
    suffix=True,
)
SHEETS_FIRST = Resource(
    "/sheets/",
    name="Sheets First",
    description="Sheets first.",
    methods=("GET",),
    renderers=(SHEET, HAL, "json"),
    suffix=True,
)


@router.get(FORMATS)
async def formats(call: Call) -> Any:
    return {"ok": True}


@router.get(SHEETS_FIRST)
async def sheets_first(call: Call) -> Any:
    return {"ok": True}


ERRORS = Resource(
    "/errors/{kind}/",
    name="Errors",
    methods=("GET",),
    parameters={"kind": "[^/]+"},
    authentication=AUTHENTICATION,
)


@router.get(ERRORS)
async def errors_(call: Call) -> Any:
    raise {
        "404": lambda: errors.Http404("gone"),
        "404-bare": lambda: errors.Http404(),
        "denied": lambda: errors.PermissionDenied("why"),
        "validation-text": lambda: errors.ValidationError("bad"),
        "validation-list": lambda: errors.ValidationError(["a", "b"]),
        "validation-tuple": lambda: errors.ValidationError(("a", 1)),
        "validation-dict": lambda: errors.ValidationError({"a": "x", "b": None, "c": [1], "d": {"e": True}}),
        "validation-bare": lambda: errors.ValidationError(),
        "api-dict": lambda: errors.APIException({"a": 1}),
        "api-bare": lambda: errors.APIException(),
        "throttled": lambda: errors.Throttled(1),
        "throttled-zero": lambda: errors.Throttled(0),
        "throttled-none": lambda: errors.Throttled(),
        "throttled-detail": lambda: errors.Throttled(2.5, "Slow down."),
        "not-authenticated": lambda: errors.NotAuthenticated(),
        "failed": lambda: errors.AuthenticationFailed("no", "c"),
        "parse": lambda: errors.ParseError(),
        "not-found": lambda: errors.NotFound(),
        "method": lambda: errors.MethodNotAllowed("GET"),
        "not-acceptable": lambda: errors.NotAcceptable(),
        "media": lambda: errors.UnsupportedMediaType("a/b"),
        "key": lambda: KeyError("x"),
        "value": lambda: ValueError("x"),
    }[call.path["kind"]]()


ATOMIC = Resource(
    "/atomic/{kind}/", name="Atomic", methods=("POST",), parameters={"kind": "[^/]+"}, atomic=True
)


@router.post(ATOMIC)
async def atomic(call: Call) -> Any:
    kind = call.path["kind"]
    await call.db.insert(Author(name=f"atomic {kind}"))
    if kind == "raise":
        raise errors.ValidationError("no")
    if kind == "crash":
        raise ValueError("no")
    return call.reply({"x": float("nan")} if kind == "nan" else {}, {"ok": 201, "nan": 200}.get(kind, 400))


NAMES = Resource("/names/", name="Names", methods=("GET",))


@router.get(NAMES)
async def names(call: Call) -> Any:
    return [row.name for row in await call.db.all(select(Author.name).order_by(Author.id))]


NOTHING = Resource("/nothing/", name="Nothing", methods=("GET",), head=False, allows_options=False)
UNMETA = Resource("/unmeta/", name="Unmeta", methods=("GET",), metadata=False)


@router.get(NOTHING)
async def nothing(call: Call) -> Any:
    return 1


@router.get(UNMETA)
async def unmeta(call: Call) -> Any:
    return 1


for scheme, place in (("query", "query"), ("accept", "accept"), ("host", "host"), ("path", "path/{version}")):

    @router.get(
        Resource(
            f"/version/{place}/",
            name="Versioned",
            methods=("GET",),
            parameters={"version": "[a-z0-9]+"},
            versioning=Versioning(scheme, default="1", allowed=("1", "2")),  # type: ignore[arg-type]
        )
    )
    async def version(call: Call) -> Any:
        return {"version": call.version}


BOOKS = select(Book.id, Book.title, Book.created).order_by(Book.id)
STYLES: dict[str, Any] = {
    "/pages/": PageNumber(size=5),
    "/sized/": PageNumber(size=5, size_param="page_size", max_size=7, param="p"),
    "/unsized/": PageNumber(size=None, size_param="size"),
    "/limits/": LimitOffset(limit=5, max_limit=8),
}
for where, style in STYLES.items():
    resource = Resource(where, name="Paged", methods=("GET",))

    @router.get(resource, response_model=Page[BookRead], parameters=style.parameters())
    async def paged(call: Call) -> Any:
        page = await STYLES[call.resource.path].page(call, BOOKS)
        rows = page.take(await call.db.all(page.statement))
        return page.body([{"id": row.id, "title": row.title} for row in rows])


CURSORS = {
    "/cursors/": Cursor(size=3),
    "/cursors-id/": Cursor(size=4, ordering=("id",), size_param="n", max_size=9),
}
ORDERABLE = {"pages": Book.pages, "created": Book.created}
WITH_PAGES = select(Book.id, Book.title, Book.created, Book.pages)
for where in CURSORS:

    @router.get(Resource(where, name="Paged", methods=("GET",)))
    async def cursor_paged(call: Call) -> Any:
        page = await CURSORS[call.resource.path].page(
            call,
            WITH_PAGES,
            columns={"id": Book.id, **ORDERABLE},
            ordering=ordering_names(call, ORDERABLE),
        )
        rows = page.take(await call.db.all(page.statement))
        return page.body([{"id": row.id, "title": row.title} for row in rows])


SEARCH = Resource("/search/", name="Searched", methods=("GET",))
SEARCH_TAGS = Resource("/search-tags/", name="Searched Tags", methods=("GET",))
SORTABLE = {"title": Book.title, "pages": Book.pages, "author": Book.author_id}
INNER = aliased(Book)
TAGGED = (
    select(literal(1))
    .select_from(INNER)
    .outerjoin(BookTag, BookTag.book_id == INNER.id)
    .outerjoin(Tag, Tag.id == BookTag.tag_id)
    .where(INNER.id == Book.id)
    .correlate(Book)
)


@router.get(SEARCH)
async def searched(call: Call) -> Any:
    query = select(Book.id, Book.title).join(Author, Author.id == Book.author_id)
    query = search(query, call, ((icontains, Book.title), (iexact, Author.name)))
    query = ordering(query, call, SORTABLE, ("-pages",))
    return [{"id": row.id, "title": row.title} for row in await call.db.all(query)]


@router.get(SEARCH_TAGS)
async def searched_tags(call: Call) -> Any:
    query = select(Book.id, Book.title)
    query = search(query, call, ((icontains, INNER.title), (istartswith, Tag.name)), within=TAGGED)
    query = ordering(query, call, SORTABLE, ("-pages",))
    return [{"id": row.id, "title": row.title} for row in await call.db.all(query)]


FILTER = Resource("/filter/", name="Cleaned", methods=("GET",))
NEEDY = Resource("/needy/", name="Cleaned", methods=("GET",))
STATUS = ("draft", "out")


@router.get(FILTER)
async def filtered(call: Call) -> Any:
    form = FilterForm(call.query)
    found: dict[str, Any] = {
        "char": form.text("char", min_length=2, max_length=8) or "",
        "raw": form.text("raw", strip=False) or "",
        "number": form.number("number", minimum=1, maximum=20),
        "any_number": form.number("any_number"),
        "integer": form.number("integer"),
        "boolean": form.boolean("boolean"),
        "select": form.boolean("select", widget="select"),
        "choice": form.choice("choice", STATUS) or "",
        "choices": form.multiple_choice("choices", STATUS),
        "date": form.date("date"),
        "datetime": form.datetime("datetime"),
        "iso": form.iso_datetime("iso"),
        "time": form.time("time"),
        "duration": form.duration("duration"),
        "uuid": form.uuid("uuid"),
        "numbers": form.range("numbers"),
        "dates": form.range("dates", "date"),
        "datetimes": form.range("datetimes", "datetime"),
        "isos": form.range("isos", "iso_datetime"),
        "times": form.range("times", "time"),
        "many": form.many("many", cleaning.number),
        "texts": form.many("texts", cleaning.text),
        "pair": form.pair("pair", cleaning.number),
        "order": form.ordering("order", {"length": "pages", "title": "title"}),
    }
    author = await find_choice(form, call.db, "author", select(Author.id), Author.id)
    found["author"] = None if author is None else author.id
    tags = await find_choices(form, call.db, "tag", select(Tag.id), Tag.id)
    found["tag"] = sorted(tags or []) or None
    tag = await find_choice(form, call.db, "tag_code", select(Tag.id), Tag.code)
    found["tag_code"] = None if tag is None else tag.id
    found["needed"] = form.text("needed") or ""
    form.raise_invalid()
    return {name: show(value) for name, value in found.items()}


@router.get(NEEDY)
async def needy(call: Call) -> Any:
    form = FilterForm(call.query)
    form.text("a", required=True)
    form.number("b", required=True)
    form.multiple_choice("c", ("x",), required=True)
    form.range("d", required=True)
    form.many("e", cleaning.number, required=True)
    form.boolean("f", required=True)
    await find_choice(form, call.db, "g", select(Author.id), Author.id, required=True)
    await find_choices(form, call.db, "h", select(Author.id), Author.id, required=True)
    form.raise_invalid()
    return {}


def show(value: Any) -> Any:
    if isinstance(value, Range):
        return ["range", show(value.start), show(value.stop)]
    if isinstance(value, (list, tuple)):
        return [show(item) for item in value] or None
    if isinstance(value, (dt.date, dt.time, dt.timedelta, uuid.UUID, decimal.Decimal)):
        return str(value)
    return value


def create_app(database: Database, **options: Any) -> FastAPI:
    """The service on ``database``."""
    zone.configure("America/New_York")
    app = FastAPI(title="Twin", telemetry=handlers.TELEMETRY_OFF)
    app.state.database = database
    app.include_router(router)
    usual: dict[str, Any] = {
        "headers": handlers.SECURITY_HEADERS,
        "hosts": ("testserver", ".example.com"),
        "body_limit": 20_000,
    }
    handlers.install(app, **{**usual, **options})
    return app
