"""Decorators and mixins around a plain view → code that runs before it, methods that it takes, headers that it writes.

What may answer in the view's place (``login_required``, ``permission_required``, ``user_passes_test``, ``staff_member_required`` and Django's
mixins of access) is written down as Python and translated as if the project had written it. Sources: ``django.contrib.auth.decorators``,
``django.contrib.auth.mixins``, ``django.contrib.admin.views.decorators``, ``django.views.decorators``.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from segue.snapshot.model import GlobalRef, Layer
from segue.target.ir import Import
from segue.translate.functions.atomic import ATOMIC_DECORATORS
from segue.translate.functions.idle_decorators import gives_back
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import plain

TO_LOGIN = "segue.plain.to_login"
_AUTH = "django.contrib.auth.decorators."
_MIXINS = "django.contrib.auth.mixins."
_REQUIRE = "django.views.decorators.http.require_http_methods"
_CSRF = "django.middleware.csrf.CsrfViewMiddleware"
_REPORTS = "django.views.decorators.debug."
_DISPATCH = ".dispatch"
_VARY = {"django.views.decorators.vary.vary_on_headers", "django.views.decorators.vary.vary_on_cookie"}
_CACHING = "segue_bridge.http.caching"
_FORGETS = "django.views.decorators.cache.never_cache"
_CONTROL = "django.views.decorators.cache.cache_control"


@dataclass(slots=True)
class Around:
    """``guard``: statements that may answer in the view's place, with what their names mean. ``asks``: whether they ask who the user is,
    on every way to the view. ``allowed``: methods; ``first``: they are looked at before the guard. ``finish``: expressions of
    ``PlainResource.finish``. ``own``: decorators of the project's, from the outside in, which stand inside of all of these."""

    guard: list[str] = field(default_factory=list)
    names: dict[str, GlobalRef] = field(default_factory=dict)
    asks: bool = False
    allowed: tuple[str, ...] = ()
    first: bool = False
    finish: list[str] = field(default_factory=list)
    imports: set[Import] = field(default_factory=set)
    own: list[str] = field(default_factory=list)
    atomic: bool = False


def around(endpoint: Endpoint, layers: Sequence[Layer]) -> Around:
    """What stands around a view. Raises ``Refused`` for what Segue does not know, and for an order that it does not write."""
    out = Around()
    for layer in layers:
        if out.own and not _is_own(endpoint, layer.name):
            raise endpoint.refuse(
                "view-decorator",
                f"@{layer.name}",
                "It stands inside of a decorator of the project's: put it outside.",
            )
        _add(endpoint, out, layer)
    return out


def _is_own(endpoint: Endpoint, name: str) -> bool:
    function = endpoint.ctx.snapshot.functions.get(name)
    return function is not None and not function.where.file.startswith("/")


def _add(endpoint: Endpoint, out: Around, layer: Layer) -> None:
    name = layer.name
    given = {key: plain(value) for key, value in layer.arguments.items()}
    if name == _REQUIRE:
        if out.allowed:
            raise endpoint.refuse("view-decorator", f"@{name}", "It stands there twice.")
        out.allowed, out.first = tuple(map(str, given["methods"])), not out.guard
    elif name in (_FORGETS, _CONTROL, *_VARY):
        if out.guard or out.allowed:
            why = "It stands inside of one that may answer by itself, which has no such headers then: put it outside."
            raise endpoint.refuse("view-decorator", f"@{name}", why)
        _finish(endpoint, out, name, given)
    elif name in ATOMIC_DECORATORS:
        if given.get("using") not in (None, "default") or given.get("durable"):
            raise endpoint.refuse("atomic", f"@{name}", "Segue does not know this argument of atomic().")
        out.atomic = True
    elif name.startswith(_REPORTS) or (name == _CSRF and not endpoint.view.csrf_exempt):
        return
    elif name.startswith((_AUTH, _MIXINS)) or name.endswith(".staff_member_required"):
        _guard(endpoint, out, name, given)
    elif _is_own(endpoint, name):
        if not gives_back(endpoint.ctx, name) and not _hands_on(endpoint, name):
            out.own.append(name)
    else:
        raise endpoint.refuse(
            "view-decorator", f"@{name}", "Segue does not know what this does around a plain view."
        )


def _hands_on(endpoint: Endpoint, name: str) -> bool:
    """Whether it is a ``dispatch`` of the project's that only calls its parent's."""
    from segue.translate.views.handed_on import hands_on

    function = endpoint.ctx.snapshot.functions.get(name)
    if function is None or not name.endswith(_DISPATCH):
        return False
    if not hands_on(replace(function, wrapped_by=())):
        raise endpoint.refuse_method("dispatch", "An overridden dispatch changes the order of work.")
    return True


def _finish(endpoint: Endpoint, out: Around, name: str, given: dict[str, Any]) -> None:
    """Decorators that write headers: the outermost comes last."""
    if name == _FORGETS:
        text, needed = "never_cache", "never_cache"
    elif name == _CONTROL:
        text, needed = f"cache_control({', '.join(f'{k}={v!r}' for k, v in given.items())})", "cache_control"
    else:
        headers = given.get("headers") or ["Cookie"]
        text, needed = f"vary_on({', '.join(map(repr, headers))})", "vary_on"
    out.finish.insert(0, text)
    out.imports.add(Import(_CACHING, needed))


def _guard(endpoint: Endpoint, out: Around, name: str, given: dict[str, Any]) -> None:
    if given.get("changed"):
        raise endpoint.refuse("view-decorator", name, f"The project overrides {given['changed'][0]} of it.")
    if not given.get("login_url") and not given.get("raises"):
        raise endpoint.refuse(
            "view-decorator", name, "Where LOGIN_URL leads is not known, or differs by language."
        )
    away = f"return to_login(request, {given.get('login_url')!r}, {given.get('field')!r})"
    out.names["to_login"] = GlobalRef("function", TO_LOGIN)
    out.names["PermissionDenied"] = GlobalRef("class", "django.core.exceptions.PermissionDenied")
    request = "request" if not endpoint.cls else "self.request"
    away = away.replace("(request,", f"({request},")
    denied = "raise PermissionDenied" if given.get("raises") else away
    perms = [str(p) for p in given.get("permissions") or []]
    asked = " and ".join(f"{request}.user.has_perm({p!r})" for p in perms)
    mixin = name.startswith(_MIXINS)
    short = name.removesuffix(_DISPATCH).rpartition(".")[2]
    if short in ("login_required", "LoginRequiredMixin"):
        out.guard += [f"if not {request}.user.is_authenticated:", f"    {denied}"]
    elif short in ("permission_required", "PermissionRequiredMixin") and perms:
        out.guard += [f"if not ({asked}):"]
        if mixin and not given.get("raises"):
            out.guard += [f"    if {request}.user.is_authenticated:", "        raise PermissionDenied"]
        out.guard.append(f"    {denied}")
    elif short == "staff_member_required":
        out.guard += [f"if not ({request}.user.is_active and {request}.user.is_staff):", f"    {away}"]
    elif short == "UserPassesTestMixin":
        out.guard.append("if not self.test_func():")
        if not given.get("raises"):
            out.guard += [f"    if {request}.user.is_authenticated:", "        raise PermissionDenied"]
        out.guard.append(f"    {denied}")
        return
    elif short == "user_passes_test" and _asked_of_user(given.get("code")):
        out.guard += [f"if not ({_asked_of_user(given['code'])}):", f"    {away}"]
    elif short == "user_passes_test" and given.get("test"):
        test = f"passes_{len(out.names)}"
        out.names[test] = GlobalRef("function", str(given["test"]))
        out.guard += [f"if not {test}({request}.user):", f"    {away}"]
    else:
        raise endpoint.refuse("view-decorator", name, "Segue does not know whom it lets through.")
    out.asks = True


def _asked_of_user(code: object) -> str:
    """What ``lambda u: u.is_staff`` asks, of ``request.user``; '' where it names anything else."""
    if not isinstance(code, str) or not code:
        return ""
    made = ast.parse(f"({code})", mode="eval").body
    if not isinstance(made, ast.Lambda) or ast.unparse(made.args) not in {a.arg for a in made.args.args}:
        return ""
    (argument,) = made.args.args
    names = [n for n in ast.walk(made.body) if isinstance(n, ast.Name)]
    if not names or any(n.id != argument.arg for n in names):
        return ""
    for one in names:
        one.id = "request.user"
    return ast.unparse(made.body).replace("\n", " ")


__all__ = ["TO_LOGIN", "Around", "around"]
