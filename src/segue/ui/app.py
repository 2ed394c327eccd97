"""The application: addresses, forms, and what answers them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import resources
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from segue.errors import SegueError, UsageError, of_system
from segue.ui.guard import ASSETS, Fence, Guard, body
from segue.ui.hands import Hands, Open
from segue.ui.pages import NoSuchOperation, Pages, Problem

_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_KEPT = 64  # messages that wait for the page after a redirect


class ForeignForm(SegueError):
    """A form without this process's token."""


@dataclass(frozen=True, slots=True)
class Service:
    """What requests share. ``messages`` wait for the page that a form leads to."""

    open_project: Open
    guard: Guard
    pages: Pages
    messages: dict[str, list[str]] = field(default_factory=dict)

    def redirect(self, path: str, sentences: list[str], **query: str) -> Response:
        """To a page that shows ``sentences`` once."""
        number = secrets.token_urlsafe(8)
        self.messages[number] = sentences
        for old in list(self.messages)[:-_KEPT]:
            self.messages.pop(
                old, None
            )  # which another thread may have done: what was asked for is done already
        return RedirectResponse(f"{path}?{urlencode({**query, 'said': number})}", status_code=303)


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, whose token was right."""

    fields: dict[str, list[str]]

    def __call__(self, name: str) -> str:
        """The first value of a field; '' without one."""
        return self.fields.get(name, [""])[0]


def create(open_project: Open, guard: Guard) -> ASGIApp:
    """The whole service behind its fence. ``open_project`` is called for each request."""
    handlers: dict[int | type[Exception], Callable[..., Any]] = {
        SegueError: _failed,
        OSError: lambda request, error: _failed(request, of_system(error)),
        HTTPException: _no_page,
    }
    app = FastAPI(
        title="segue ui", docs_url=None, redoc_url=None, openapi_url=None, exception_handlers=handlers
    )
    app.state.service = Service(open_project, guard, Pages(guard.csrf))
    app.include_router(router)
    return Fence(app, guard)


def _service(request: Request) -> Service:
    found: Service = request.app.state.service
    return found


def _hands(request: Request) -> Hands:
    return _service(request).open_project()


def _told(request: Request, said: str = "") -> list[str]:
    return _service(request).messages.pop(said, [])


async def _form(request: Request) -> Form:
    raw = await body(request.receive)
    if raw is None:
        raise UsageError("The form is too long.", hint="Reasons have room for a few sentences.")
    fields = parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True)
    if not _service(request).guard.from_own_page(fields.get("csrf", [""])[0]):
        raise ForeignForm(
            "This form was not made by the segue ui that runs now, so nothing was done.",
            hint="Reload the page and send the form again.",
        )
    return Form(fields)


Shared = Annotated[Service, Depends(_service)]
Project = Annotated[Hands, Depends(_hands)]
Told = Annotated[list[str], Depends(_told)]
Sent = Annotated[Form, Depends(_form)]
States = Annotated[list[str], Query(default_factory=list)]
router = APIRouter()


@router.get("/", response_class=HTMLResponse)
def overview(service: Shared, hands: Project, said: Told, state: States, q: str = "") -> str:
    """How far the migration is."""
    return service.pages.overview(hands, q, state, said)


@router.get("/map", response_class=HTMLResponse)
def map_part(service: Shared, hands: Project, state: States, q: str = "") -> str:
    """The map alone, for the filter."""
    return service.pages.map(hands, q, state)


@router.get("/live", response_class=HTMLResponse)
def live_part(service: Shared, hands: Project, key: str = "") -> str:
    """Figures of traffic alone."""
    return service.pages.live_part(hands, key)


@router.get("/rollout", response_class=HTMLResponse)
def rollout_part(service: Shared, hands: Project) -> str:
    """The rollout alone."""
    return service.pages.rollout_part(hands)


@router.get("/operation", response_class=HTMLResponse)
def operation(service: Shared, hands: Project, said: Told, key: str = "") -> str:
    """One operation."""
    return service.pages.operation(hands, key, said)


@router.get("/blockers", response_class=HTMLResponse)
def blockers(service: Shared, hands: Project) -> str:
    """What stands in the way."""
    return service.pages.blockers(hands)


@router.get("/history", response_class=HTMLResponse)
def history(service: Shared, hands: Project) -> str:
    """What happened last."""
    return service.pages.history(hands)


@router.get("/rollback", response_class=HTMLResponse)
def confirm(service: Shared, hands: Project, key: str = "") -> str:
    """Asks before rolling back."""
    return service.pages.confirm(hands, key)


@router.post("/shift")
def shift(service: Shared, hands: Project, sent: Sent) -> Response:
    """``segue shift``."""
    key = sent("key")
    try:
        weight = _percent(sent("step") or sent("weight"))
        seen = _percent(sent("seen")) if sent("seen") else None
        sentences = hands.shift([key], weight, force=sent("force") == "yes", why=_why(sent), seen=seen)
    except SegueError as error:
        return _refused(lambda p: service.pages.operation(hands, key, refused=p, form=sent), error)
    return service.redirect("/operation", sentences, key=key)


@router.post("/rollback")
def rollback(service: Shared, hands: Project, sent: Sent) -> Response:
    """``segue rollback``, of one operation or with ``--all``."""
    key = sent("key")
    if not key and sent("all") != "yes":
        raise UsageError("Nothing to roll back was named.", hint="Go to an operation, or roll back all.")
    try:
        sentences = hands.shift([key or "*"], 0, force=False, why=_why(sent), seen=None)
    except SegueError as error:
        return _refused(lambda p: service.pages.confirm(hands, key, refused=p), error)
    return service.redirect("/operation", sentences, key=key) if key else service.redirect("/", sentences)


@router.post("/rollout/pause")
def pause(service: Shared, hands: Project, sent: Sent) -> Response:
    """``segue rollout --pause``."""
    return service.redirect("/", [hands.pause()])


@router.post("/rollout/resume")
def resume(service: Shared, hands: Project, sent: Sent) -> Response:
    """``segue rollout --resume`` of one whose controller is at work."""
    hands.resume()
    return service.redirect("/", ["The rollout goes on."])


@router.get(f"{ASSETS}{{name}}")
def asset(name: str) -> Response:
    """Style sheet, scripts and icon."""
    folder = resources.files("segue.ui") / "assets"
    found = next((f for f in folder.iterdir() if f.name == name), None)
    kind = _TYPES.get(name[name.rfind(".") :])
    if found is None or kind is None:
        raise HTTPException(404)
    return Response(found.read_bytes(), media_type=kind)


def _failed(request: Request, error: SegueError) -> Response:
    text = _service(request).pages.error(error)
    return HTMLResponse(text, status_code=_status(request.method, error))


def _no_page(request: Request, error: HTTPException) -> Response:
    words = {404: "There is no such page.", 405: "That page takes no such request."}
    problem = UsageError(
        words.get(error.status_code, str(error.detail)), hint="The overview links all pages."
    )
    text = _service(request).pages.error(problem)
    return HTMLResponse(text, status_code=error.status_code, headers=error.headers)


def _refused(page: Callable[[Problem], str], error: SegueError) -> Response:
    """The page that the form was on, with the error; where that page cannot be made, the error alone is raised."""
    try:
        text = page(Problem(error.message, error.hint))
    except SegueError:
        raise error from None
    return HTMLResponse(text, status_code=_status("POST", error))


def _status(method: str, error: SegueError) -> int:
    if isinstance(error, ForeignForm):
        return 403
    if isinstance(error, NoSuchOperation):
        return 404
    return 409 if method == "POST" else 500


def _percent(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 3 or int(text) > 100:
        raise UsageError(f"{text[:40]!r} is not a percentage.", hint="Give a whole number from 0 to 100.")
    return int(text)


def _why(sent: Form) -> str:
    """What the history says: that it was done here, and the reason given, on one line."""
    typed = " ".join(sent("why").split())[:500]
    reason = "".join(c for c in typed if c.isprintable())  # it is read in terminals, too
    return f"segue ui: {reason}" if reason else "segue ui"
