"""A small project with many middlewares, and both of its sides asked the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.cli.tiny import MANAGE, MIGRATION, MODELS

MIDDLEWARE = '''\
import json
import logging
import re
import threading
import time
import uuid
import zoneinfo
from contextlib import suppress

from django.conf import settings
from django.contrib.auth import get_user
from django.http import Http404, HttpResponseForbidden, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import NoReverseMatch, get_script_prefix, resolve, reverse, set_script_prefix
from django.utils import timezone, translation
from django.utils.timezone import _active
from django.contrib.sessions.middleware import SessionMiddleware
from django.http.request import split_domain_port
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject
from django.utils.translation.trans_real import get_supported_language_variant, language_code_re, parse_accept_lang_header

from notes.models import Note, Shut

logger = logging.getLogger(__name__)
HTML = ("/html/", "/admin/")


class Device:
    """Sets an attribute from a header."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.mobile = re.compile("Mobile|Tablet")

    def __call__(self, request):
        request.device = "desktop"
        if "HTTP_USER_AGENT" in request.META and self.mobile.search(request.META["HTTP_USER_AGENT"]):
            request.device = "mobile"
        return self.get_response(request)


class Sifts:
    """Has many cases, and none outside of the API."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path.startswith("/api/"):
            found = []
            for name in ("X-A", "X-B", "X-C", "X-D", "X-E", "X-F", "X-G", "X-H", "X-I", "X-J"):
                if request.headers.get(name):
                    found.append(name)
            request._body = json.dumps(found).encode()
        return self.get_response(request)


class Pages(MiddlewareMixin):
    """Acts on pages only: by prefix, by name of the route, by content type."""

    def __init__(self, get_response=None):
        self.home = None
        try:
            self.home = reverse("note-list")
        except NoReverseMatch:
            pass
        super().__init__(get_response)

    def process_request(self, request):
        if request.path.startswith(HTML) or not request.path.startswith("/api/"):
            return HttpResponseRedirect("/login/")
        match = resolve(request.path_info)
        if match.url_name == "home" or "pages" in match.namespaces or match.kwargs.get("slug"):
            request.page = Note.objects.get(pk=1)

    def process_response(self, request, response):
        if hasattr(response, "file_to_stream") or isinstance(response, StreamingHttpResponse):
            response["Accept-Ranges"] = "bytes"
        if response.get("Content-Type", "").split(";")[0] == "text/html":
            response.content = response.content.replace(b"a", b"b")
        if request.path == self.home and response.streaming:
            response.status_code = 206
        return response


def prefixed(get_response):
    """A function."""
    count = len(HTML)

    def middleware(request):
        started = time.monotonic()
        if count and any(request.path.startswith(p) for p in HTML):
            raise Http404
        response = get_response(request)
        logger.info("%s took %s", request.path, time.monotonic() - started)
        return response

    return middleware


class Impersonate(MiddlewareMixin):
    """Acts on a key of the session."""

    def process_request(self, request):
        if "impersonate" in request.session and request.user.is_authenticated:
            request.user = type(request.user).objects.get(pk=request.session["impersonate"])


class Debugging:
    """Acts on a header, a cookie or a query parameter."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.headers.get("X-Debug") == "on" or request.COOKIES.get("debug"):
            return JsonResponse({"debug": True})
        if request.GET.get("trace"):
            with suppress(KeyError):
                return JsonResponse({"agent": request.META["HTTP_USER_AGENT"]})
        return self.get_response(request)


class Stamp:
    """Sets headers on every answer."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.number = uuid.uuid4()
        response = self.get_response(request)
        response["X-Service"] = "notes"
        if "X-Answer" not in response:
            response["X-Answer"] = "default"
        return response


class Missing(MiddlewareMixin):
    """Acts on 404."""

    def process_response(self, request, response):
        if response.status_code == 404 and request.META.get("HTTP_REFERER", ""):
            return HttpResponseForbidden("where from?")
        return response


class Rolling:
    """Writes to sessions that hold something."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.session.keys():
            request.session["seen"] = int(time.time())
        return self.get_response(request)


# What follows is refused.


class Timed(Stamp):
    def __call__(self, request):
        response = self.get_response(request)
        response["X-Time"] = str(time.time())
        return response


class Prefixed:
    """Describes where the site is, and acts on answers to paths that the API does not have."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.support = settings.BEHIND_PROXY
        self.prefix = get_script_prefix()
        self.home = reverse("note-list")

    def __call__(self, request):
        request.behind = self.support
        if self.support:
            set_script_prefix(request.headers.get("X-Prefix", self.prefix))
        if request.path.rstrip("/") in ("/login", "/api") or request.path.lower().startswith("/x"):
            return self.get_response(request)
        request.known = request.user.is_authenticated
        response = self.get_response(request)
        if request.path.endswith((".svg", ".SVG")):
            response["Content-Security-Policy"] = "default-src 'none'"
        return response


class Seen(Stamp):
    """Remembers sessions, not who has none."""

    KNOWN = {}

    def __call__(self, request):
        key = request.session.session_key
        if key:
            self.KNOWN[key] = self.KNOWN.get(key, 0) + 1
            request.session["seen"] = self.KNOWN[key]
        return self.get_response(request)


class Personal(Stamp):
    """Chooses the language and the time zone of who is logged in."""

    def __call__(self, request):
        user = request.user
        timezone.deactivate()
        if hasattr(user, "first_name") and user.first_name:
            language = user.first_name
            timezone.activate(user.last_name)
        elif request.LANGUAGE_CODE:
            language = request.LANGUAGE_CODE
        else:
            language = settings.LANGUAGE_CODE
        if language:
            translation.activate(language)
        try:
            return self.get_response(request)
        finally:
            translation.deactivate()


class Language(Stamp):
    def __call__(self, request):
        translation.activate(request.GET.get("lang", "en"))
        return self.get_response(request)


class Zone(Stamp):
    def __call__(self, request):
        timezone.activate("Europe/Berlin")
        return self.get_response(request)


class Wall(Stamp):
    def __call__(self, request):
        if not request.user.is_authenticated:
            return redirect("/login/")
        return self.get_response(request)


class Body(MiddlewareMixin):
    def process_response(self, request, response):
        request.size = len(request.body)
        return response


class Logs(MiddlewareMixin):
    """Reads the body and changes where the request comes from, before the view."""

    def process_request(self, request):
        request.META["REMOTE_ADDR"] = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")[0]
        if request.method == "POST":
            try:
                data = json.loads(request.body)
            except ValueError:
                data = {}
            logger.info("%s from %s", data, request.META["REMOTE_ADDR"])


def user_of(request):
    if not hasattr(request, "_cached_user"):
        request._cached_user = get_user(request)
        logger.info("asked")
    return request._cached_user


def guest_of(request):
    user = get_user(request)
    if not request.session.get("guest"):
        request.session["guest"] = True
    return user


class Lazily(MiddlewareMixin):
    """The user of the session, in a way of its own."""

    def process_request(self, request):
        assert hasattr(request, "session"), "there is none"
        request.user = SimpleLazyObject(lambda: user_of(request))


class Exempt(MiddlewareMixin):
    """Paths of the API need no CSRF token."""

    def process_request(self, request):
        if request.path.startswith("/api/"):
            setattr(request, "_dont_enforce_csrf_checks", True)


class Guests(MiddlewareMixin):
    def process_request(self, request):
        request.user = SimpleLazyObject(lambda: guest_of(request))


class Wrapped(MiddlewareMixin):
    def process_response(self, request, response):
        response.data = {"data": response.data}
        return response


class Hidden(MiddlewareMixin):
    def process_view(self, request, view, args, kwargs):
        if kwargs.get("pk"):
            raise Http404


class Errors(MiddlewareMixin):
    def process_exception(self, request, exception):
        return JsonResponse({"error": str(exception)}, status=500)


class Locked(Exception):
    pass


class Opened(Exception):
    pass


class Locks(Stamp):
    def process_exception(self, request, exception):
        if isinstance(exception, Locked):
            return JsonResponse({"error": "locked"}, status=423)


class Shuts(Stamp):
    def process_exception(self, request, exception):
        if isinstance(exception, Shut):  # a method of a model raises it
            return JsonResponse({"error": "shut"}, status=423)


class Opens(Stamp):
    def process_exception(self, request, exception):
        if isinstance(exception, Opened):
            return JsonResponse({"error": "opened"}, status=423)


class Closed(Exception):
    pass


class Closes(Stamp):
    def process_exception(self, request, exception):
        if isinstance(exception, Closed):  # an attribute of a view holds it
            return JsonResponse({"error": "closed"}, status=423)


class Remembers(MiddlewareMixin):
    """Writes down who was there, whatever they came with."""

    def process_response(self, request, response):
        if request.user.is_authenticated:
            Note.objects.create(title="seen")
        return response


class Tells(MiddlewareMixin):
    def process_response(self, request, response):
        logger.info("%s was there", request.user.get_username() if request.user.is_authenticated else None)
        return response


class Names(Stamp):
    """Names who was there, by a token too."""

    def __call__(self, request):
        response = self.get_response(request)
        response["X-Who"] = request.user.username
        return response


class Early(Stamp):
    """Asks for the route before Django has found it, and lets nobody through."""

    def __call__(self, request):
        if request.resolver_match and request.resolver_match.url_name.startswith("note"):
            return self.get_response(request)
        return HttpResponseForbidden() if request.path.startswith("/api/notes/") else self.get_response(request)


class Undressed(MiddlewareMixin):
    """Acts on answers that are none of DRF's."""

    def process_response(self, request, response):
        if not hasattr(response, "data") or response.streaming:
            response["X-Answer"] = "undressed"
        return response


class Gate(MiddlewareMixin):
    """As Django's LoginRequiredMiddleware, of a project with an earlier release."""

    def process_view(self, request, view, args, kwargs):
        if getattr(view, "login_required", True):
            return redirect("/login/")


class Counting(Stamp):
    seen = 0

    def __call__(self, request):
        self.seen += 1
        if self.seen > 100:
            return HttpResponseForbidden()
        return self.get_response(request)


class Local(Stamp):
    state = threading.local()

    def __call__(self, request):
        self.state.user = request.user
        return self.get_response(request)


class Writes(Stamp):
    def __call__(self, request):
        Note.objects.filter(title="x").delete()
        return self.get_response(request)


class Sometimes(Stamp):
    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code == 200:
            response["X-Good"] = "yes"
        return response


class Glances(Stamp):
    def __call__(self, request):
        if request.headers.get("X-Look"):
            request.looked = "key" in request.session
        return self.get_response(request)


class Plain(Stamp):
    def __call__(self, request):
        return self.get_response(request) and JsonResponse({})


class AuditLogger:
    def record(self, request):
        Note.objects.create(title=request.path)


audit = AuditLogger()
enabled = False
CACHE = {}


class Audited(Stamp):
    def __call__(self, request):
        audit.record(request)
        return self.get_response(request)


class Switched(Stamp):
    def __call__(self, request):
        if enabled or request.path in CACHE:
            return HttpResponseForbidden()
        return self.get_response(request)


class Starred(Stamp):
    def answer(self, request, block=False):
        return HttpResponseForbidden() if block else self.get_response(request)

    def __call__(self, request):
        return self.answer(request, *request.GET.getlist("block"))


def decorated(get_response):
    seen = []

    def middleware(request):
        nonlocal seen
        seen = [*seen, request]
        return get_response(request)

    return middleware


class RequestId:
    """Names every request."""

    header = "X-Request-ID"

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request_id = request.headers.get("X-Request-ID") or "none"
        response = self.get_response(request)
        if response.status_code < 400:
            response[self.header] = request_id
        return response


class Key(MiddlewareMixin):
    def process_request(self, request):
        if not request.path.startswith("/api/"):
            return redirect("/somewhere/")
        if request.META.get("HTTP_X_KEY", "") == "wrong":
            return JsonResponse({"detail": "Wrong key, sorry."}, status=403)

    def process_response(self, request, response):
        response["X-Length"] = len(request.path)
        return response


def stopped(get_response):
    def middleware(request):
        if request.method == "DELETE" and "stop" in request.COOKIES:
            return HttpResponseForbidden("No deletions.")
        response = get_response(request)
        if "X-Request-ID" in response:
            response["X-Seen"] = "yes"
        return response

    return middleware


class Found(MiddlewareMixin):
    def process_request(self, request):
        title = request.headers.get("X-Title")
        if title is not None and not Note.objects.filter(title=title).exists():
            return JsonResponse({"detail": "No such note."}, status=404)


class Clock:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.headers.get("X-Berlin"):
            timezone.activate("Europe/Berlin")
        else:
            timezone.deactivate()
        return self.get_response(request)


class Tenant(MiddlewareMixin):
    def process_request(self, request):
        title = request.headers.get("X-Tenant", "beta")
        request.tenant_title = title
        request.tenant = Note.objects.filter(title=title).first()


class Varied(Stamp):
    def __call__(self, request):
        response = self.get_response(request)
        response["Vary"] = request.path
        return response


class Domains:
    """Describes the host to those further in."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        host, port = split_domain_port(request.headers.get("Host", ""))
        request.host = host
        request.port = int(port) if port else None
        response = self.get_response(request)
        patch_vary_headers(response, ["X-Shop"])
        return response


def cookie_domain(request):
    return settings.SESSION_COOKIE_DOMAIN if request.host == "example.com" else None


class OwnSessions(SessionMiddleware):
    """Chooses the domain of the cookie."""

    def __init__(self, get_response, *args, **kwargs):
        super().__init__(*args, get_response=get_response, **kwargs)
        self.get_response = get_response

    def process_response(self, request, response):
        try:
            accessed = request.session.accessed
            modified = request.session.modified
            empty = request.session.is_empty()
        except AttributeError:
            return response
        if settings.SESSION_COOKIE_NAME in request.COOKIES and empty:
            response.delete_cookie(settings.SESSION_COOKIE_NAME, domain=cookie_domain(request))
            return response
        if accessed:
            patch_vary_headers(response, ("Cookie",))
        if modified and not empty and response.status_code != 500:
            request.session.save()
            response.set_cookie(settings.SESSION_COOKIE_NAME, request.session.session_key, domain=cookie_domain(request))
        return response

    def __call__(self, request):
        self.process_request(request)
        return self.process_response(request, self.get_response(request))


class ForgetfulSessions(OwnSessions):
    def process_response(self, request, response):
        if request.session.modified:
            request.session.save()
        return response


class QuietSessions(OwnSessions):
    """Tells not everybody that the answer is a reader's own."""

    def process_response(self, request, response):
        try:
            accessed = request.session.accessed
        except AttributeError:
            return response
        if not request.headers.get("X-Quiet"):
            if accessed:
                patch_vary_headers(response, ("Cookie",))
        return response


class ElseSessions(OwnSessions):
    """Has the rest of Django's method in an ``else``."""

    def process_response(self, request, response):
        try:
            accessed = request.session.accessed
            empty = request.session.is_empty()
        except AttributeError:
            pass
        else:
            if settings.SESSION_COOKIE_NAME in request.COOKIES and empty:
                response.delete_cookie(settings.SESSION_COOKIE_NAME, domain=cookie_domain(request))
                return response
            if accessed:
                patch_vary_headers(response, ("Cookie",))
        return response


class LeavingSessions(OwnSessions):
    """Ends in the ``else`` before it tells."""

    def process_response(self, request, response):
        try:
            accessed = request.session.accessed
        except AttributeError:
            pass
        else:
            if request.headers.get("X-Quiet"):
                return response
            if accessed:
                patch_vary_headers(response, ("Cookie",))
        return response


class EarlySessions(OwnSessions):
    """Ends before it tells."""

    def process_response(self, request, response):
        accessed = request.session.accessed
        if request.headers.get("X-Quiet"):
            return response
        if accessed:
            patch_vary_headers(response, ("Cookie",))
        return response


class SomeSessions(OwnSessions):
    """Asks some only whether they have read."""

    def process_response(self, request, response):
        accessed = False
        if not request.headers.get("X-Quiet"):
            accessed = request.session.accessed
        if accessed:
            patch_vary_headers(response, ("Cookie",))
        return response


class HeaderSessions(OwnSessions):
    def process_request(self, request):
        request.session = self.SessionStore(request.headers.get("X-Session"))


class CopiedSessions(OwnSessions):
    def process_response(self, request, response):
        response = super().process_response(request, response)
        if request.session.accessed:
            response["X-Session"] = "read"
        return response


class OwnCsrf(CsrfViewMiddleware):
    """Chooses the domain of the cookie, and asks for no token where there is a key."""

    def process_view(self, request, view, args, kwargs):
        if request.headers.get("X-Key"):
            return None
        return super().process_view(request, view, args, kwargs)

    def _set_csrf_cookie(self, request, response):
        response.set_cookie(
            settings.CSRF_COOKIE_NAME, request.META["CSRF_COOKIE"], domain="example.com" if request.is_secure() else None
        )
        patch_vary_headers(response, ("Cookie",))


class LooseCsrf(OwnCsrf):
    def _get_secret(self, request):
        return "x" * 32


class ClosedCsrf(OwnCsrf):
    def process_view(self, request, view, args, kwargs):
        if not request.headers.get("X-Key"):
            return HttpResponseForbidden("A key, please.")


class RejectingCsrf(OwnCsrf):
    def process_view(self, request, view, args, kwargs):
        if not request.headers.get("X-Key"):
            return self._reject(request, "A key, please.")


class EagerCsrf(CsrfViewMiddleware):
    def process_response(self, request, response):
        if "CSRF_COOKIE" in request.META:
            self._set_csrf_cookie(request, response)
        return super().process_response(request, response)


class Mobile(Stamp):
    """Sessions of those who have no cookies."""

    def __call__(self, request):
        token = request.headers.get("X-Session")
        if token:
            request.COOKIES["sessionid"] = token
        response = self.get_response(request)
        response["X-Path"] = request.GET.get("p", "")
        return response


class Hasty(Stamp):
    """Gives an attribute to some requests only."""

    def __call__(self, request):
        if request.GET.get("plain"):
            return self.get_response(request)
        request.tenant_name = request.headers.get("X-Tenant", "none")
        response = self.get_response(request)
        response["X-Path"] = request.path
        return response


class Facts(Stamp):
    """Gives requests what only its data names."""

    def __call__(self, request):
        for name, value in {"fact": "one"}.items():
            setattr(request, name, value)
        return self.get_response(request)


class HastyHook(MiddlewareMixin):
    def process_request(self, request):
        if request.GET.get("plain"):
            return
        request.tenant_name = request.headers.get("X-Tenant", "none")

    def process_response(self, request, response):
        response["X-Tenant"] = request.headers.get("X-Tenant", "none")
        return response


class Marked:
    """Sets what others further in ask for."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.marked = request.headers.get("X-Mark") == "on"
        return self.get_response(request)


class Chooses:
    """Finds the object of the URL, chooses language and time zone."""

    OPEN = ("note-list",)

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        match = resolve(request.path_info)
        pk = match.kwargs.get("pk")
        if pk:
            try:
                request.note = get_object_or_404(Note.objects.order_by("title"), pk=pk)
            except ValueError:
                raise Http404()
        note = getattr(request, "note", None)
        self.choose(request)
        request.spaces = len(match.namespaces)
        exempt = "pages" in match.namespaces or request.path.startswith("/api/")
        if "admin" in match.namespaces and request.user.is_staff:
            return redirect("/admin/")
        elif note and request.note.title and not request.marked and not exempt:
            return redirect("/elsewhere/")
        response = self.get_response(request)
        if note:
            response["X-Note"] = note.title
        elif match.url_name in self.OPEN and "X-Open" not in response:
            response["X-Open"] = "yes"
        return response

    def choose(self, request):
        language = (
            self.from_query(request)
            or self.from_user(request)
            or self.supported(request.COOKIES.get("chosen"))
            or self.from_header(request)
            or settings.LANGUAGE_CODE
        )
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language()
        with suppress(zoneinfo.ZoneInfoNotFoundError):
            if hasattr(request, "note") and request.note:
                name = "Europe/Berlin" if request.note.stars else request.note.title
            elif request.user.is_authenticated:
                name = request.user.username
            else:
                name = settings.TIME_ZONE
            timezone.activate(zoneinfo.ZoneInfo(name))
            request.zone = name

    def from_query(self, request):
        found = request.GET.get("lang")
        if found:
            found = self.supported(found)
            if found:
                request.COOKIES["chosen"] = found
                return found

    def from_user(self, request):
        if request.user.is_authenticated:
            return self.supported(request.user.username)

    def from_header(self, request):
        for code, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
            if code == "*":
                break
            if not language_code_re.search(code):
                continue
            code = self.supported(code)
            if code:
                return code

    @staticmethod
    def supported(value):
        with suppress(LookupError):
            value = get_supported_language_variant(value)
            if value in list(settings.SPOKEN):
                return value


class Aliased(Chooses):
    def __call__(self, request):
        arguments = resolve(request.path_info).kwargs
        if arguments.get("pk"):
            return HttpResponseForbidden()
        return self.get_response(request)


class HalfZone(Chooses):
    def __call__(self, request):
        if request.headers.get("X-Zone"):
            self.zone(request)
        response = self.get_response(request)
        response["X-Path"] = request.path
        return response

    def zone(self, request):
        timezone.activate("Europe/Berlin")


class InZone:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        _active.value = zoneinfo.ZoneInfo("Europe/Berlin")
        return self.get_response(request)


class Late(Stamp):
    def finish(self, request):
        return self.get_response(request)

    def __call__(self, request):
        response = self.finish(request)
        response["X-Path"] = request.path[1:]
        return response
'''
SHUT = """
from django.http import HttpResponse


class Shut(Exception):
    pass
"""
_METHOD = """
    def shut(self):
        raise Shut("for today")

    def receipt(self):
        return self.printed()

    def printed(self):
        return HttpResponse(self.title)
"""
TRANSLATED = ["RequestId", "Found", "Tenant", "Clock", "Key", "stopped", "Sometimes"]
LOGIN = "django.contrib.auth.middleware.LoginRequiredMiddleware"
ACCEPTED = [
    "Device", "Pages", "prefixed", "Impersonate", "Debugging", "Stamp", "Missing", "Prefixed", "Locks", "Logs", "Lazily", LOGIN,
]  # fmt: skip
REFUSED = {
    "Body": "request.body", "Wrapped": "response.data", "Hidden": "raise Http404", "Early": "return HttpResponseForbidden",
    "Guests": "request.session['guest']",
    "Counting": "self.seen", "Local": "self.state.user", "Writes": "Note.objects.filter",
    "Varied": "response['Vary']", "Late": "response['X-Path']",
    "Glances": "notes.middleware.Glances", "Sifts": "notes.middleware.Sifts", "decorated": "nonlocal",
    "Aliased": "return HttpResponseForbidden", "HalfZone": "response['X-Path']", "InZone": "_active.value",
    "Audited": "audit.record", "Switched": "return HttpResponseForbidden", "Starred": "return self.answer",
}  # fmt: skip
STACK = [
    "django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
]  # fmt: skip
SETTINGS = """\
import os

SECRET_KEY = "x"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
MANAGERS = [("me", "me@example.com")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "site_.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions",
                  "rest_framework", "notes"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    os.environ.get("SITE_SESSIONS", "django.contrib.sessions.middleware.SessionMiddleware"),
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # It is followed for every route anew: not where subclasses are looked at.
    *(["django.middleware.common.BrokenLinkEmailsMiddleware"] if "SITE_SESSIONS" not in os.environ else []),
    *(name if "." in name else "notes.middleware." + name for name in os.environ["MIDDLEWARE"].split()),
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
REST_FRAMEWORK = {"SEARCH_PARAM": "q", "ORDERING_PARAM": "sort"}
BEHIND_PROXY = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 2000
SPOKEN = {"en": {"name": "English", "plural": False}, "de": {"name": "Deutsch", "plural": True}, "de-at": {}}
LANGUAGE_CODE = os.environ.get("SITE_LANGUAGE", "en-us")
if "SITE_LANGUAGES" in os.environ:
    LANGUAGES = [(code, code) for code in os.environ["SITE_LANGUAGES"].split()]
"""
VIEWS = """\
from rest_framework import authentication, filters, permissions, renderers, serializers, views, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.decorators import api_view
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

import imagekit.specs.sourcegroups
from notes.middleware import Closed, Opened
from notes.models import Note


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "stars"]


class NoteViewSet(viewsets.ModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = [permissions.AllowAny]
    authentication_classes = [authentication.BasicAuthentication]
    filter_backends = [filters.SearchFilter, filters.OrderingFilter]
    search_fields = ["title"]
    ordering_fields = ["title", "id"]


class Mine(viewsets.ViewSet):
    permission_classes = [permissions.AllowAny]
    authentication_classes = []

    def list(self, request):
        if request.tenant is None:
            return Response({"title": request.tenant_title, "now": timezone.localtime().utcoffset()})
        tenant = getattr(request, "tenant", None)
        told = {"has": hasattr(request, "tenant"), "absent": getattr(request, "never_given", "no")}
        response = Response({"title": request.tenant_title, "stars": tenant.stars if tenant else 0, **told})
        response["X-Stars"] = request.tenant.stars
        if "X-Kept" not in response:
            response.headers["X-Kept"] = "yes"
        return response


class Told(viewsets.ViewSet):
    permission_classes = [permissions.AllowAny]
    authentication_classes = []

    def list(self, request):
        return Response({"told": _("Not found."), "fact": getattr(request, "fact", "none"), "tenant": getattr(request, "tenant_name", "none")})


class Seen(viewsets.ViewSet):
    permission_classes = [permissions.AllowAny]
    authentication_classes = []

    def list(self, request):
        return Response({"told": _("Not found."), "offset": timezone.localtime().utcoffset(), "chosen": request.COOKIES.get("chosen")})

    def retrieve(self, request, pk):
        return Response({"note": request.note.title, "stars": request.note.stars, "offset": timezone.localtime().utcoffset()})


class Who(viewsets.ViewSet):
    permission_classes = [permissions.AllowAny]
    authentication_classes = [authentication.SessionAuthentication]

    def list(self, request):
        return Response({"who": request.user.username}, headers={"X-Answer": "own"})

    def create(self, request):
        return Response({"who": request.user.username})


class SheetRenderer(renderers.BaseRenderer):
    media_type = "application/vnd.sheet"
    format = "sheet"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return b"sheet"


class Sheets:
    filename = "notes"

    def get_filename(self, request=None, *args, **kwargs):
        return self.filename

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(response, Response) and response.accepted_renderer.format == "sheet":
            response["content-disposition"] = f"attachment; filename={self.get_filename(request)}"
        elif isinstance(request.accepted_renderer, (SheetRenderer, renderers.BrowsableAPIRenderer)):
            response.data = {}
        return response


class Base:
    permission_classes = [permissions.AllowAny]
    authentication_classes = []
    renderer_classes = [renderers.JSONRenderer, SheetRenderer]

    def get(self, request):
        return Response({"ok": True})


class SheetView(Sheets, Base, views.APIView):
    pass


class Bare(Base, views.APIView):
    def get(self, request):
        return HttpResponse("bare")


class Beside(Base, viewsets.ViewSet):
    def list(self, request):
        return Response({"page": hasattr(self, "page")})

    @action(detail=False)
    def page(self, request):
        return HttpResponse("bare")


class Within(Beside):
    def list(self, request):
        return Response({"length": len(self.page(request).content)})


class Handed(Beside):
    def list(self, request):
        return Response(said_by(self, "pa" + "ge"))


def said_by(view, name):
    return getattr(view, name)(None).content.decode()


class Receipt(Base, views.APIView):
    def get(self, request):
        return Note.objects.order_by("id").first().receipt()


class Marked(Base, views.APIView):
    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        response["X-Service"] = "marked"
        return response


class Download(Base, views.APIView):
    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.query_params.get("download") and response.status_code == 200:
            response["Content-Disposition"] = "attachment"
        return response


class Raises(Base, views.APIView):
    failure = Closed

    def get(self, request):
        raise Opened("once") if request.query_params else self.failure("for good")


class Fails(Base, views.APIView):
    def get(self, request):
        if request.query_params:
            raise Opened("once")
        raise Closed("for good")


class Enveloped(Base, views.APIView):
    def finalize_response(self, request, response, *args, **kwargs):
        response.data = {"data": response.data}
        return super().finalize_response(request, response, *args, **kwargs)
"""
# As django-imagekit's: it listens to every model, and does something for those that have source groups.
ROUTER = """\
import inspect

from django.contrib.auth.models import Permission
from django.db.models.signals import post_init, post_save


class Group:
    model_class = Permission


class ModelSignalRouter:
    def __init__(self):
        self._source_groups = [Group()]
        post_init.connect(self.post_init_receiver, dispatch_uid="ik")
        post_save.connect(self.post_save_receiver, dispatch_uid="ik")

    def post_init_receiver(self, sender, instance=None, **kwargs):
        if any(inspect.isclass(sender) and issubclass(sender, g.model_class) for g in self._source_groups):
            instance._ik = {}

    def post_save_receiver(self, sender, instance=None, **kwargs):
        if any(inspect.isclass(sender) and issubclass(sender, g.model_class) for g in self._source_groups):
            print(instance)


signal_router = ModelSignalRouter()
"""
URLS = """\
from django.urls import include, path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("notes", views.NoteViewSet)
router.register("who", views.Who, basename="who")
urlpatterns = [path("api/", include(router.urls)), path("other/", views.Who.as_view({"get": "list", "post": "create"})),
               path("api/mine/", views.Mine.as_view({"get": "list"})), path("api/seen/", views.Seen.as_view({"get": "list"})), path("api/seen/<slug:pk>/", views.Seen.as_view({"get": "retrieve"})), path("api/told/", views.Told.as_view({"get": "list"})), path("api/sheet/", views.SheetView.as_view()), path("api/bare/", views.Bare.as_view()), path("api/receipt/", views.Receipt.as_view()), *[path(f"api/{c.__name__.lower()}/{end}", c.as_view({"get": name})) for c in (views.Beside, views.Within, views.Handed) for end, name in (("", "list"), ("page/", "page"))], path("api/marked/", views.Marked.as_view()),
               path("api/download/", views.Download.as_view()), path("api/raises/", views.Raises.as_view()), path("api/fails/", views.Fails.as_view()), path("api/enveloped/", views.Enveloped.as_view())]
"""
LEGACY = """\
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "site_.settings"
import django
django.setup()
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment(debug=False)
from notes.models import Note
for title in ("beta", "alpha", "gamma"):
    Note.objects.get_or_create(title=title)
Note.objects.filter(title="gamma").update(stars=3)
Note.objects.get_or_create(title="Asia/Tokyo")
user, _ = get_user_model().objects.get_or_create(username="ann")
out = []
for one in json.load(sys.stdin):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    if one.get("login"):
        client.force_login(user)
    if one.get("session"):
        session = client.session
        session.update(one["session"])
        session.save()
        client.cookies["sessionid"] = session.session_key
    client.cookies.load(one.get("cookies", {}))
    key = client.cookies["sessionid"].value if "sessionid" in client.cookies else ""
    mail.outbox = []
    answer = client.generic(one["method"], one["path"], one.get("body", ""), "application/json", headers=one.get("headers", {}))
    out.append({"status": answer.status_code, "headers": {k.lower(): v for k, v in answer.items()},
                "body": answer.content.decode(), "key": key, "mails": len(mail.outbox),
                "cookies": [c for c in answer.cookies if c in client.cookies]})
json.dump(out, sys.stdout)
"""
MODERN = """\
import json, sys
from starlette.testclient import TestClient
from app.main import create_app
client = TestClient(create_app(), follow_redirects=False)
out = []
with client:
    for one in json.load(sys.stdin):
        client.cookies.clear()
        for name, value in {**one.get("cookies", {}), **({"sessionid": one["key"]} if one["key"] else {})}.items():
            client.cookies.set(name, value)
        answer = client.request(one["method"], one["path"], content=one.get("body"), headers={"content-type": "application/json", "host": "testserver", "user-agent": "", **one.get("headers", {})})
        out.append({"status": answer.status_code, "headers": dict(answer.headers), "body": answer.text})
json.dump(out, sys.stdout)
"""


def create(root: Path) -> Path:
    """The project with its migrated database."""
    files = {
        "manage.py": MANAGE, "site_/__init__.py": "", "site_/settings.py": SETTINGS, "site_/urls.py": URLS,
        "notes/__init__.py": "", "notes/models.py": MODELS.rstrip() + _METHOD + SHUT, "notes/views.py": VIEWS, "notes/middleware.py": MIDDLEWARE,
        "imagekit/__init__.py": "", "imagekit/utils.py": "def autodiscover():\n    pass\n", "imagekit/specs/__init__.py": "",
        "imagekit/specs/sourcegroups.py": ROUTER, "notes/migrations/__init__.py": "", "notes/migrations/0001_initial.py": MIGRATION,
    }  # fmt: skip
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    run(root, ["manage.py", "migrate"], [], "")
    return root


def run(root: Path, arguments: list[str], middleware: list[str], text: str, **environment: str) -> str:
    """Python in the folder ``root``; its standard output."""
    env = {**os.environ, "SEGUE_TEST_FORK": "1", "MIDDLEWARE": " ".join(middleware), **environment}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=root, env=env, input=text, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def both(
    root: Path, generated: Path, middleware: list[str], requests: list[dict[str, Any]], **environment: str
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(Django's answer, FastAPI's) for each request; both see the same session."""
    legacy = json.loads(run(root, ["-c", LEGACY], middleware, json.dumps(requests), **environment))
    asked = [{**one, "key": answer["key"]} for one, answer in zip(requests, legacy, strict=True)]
    url = f"sqlite+aiosqlite:///{root / 'db.sqlite3'}"
    modern = run(generated, ["-c", MODERN], [], json.dumps(asked), DATABASE_URL=url, SECRET_KEY="x")
    return list(zip(legacy, json.loads(modern), strict=True))
