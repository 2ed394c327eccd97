"""What can be asked of the answer of a translated view: DRF's ``Response``, rendered as JSON, where it may be no other.

The page of an uncaught error is not looked at: its text is the server's.
"""

from __future__ import annotations

import ast

from segue.translate.middleware.csp import MARKS
from segue.translate.middleware.machine import Frame, Raised
from segue.translate.middleware.values import NONE, Bound, Fact, Known, Thing, Unknown, Value

CLASSES = frozenset(
    {
        "rest_framework.response.Response", "django.template.response.SimpleTemplateResponse", "builtins.object",
        "django.http.response.HttpResponse", "django.http.response.HttpResponseBase",
    }
)  # fmt: skip
# Attributes of DRF's Response; the translator refuses views that set others.
ATTRIBUTES = frozenset(
    {
        "status_code", "data", "content", "text", "headers", "cookies", "charset", "closed", "streaming", "reason_phrase", "exception",
        "accepted_renderer", "accepted_media_type", "renderer_context", "content_type", "is_rendered", "rendered_content",
        "template_name", "context_data", "status_text", "items", "get", "has_header", "set_cookie", "delete_cookie", "render",
        "set_signed_cookie", "setdefault", "close", "write", "flush", "tell", "getvalue", "readable", "writable", "seekable",
        "writelines", "serialize", "serialize_headers", "make_bytes", "add_post_render_callback", "resolve_template",
        "resolve_context", "rendering_attrs", "using", "wsgi_request", "__getitem__", "__setitem__",
    }
)  # fmt: skip
# Headers that views, DRF or servers write themselves.
_SHARED = frozenset(
    {
        "allow", "content-type", "content-length", "www-authenticate", "retry-after", "location", "vary", "set-cookie",
        "content-disposition", "etag", "last-modified", "link", "x-segue-unserved",
    }
)  # fmt: skip


# Those of every answer of Django's.
_EVERY = frozenset(
    {
        "status_code", "headers", "cookies", "charset", "closed", "reason_phrase", "items", "get", "has_header", "set_cookie",
        "delete_cookie", "set_signed_cookie", "setdefault", "close", "flush", "serialize_headers", "make_bytes", "streaming",
        "__getitem__", "__setitem__",
    }
)  # fmt: skip


_PLAIN = Fact("answer", "plain")


def _plain(frame: Frame) -> bool:
    """Whether, on this path, the view has answered with a response of Django's own."""
    return frame.machine.outside.bare and frame.machine.path.decide(_PLAIN)


def is_a(frame: Frame, name: str) -> bool | None:
    """Whether the answer is of the class ``name``; None where that depends on the view."""
    if not _plain(frame):
        return name in CLASSES
    if name in ("builtins.object", "django.http.response.HttpResponseBase"):
        return True
    return False if name.startswith("rest_framework.") else None


def attribute(frame: Frame, name: str, node: ast.AST) -> Value:
    """``response.name``."""
    path = frame.machine.path
    if name in path.response_attributes:
        return path.response_attributes[name]
    plain = _plain(frame)
    if plain and name not in _EVERY and not has(frame, name):
        raise Raised("builtins.AttributeError")
    if plain and (name == "streaming" or name not in ATTRIBUTES):
        return Unknown(name, pure=name == "streaming")
    if name == "status_code":
        return Unknown("status", compares="status")
    if name == "streaming":
        return Known(False)
    if name == "headers":
        return Thing("answer-headers")
    if name in (
        "content",
        "text",
        "charset",
        "reason_phrase",
        "closed",
        "is_rendered",
        "exception",
        "status_text",
    ):
        return Unknown(name)
    if name == "accepted_renderer":
        return Thing("renderer")
    if name in ATTRIBUTES:
        return Bound(Thing("response"), name)
    if has(frame, name):
        return Unknown(name, pure=False)
    raise Raised("builtins.AttributeError")


def has(frame: Frame, name: str) -> bool:
    """Whether the answer has the attribute: Django's, or one that some middleware sets."""
    path = frame.machine.path
    if name in path.response_attributes:
        return True
    if name not in _EVERY and _plain(frame):
        return path.decide(Fact("attribute", name))
    if name in ATTRIBUTES:
        return True
    return name in frame.machine.set_on_responses and path.decide(Fact("attribute", name))


def set_attribute(frame: Frame, name: str, value: Value, node: ast.AST) -> None:
    """``response.name = value``."""
    if name in ATTRIBUTES or name.startswith(MARKS):
        frame.event(node, f"It changes the answer's {name}.")
    frame.machine.path.response_attributes[name] = value


def contains(frame: Frame, element: Value) -> Value:
    """``"X-Name" in response``."""
    if isinstance(element, Known) and isinstance(element.value, str):
        if element.value.lower() in ("content-type", "allow") or _was_set(frame, element.value.lower()):
            return Known(True) if element.value.lower() != "content-type" else Unknown("header")
        return Known(frame.machine.path.decide(Fact("answer", element.value.lower())))
    return Unknown("header")


def _was_set(frame: Frame, name: str) -> bool:
    return any(n == name for n, _, _ in frame.machine.path.headers)


def item(frame: Frame, key: Value, node: ast.AST) -> Value:
    """``response["X-Name"]``."""
    found = contains(frame, key)
    if isinstance(found, Known) and not found.value:
        raise Raised("builtins.KeyError")
    return _value(frame, key)


def _content_type(frame: Frame) -> Value:
    """``application/json``, with a charset where the project's own renderer names one."""
    if _plain(frame):
        return Unknown("header")
    return Known("application/json" if frame.machine.path.decide() else "application/json; charset=utf-8")


def _value(frame: Frame, key: Value) -> Value:
    if isinstance(key, Known) and str(key.value).lower() == "content-type":
        return _content_type(frame)
    return Unknown("header of the answer")


def set_item(frame: Frame, key: Value, value: Value, node: ast.AST, mode: str = "set") -> None:
    """``response["X-Name"] = value``: the same for all answers, or it is an event."""
    path = frame.machine.path
    if not isinstance(key, Known) or not isinstance(key.value, str):
        frame.event(node, "It sets a header whose name is computed.")
        return
    name = key.value.lower()
    if name in _SHARED:
        frame.event(node, f"It sets {key.value}, which views set too.")
    elif not isinstance(value, Known) or not isinstance(value.value, str | int):
        frame.event(node, f"The value of {key.value} depends on more than the settings.")
    else:
        if path.facts.get(Fact("answer", name)) is False:
            mode = "default"
        path.headers.append((name, str(value.value), mode))


def call(frame: Frame, name: str, given: list[Value], node: ast.Call) -> Value:
    """``response.name(...)``."""
    if name == "get" and given:
        if isinstance(given[0], Known) and str(given[0].value).lower() == "content-type":
            # An answer without a body has no type.
            return (
                _content_type(frame) if frame.machine.path.decide() else given[1] if len(given) > 1 else NONE
            )
        found = contains(frame, given[0])
        there = found.value if isinstance(found, Known) else frame.machine.path.decide()
        if there:
            return _value(frame, given[0])
        return given[1] if len(given) > 1 else NONE
    if name in ("has_header", "__contains__") and given:
        return contains(frame, given[0])
    if name == "setdefault" and len(given) == 2:
        set_item(frame, given[0], given[1], node, "default")
        return NONE
    if name in ("items", "keys", "values", "getvalue", "serialize_headers"):
        return Unknown(name)
    frame.event(node, f"It calls {name} of the answer.")
    return Unknown(name, pure=False)
