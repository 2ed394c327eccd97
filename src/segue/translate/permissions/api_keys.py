"""``HasAPIKey`` of djangorestframework-api-key, and classes like it for a model of the project's own."""

from __future__ import annotations

from segue.refusal import Refused
from segue.snapshot.model import Class
from segue.target.ir import Decl, Import
from segue.translate.backends import check_login_receivers
from segue.translate.permissions.condition import Condition
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Ref, plain
from segue.translate.versions import since
from segue.translate.views import access, authentication

_PACKAGE = "rest_framework_api_key."
_BASE = f"{_PACKAGE}permissions.BaseHasAPIKey"
_ABSTRACT = f"{_PACKAGE}models.AbstractAPIKey"
_MANAGER = f"{_PACKAGE}models.APIKeyManager"
_DISTRIBUTION = "djangorestframework-api-key"
_OWN = ("has_permission", "has_object_permission", "get_key")


def is_one(known: Class | None) -> bool:
    """Whether the class asks for an API key."""
    return known is not None and _BASE in known.mro


def condition(endpoint: Endpoint, known: Class, instance: object | None) -> Condition:
    """``API_KEYS.granted(...)``. Raises ``Refused`` for what a class or a model changes."""
    for method in _OWN:
        if not known.methods.get(method, "").startswith((_PACKAGE, "rest_framework.permissions.")):
            raise _refused(endpoint, f"{known.name}.{method}", "It is the project's own.", known)
    if instance is not None:
        return Condition("True")
    return Condition(
        f"await {_declare(endpoint, known)}.granted(call.db, call)",
        imports={Import(f"{endpoint.ctx.program.package}.access", _declare(endpoint, known))},
    )


def _declare(endpoint: Endpoint, known: Class) -> str:
    """The constant of ``access.py`` with the keys of the class's model."""
    ctx = endpoint.ctx
    parser = known.attributes.get("key_parser")
    if parser is None or parser.defined_in != _BASE:
        raise _refused(endpoint, f"{known.name}.key_parser", "It reads the key in its own way.", known)
    found = known.attributes.get("model")
    model = plain(found.value) if found is not None else None
    cls = model.name if isinstance(model, Ref) else ""
    label, described = next(((n, m) for n, m in ctx.snapshot.models.items() if cls in (n, m.cls)), ("", None))
    if described is None:
        raise _refused(endpoint, f"{known.name}.model", "Segue does not see which model has the keys.", known)
    name = (
        "API_KEYS" if described.cls == f"{_PACKAGE}models.APIKey" else f"{label.replace('.', '_').upper()}S"
    )
    module = access.module(ctx)
    if name in module.decls:
        return name
    _check(endpoint, known, label)
    authentication.base(ctx, endpoint.where)
    authentication.passwords(ctx, endpoint.where)
    header = access.setting(ctx, "API_KEY_CUSTOM_HEADER")
    arguments = "" if name == "API_KEYS" else f"{described.table!r}, "
    if isinstance(header, str):
        shown = header.removeprefix("HTTP_").replace("_", "-").lower()
        arguments += f"header={shown!r}, "
    text = f"{name} = ApiKeys({arguments}passwords=PASSWORDS)"
    module.add(Decl(name, text, frozenset({Import("segue_bridge.auth.api_keys", "ApiKeys")}), 18))
    return name


def _check(endpoint: Endpoint, known: Class, label: str) -> None:
    """Raise ``Refused`` where a check reads or writes other than the package's own columns."""
    ctx = endpoint.ctx
    installed = {k.lower().replace("_", "-"): v for k, v in ctx.snapshot.versions.packages.items()}
    version = installed.get(_DISTRIBUTION, "")
    if not version or not since(version, 3, 0) or since(version, 4, 0):
        raise _refused(endpoint, f"{_DISTRIBUTION} {version}", "Segue knows the keys of release 3.", known)
    model = ctx.snapshot.models[label]
    cls = ctx.snapshot.classes.get(model.cls)
    if cls is None or _ABSTRACT not in cls.mro:
        raise _refused(endpoint, label, "It is no AbstractAPIKey.", known)
    for method in ("is_valid", "save", "clean", "has_expired", "_has_expired", "__init__"):
        if not cls.methods.get(method, _PACKAGE).startswith((_PACKAGE, "django.db.models.")):
            raise _refused(endpoint, f"{label}.{method}", "It is the project's own.", cls)
    if model.managers.get("objects") != _MANAGER:
        raise _refused(
            endpoint, f"{label}.objects", "Keys are looked up by a manager of the project's own.", cls
        )
    if any(f.auto_now for f in model.fields):
        raise _refused(
            endpoint, label, "A column says when the row was last saved, which a check may do.", cls
        )
    for receiver in ctx.snapshot.receivers:
        signal = receiver.signal.rpartition(".")[2]
        if signal in ("pre_save", "post_save", "pre_init", "post_init") and receiver.sender in (
            "",
            "?",
            label,
        ):
            raise endpoint.refuse(
                "signal",
                f"{signal} → {receiver.function}",
                "It would run where an old hash is stored anew.",
                receiver.where,
            )
    check_login_receivers(ctx)


def _refused(endpoint: Endpoint, what: str, why: str, known: Class) -> Refused:
    return endpoint.refuse("api-key", what, why, known.where)
