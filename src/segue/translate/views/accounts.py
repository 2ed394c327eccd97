"""What ``app/access.py`` says of accounts besides who may come in: tokens of resets, rules for new passwords."""

from __future__ import annotations

import ast
import gzip
from pathlib import Path
from typing import Any

from segue.refusal import refuse
from segue.snapshot.model import Value, Where
from segue.target.ir import Decl, Import
from segue.translate import language
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted, lift
from segue.translate.interp.annotations import annotation
from segue.translate.interp.frame import Frame, Parameter
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Instance, Kind, Object, Scalar
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of, pk_field
from segue.translate.serializers.synthetic import Recipe, call_lifted, compose
from segue.translate.serializers.values import written
from segue.translate.specialise.fold import Ref, plain
from segue.translate.versions import since

_RULES = "django.contrib.auth.password_validation."
_BRIDGE = "segue_bridge.auth.password_rules"
_SIMILAR = ("username", "first_name", "last_name", "email")
_WORDS = "common_passwords.txt"


def reset_tokens(ctx: Context, where: Where) -> Import:
    """Declare ``RESET_TOKENS``. Raises ``Refused`` for users whose tokens Django makes in another way."""
    label = ctx.snapshot.settings.user_model
    user = ctx.snapshot.classes.get(concrete(ctx, label).cls)
    name = user.methods.get("get_email_field_name", "") if user is not None else ""
    if (
        user is None
        or name != "django.contrib.auth.base_user.AbstractBaseUser.get_email_field_name"
        or field_of(concrete(ctx, label), "last_login") is None
        or not since(ctx.snapshot.versions.django, 4, 0)
    ):
        raise refuse("reset-token", label, "Tokens of this user model are not translated.", where)
    field = user.attributes.get("EMAIL_FIELD")
    email = field.value.data if field is not None and isinstance(field.value.data, str) else "email"
    timeout = ctx.snapshot.settings.values.get("PASSWORD_RESET_TIMEOUT")
    if timeout is not None and not isinstance(timeout.data, int):
        raise refuse("reset-token", "PASSWORD_RESET_TIMEOUT", "It is no number.", where)
    extra = "" if timeout is None or timeout.data == 259200 else f", timeout={timeout.data!r}"
    extra += "" if email == "email" else f", email={email!r}"
    pk = pk_field(ctx, label).attname
    extra += "" if pk == "id" else f", pk={pk!r}"
    package = ctx.program.package
    ctx.program.module(f"{package}/access.py", "").add(
        Decl(
            "RESET_TOKENS",
            f"RESET_TOKENS = ResetTokens(settings.secret_key, fallbacks=settings.secret_key_fallbacks{extra})",
            frozenset(
                {
                    Import("segue_bridge.auth.reset_tokens", "ResetTokens"),
                    Import(f"{package}.settings", "settings"),
                }
            ),
            18,
        )
    )
    return Import(f"{package}.access", "RESET_TOKENS")


def password_rules(ctx: Context, password: Scalar, user: Kind, where: Where) -> Lifted:
    """``check_new_password(password, user)``: ``AUTH_PASSWORD_VALIDATORS``, one after the other. Raises ``Refused``."""
    value = ctx.snapshot.settings.values.get("AUTH_PASSWORD_VALIDATORS")
    entries = [_entry(v, where) for v in (value.items if value is not None else ())]

    def build(frame: Frame) -> tuple[Kind, list[Parameter]]:
        frame.locals_seen.update({"password", "user", "problems"})
        frame.use(Import(_BRIDGE, "Problems"))
        if password.nullable and (error := _raised_by_none(entries)):
            frame.emit_block("if password is None:", [f'raise {error}("Password validators take no None.")'])
        frame.emit("problems = Problems()")
        for name, options in entries:
            frame.emit_block(
                "with problems.collected():", [_rule(frame, name, options, password, user, where)]
            )
        frame.emit("problems.raise_any()")
        text, needed = annotation(ctx, password)
        frame.use(*needed)
        parameters = [Parameter("password", lambda: text)]
        if isinstance(user, Instance):
            cls, imported = entity_type(ctx, user.model)
            frame.use(imported)
            parameters.append(Parameter("user", lambda: cls))
        elif not isinstance(user, Const):
            frame.use(Import(f"{ctx.program.package}.access", "CurrentUser"))
            parameters.append(Parameter("user", lambda: "CurrentUser"))
        return Const(None), parameters

    return compose(
        ctx,
        Recipe(
            legacy=f"{_RULES}validate_password",
            where=where,
            app=ctx.model(ctx.snapshot.settings.user_model).app,
            module_kind="passwords",
            name="check_new_password",
            doc="AUTH_PASSWORD_VALIDATORS; raises ``Invalid`` with what they all say.",
            build=build,
        ),
    )


def _raised_by_none(entries: list[tuple[str, dict[str, Any]]]) -> str:
    """What the first of Django's validators that looks at a password raises for None, which no one handles; "" for none."""
    short = [name.removeprefix(_RULES) for name, _ in entries if name.startswith(_RULES)]
    if not short:
        return ""
    return "TypeError" if short[0] == "MinimumLengthValidator" else "AttributeError"


def _entry(value: Value, where: Where) -> tuple[str, dict[str, Any]]:
    given = {str(k.data): v for k, v in value.pairs}
    name = plain(given["NAME"]) if "NAME" in given else ""
    options = plain(given["OPTIONS"]) if "OPTIONS" in given else {}
    if not isinstance(options, dict):
        raise refuse("password-rule", str(name), "Segue cannot read its options.", where)
    return (name.name if isinstance(name, Ref) else str(name)), options


def _rule(
    frame: Frame, name: str, options: dict[str, Any], password: Scalar, user: Kind, where: Where
) -> str:
    """The call of one validator, in a function of ``password`` and ``user``."""
    ctx = frame.ctx
    short = name.removeprefix(_RULES)
    if short == "MinimumLengthValidator" and set(options) <= {"min_length"}:
        frame.use(Import(_BRIDGE, "minimum_length"))
        length = options.get("min_length", 8)
        return f"minimum_length(password{'' if length == 8 else f', {length!r}'})"
    if short == "NumericPasswordValidator" and not options:
        frame.use(Import(_BRIDGE, "not_numeric"))
        return "not_numeric(password)"
    if short == "CommonPasswordValidator" and not options:
        _words(ctx, where)
        frame.use(Import(_BRIDGE, "not_common"), Import(f"{ctx.program.package}.access", "COMMON_PASSWORDS"))
        return "not_common(password, COMMON_PASSWORDS)"
    if short == "UserAttributeSimilarityValidator" and set(options) <= {"user_attributes", "max_similarity"}:
        if isinstance(user, Const):
            return "pass"
        frame.use(Import(_BRIDGE, "not_similar"))
        names = [str(n) for n in options.get("user_attributes", _SIMILAR)]
        labels = [f"{n!r}: {_label(frame, n)}" for n in names if _has(ctx, n, where)]
        limit = options.get("max_similarity", 0.7)
        extra = "" if limit == 0.7 else f", max_similarity={limit!r}"
        return f"not_similar(password, user, {{{', '.join(labels)}}}{extra})"
    if name.startswith("django."):
        raise refuse("password-rule", name, "These options of the validator are not translated.", where)
    return _own(frame, name, options, password, user, where)


def _has(ctx: Context, name: str, where: Where) -> bool:
    model = concrete(ctx, ctx.snapshot.settings.user_model)
    if field_of(model, name) is not None:
        return True
    known = ctx.snapshot.classes.get(model.cls)
    if known is None or name in known.methods or name in known.attributes:
        raise refuse("password-rule", f"user.{name}", "It is no column of the user model.", where)
    return False


def _label(frame: Frame, name: str) -> str:
    ctx = frame.ctx
    item = field_of(concrete(ctx, ctx.snapshot.settings.user_model), name)
    assert item is not None
    text, imports = language.written(ctx, item.verbose_name, item.lazy_name, item.where, name)
    frame.use(*imports)
    return text


def _own(frame: Frame, name: str, options: dict[str, Any], password: Scalar, user: Kind, where: Where) -> str:
    """A validator of the project's: its ``validate`` becomes a function."""
    ctx = frame.ctx
    known = ctx.snapshot.classes.get(name)
    function = ctx.snapshot.functions.get(known.methods.get("validate", "")) if known is not None else None
    if known is None or function is None:
        raise refuse("password-rule", name, "The snapshot has no source for it.", where)
    if options or any(m in known.methods for m in ("__init__", "__new__", "__getattr__")):
        raise refuse("password-rule", name, "A validator with options is not translated yet.", function.where)
    tree = ast.parse(_dedented(function.source)).body[0]
    assert isinstance(tree, ast.FunctionDef)
    names = [a.arg for a in tree.args.args][1:]
    arguments: dict[str, Kind | Val] = {}
    if names:
        arguments[names[0]] = password
    if len(names) > 1:
        arguments[names[1]] = Val(user) if isinstance(user, Const) else user
    if len(names) > 2 or not names:
        raise refuse(
            "password-rule", name, "It takes other arguments than a password and a user.", function.where
        )
    ctx.memo[("kernel", "in-password-rule")] = True
    try:
        lifted = lift(ctx, function, self_kind=Object(name), arguments=arguments, module_kind="passwords")
    finally:
        ctx.memo[("kernel", "in-password-rule")] = False
    given = ["password", *(["user"] if "user" in lifted.explicit or len(lifted.explicit) > 1 else [])]
    return call_lifted(frame, lifted, *given)


def _words(ctx: Context, where: Where) -> None:
    """``COMMON_PASSWORDS`` and the file with them: the list of the project's own Django."""
    package = ctx.program.package
    if f"{package}/{_WORDS}" in ctx.program.files:
        return
    auth = next((a for a in ctx.snapshot.apps if a.module == "django.contrib.auth"), None)
    source = Path(auth.path) / "common-passwords.txt.gz" if auth is not None else None
    try:
        text = gzip.decompress(source.read_bytes()).decode() if source is not None else ""
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text:
        why = "Django's list of common passwords cannot be read; run where the project's Django is installed."
        raise refuse("password-rule", "CommonPasswordValidator", why, where)
    ctx.program.files[f"{package}/{_WORDS}"] = text
    ctx.program.module(f"{package}/access.py", "").add(
        Decl(
            "COMMON_PASSWORDS",
            f'COMMON_PASSWORDS = words_of(Path(__file__).with_name("{_WORDS}"))',
            frozenset({Import(_BRIDGE, "words_of"), Import("pathlib", "Path")}),
            18,
        )
    )


def _dedented(source: str) -> str:
    import textwrap

    return textwrap.dedent(source)


__all__ = ["password_rules", "reset_tokens", "written"]
