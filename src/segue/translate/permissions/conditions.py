"""One permission (class, or a tree of ``&``, ``|``, ``~``) → Python expressions."""

from __future__ import annotations

import ast
from contextlib import nullcontext
from typing import Any

from segue.snapshot.model import Attribute, Value
from segue.target.ir import Import
from segue.translate.backends import check_flag
from segue.translate.functions.lift import lift
from segue.translate.functions.record import constant
from segue.translate.interp import carried
from segue.translate.interp.leaving import leavable
from segue.translate.interp.scope import Scope
from segue.translate.kinds import Instance, Object, Request, ViewSelf
from segue.translate.language import is_text, lazy
from segue.translate.load.models import snake
from segue.translate.permissions import api_keys, oauth2
from segue.translate.permissions.condition import FALSE, TRUE, Condition
from segue.translate.permissions.model_permissions import model_permissions, object_permissions
from segue.translate.permissions.own_message import with_messages
from segue.translate.permissions.rules.constructed import made_with
from segue.translate.rules.request_state import check_user
from segue.translate.specialise.endpoint import Endpoint, path_scope
from segue.translate.specialise.fold import Made, Ref

DRF = "rest_framework.permissions."
_BASE = f"{DRF}BasePermission."
# Those that ask permissions, or answer for them, may look at more than what a method returns.
_ASKING = ("permission_denied", "check_permissions", "check_object_permissions")
_AUTH = "segue_bridge.auth.permissions"
_SIMPLE = {
    "IsAuthenticated": ("is_authenticated", "is_authenticated(call.user)"),
    "IsAdminUser": ("is_staff", "is_staff(call.user)"),
    "IsAuthenticatedOrReadOnly": (
        "is_authenticated_or_read_only",
        "is_authenticated_or_read_only(call.user, call.method)",
    ),
}


def view_condition(endpoint: Endpoint, permission: Any) -> Condition:
    """``permission.has_permission(request, view)``. Raises ``Refused``."""
    return _condition(endpoint, permission, None, "")


def object_condition(endpoint: Endpoint, permission: Any, instance: Instance, name: str) -> Condition:
    """``permission.has_object_permission(request, view, obj)``; ``name`` is the local that holds ``obj``."""
    return _condition(endpoint, permission, instance, name)


def _condition(
    endpoint: Endpoint,
    permission: Any,
    instance: Instance | None,
    name: str,
    *,
    negated: bool = False,
    alone: bool = True,
) -> Condition:
    if isinstance(permission, Made) and permission.parts:
        return _operator(endpoint, permission, instance, name, negated)
    cls = (
        permission.cls
        if isinstance(permission, Made)
        else permission.name
        if isinstance(permission, Ref)
        else ""
    )
    if not cls:
        raise endpoint.refuse("permission", repr(permission), "Segue does not know this permission.")
    method = "has_permission" if instance is None else "has_object_permission"
    known = endpoint.ctx.snapshot.classes.get(cls)
    dotted = known.methods.get(method, "") if known is not None else f"{cls}.{method}"
    if instance is not None and dotted == f"{DRF}DjangoObjectPermissions.has_object_permission":
        found: Condition | None = object_permissions(endpoint, cls, instance, name)
    else:
        found = _drf(endpoint, cls, dotted, method)
    if found is None and known is not None and api_keys.is_one(known):
        found = api_keys.condition(endpoint, known, instance)
    if found is None and oauth2.is_one(dotted):
        found = oauth2.condition(endpoint, cls, known)
    if found is not None and "call.user" in found.text:
        check_user(endpoint.ctx, endpoint.where, cls)
    if found is None:
        given = permission.given if isinstance(permission, Made) else ()
        found = _lifted(endpoint, cls, dotted, instance, name, given, alone)
    if known is not None:
        message = known.attributes.get("message")
        found.message, needed = _details(endpoint, cls, message)
        found.imports |= needed
        found.code = _code(endpoint, cls, known.attributes.get("code"))
        if known.origin != "drf":
            for attribute in ("message", "code"):
                if known.methods.get(attribute):
                    raise endpoint.refuse(
                        "permission", f"{cls}.{attribute}", "Its message is computed.", known.where
                    )
    return found


def _operator(
    endpoint: Endpoint, made: Made, instance: Instance | None, name: str, negated: bool
) -> Condition:
    kind = made.cls.removeprefix(DRF)
    negated = negated or kind == "NOT"
    mark, parts = carried.mark(endpoint.ctx), []
    for number, part in enumerate(made.parts):
        with carried.perhaps(endpoint.ctx) if number else nullcontext():
            parts.append(_condition(endpoint, part, instance, name, negated=negated, alone=False))
    imports = {i for p in parts for i in p.imports}
    if carried.mark(endpoint.ctx) > mark and any(p.text in (TRUE, FALSE) for p in parts):
        # What is decided without code is left out with what stands beside it, and that has effects here.
        why = "A side of it puts something on the request, and another always says the same."
        raise endpoint.refuse("permission", made.cls, why)
    if kind == "NOT":
        text = {TRUE: FALSE, FALSE: TRUE}.get(parts[0].text, f"not ({parts[0].text})")
        return Condition(text, imports=imports)
    if kind == "AND":
        return Condition(_join("and", [p.text for p in parts]), imports=imports)
    if kind != "OR":
        raise endpoint.refuse("permission", made.cls, "Segue does not know this operator of permissions.")
    texts = [p.text for p in parts]
    if instance is not None and not negated and all(t == TRUE for t in texts):
        # DRF's OR would ask the view permission of each side again, and one of them was granted before.
        return Condition(TRUE)
    if instance is not None:
        # DRF's OR asks the view permission of a side again before its object permission.
        with carried.perhaps(endpoint.ctx):
            views = [_condition(endpoint, p, None, "", alone=False) for p in made.parts]
        if carried.mark(endpoint.ctx) > mark:
            why = "Its sides put something on the request, and DRF asks each of them again for an object."
            raise endpoint.refuse("permission", made.cls, why)
        imports |= {i for v in views for i in v.imports}
        texts = [_join("and", [v.text, p.text]) for v, p in zip(views, parts, strict=True)]
    return Condition(_join("or", texts), imports=imports)


def _join(word: str, texts: list[str]) -> str:
    neutral, decided = (TRUE, FALSE) if word == "and" else (FALSE, TRUE)
    kept = [t for t in texts if t != neutral]
    if decided in kept:
        # Nothing after a decided side is asked, and what stands before has no effects.
        return decided
    if not kept:
        return neutral
    if len(kept) == 1:
        return kept[0]
    return f" {word} ".join(
        f"({t})" if isinstance(ast.parse(t, mode="eval").body, ast.BoolOp) else t for t in kept
    )


def _drf(endpoint: Endpoint, cls: str, dotted: str, method: str) -> Condition | None:
    if not dotted.startswith(DRF):
        return None
    owner = dotted.removeprefix(DRF).rpartition(".")[0]
    if owner in ("BasePermission", "AllowAny"):
        return Condition(TRUE)
    if method == "has_object_permission" and owner != "DjangoObjectPermissions":
        return Condition(TRUE)
    if owner in _SIMPLE:
        if owner == "IsAdminUser":
            check_flag(endpoint.ctx, "is_staff", endpoint.where)
        name, text = _SIMPLE[owner]
        # Where request.user.is_authenticated has it from, too: one name, one module.
        home = "segue_bridge.auth.users" if name == "is_authenticated" else _AUTH
        return Condition(text, imports={Import(home, name)})
    if owner == "DjangoModelPermissions":
        return model_permissions(endpoint, cls)
    raise endpoint.refuse("permission", dotted, "Segue has no translation of this permission of DRF yet.")


def _lifted(
    endpoint: Endpoint,
    cls: str,
    dotted: str,
    instance: Instance | None,
    name: str,
    given: tuple[str, ...],
    alone: bool,
) -> Condition:
    ctx = endpoint.ctx
    arguments: dict[str, Any] = {}
    function = ctx.snapshot.functions.get(dotted)
    spec = _spec(function.source) if function is not None else None
    if function is None or spec is None:
        raise endpoint.refuse(
            "permission", dotted or cls, "The snapshot has no function of the class for it."
        )
    function = with_messages(ctx, cls, function, alone=alone and not any(map(endpoint.overridden, _ASKING)))
    parameters = [a.arg for a in spec.args][1:]
    kinds: list[Any] = [Request(), ViewSelf(endpoint)] + ([instance] if instance is not None else [])
    arguments = dict(zip(parameters, kinds, strict=False))
    stem = snake(cls.rpartition(".")[2])
    with leavable(ctx):
        lifted = lift(
            ctx,
            function,
            self_kind=Object(cls, use=made_with(endpoint, cls, given) if given else None),
            arguments=arguments,
            module_kind="permissions",
            name=stem if instance is None else f"{stem}_for",
            hint=endpoint.action or endpoint.method.lower(),
        )
    decided = constant(ctx, lifted)
    if decided is not None:
        return Condition(TRUE if decided else FALSE)
    scope: Scope = path_scope(endpoint)
    text = lifted.call(scope, *([name] if instance is not None else []))
    return Condition(text, imports={*lifted.imports, *_url_imports(endpoint)})


def _url_imports(endpoint: Endpoint) -> set[Import]:
    return (
        {Import("uuid", "UUID")}
        if any(getattr(k, "type", "") == "UUID" for k in endpoint.url_arguments.values())
        else set()
    )


def _details(endpoint: Endpoint, cls: str, attribute: Attribute | None) -> tuple[str, set[Import]]:
    """Source of ``message``: what ``PermissionDenied(detail=…)`` takes, texts or lists and dicts of them; '' for none.

    ``rest_framework.exceptions._get_error_details`` copies it and makes a text of everything inside.
    """
    if attribute is None or (attribute.value.data is None and attribute.value.kind == "const"):
        return "", set()
    where = attribute.where
    imports: set[Import] = set()

    def written(value: Value) -> str:
        if is_text(value):
            text, needed = lazy(endpoint.ctx, value, where or endpoint.where, f"{cls}.message")
            imports.update(needed)
            return text
        if value.kind in ("const", "lazy") and isinstance(value.data, str):
            return repr(value.data)
        if value.kind in ("list", "tuple"):
            return f"[{', '.join(map(written, value.items))}]"
        if value.kind == "dict" and all(
            k.kind == "const" and isinstance(k.data, str) for k, _ in value.pairs
        ):
            return f"{{{', '.join(f'{k.data!r}: {written(v)}' for k, v in value.pairs)}}}"
        why = "The message is made of more than texts, and lists and dicts of them. Write it as such."
        raise endpoint.refuse("permission", f"{cls}.message", why, where)

    return written(attribute.value), imports


def _code(endpoint: Endpoint, cls: str, attribute: Attribute | None) -> str:
    """Source of ``code``; '' for none."""
    if attribute is None or (attribute.value.data is None and attribute.value.kind == "const"):
        return ""
    value = attribute.value
    if value.kind in ("const", "lazy") and isinstance(value.data, str):
        return repr(value.data)
    raise endpoint.refuse("permission", f"{cls}.code", "The code is no plain text.", attribute.where)


def _spec(source: str) -> ast.arguments | None:
    import textwrap

    tree = ast.parse(textwrap.dedent(source)).body[0]
    return tree.args if isinstance(tree, ast.FunctionDef) else None
