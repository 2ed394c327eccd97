"""``knox.views``: what its views ask of themselves and of the token table → ``KNOX`` in ``access.py``.

The views' own code is lifted like the project's; a subclass may change any of the methods that ``LoginView`` has for that.
"""

from __future__ import annotations

import ast

from segue.snapshot.model import GlobalRef
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Const, Global, KnoxRow, Request, Scalar, Super, TupleOf, ViewSelf
from segue.translate.rules.registry import attribute, framework, method
from segue.translate.rules.view_self import definition
from segue.translate.serializers.by_view import current_view
from segue.translate.specialise.fold import Ref, plain
from segue.translate.views import authentication, given_context, knox

_V = "knox.views.LoginView."
_COLUMNS = {
    "digest": Scalar("str"),
    "token_key": Scalar("str"),
    "created": Scalar("datetime"),
    "expiry": Scalar("datetime", True),
}


@framework(f"{_V}get_token_prefix", f"{_V}get_token_limit_per_user", f"{_V}get_expiry_datetime_format")
def plain_setting(frame: Frame, owner: Val, call: CallSite) -> Val:
    """A setting of ``REST_KNOX``, written in place."""
    call.only()
    names = {"prefix": "TOKEN_PREFIX", "user": "TOKEN_LIMIT_PER_USER", "format": "EXPIRY_DATETIME_FORMAT"}
    name = names[call.name.rpartition("_")[2]]
    value = knox.setting(frame.ctx, name)
    if not isinstance(value, str | int | None):
        raise frame.refuse("knox", f"REST_KNOX: {name}", "Segue cannot read this setting.", call.node)
    return const(value)


@framework(f"{_V}get_user_serializer_class")
def user_serializer(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``USER_SERIALIZER``."""
    call.only()
    value = knox.setting(frame.ctx, "USER_SERIALIZER")
    if value is None:
        return const(None)
    if not isinstance(value, Ref):
        raise frame.refuse("knox", "REST_KNOX: USER_SERIALIZER", "Segue cannot read this setting.", call.node)
    return Val(Global(GlobalRef("class", value.name)))


@framework(f"{_V}get_context")
def context(frame: Frame, owner: Val, call: CallSite) -> Val:
    """The request, the view and the format, as of any view."""
    call.only()
    return given_context.view_context()


@framework(f"{_V}create_token")
def create_token(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``self.create_token()``: a row for who asks, and the token."""
    call.only()
    _declared(frame, call)
    parts = [frame.db, frame.state("user")]
    words = []
    for name, argument in (("get_token_ttl", "seconds"), ("get_token_prefix", "prefix")):
        value = _own(frame, owner, name, call)
        if value is None:
            continue
        if name == "get_token_ttl" and not _is(value, None):
            if not isinstance(value.kind, Scalar) or value.kind.type != "timedelta" or value.kind.nullable:
                raise frame.refuse("knox", name, "Segue does not see how long the token lasts.", call.node)
            assert value.node is not None
            value = Val(Scalar("float"), quote("{0}.total_seconds()", value.node))
        elif name == "get_token_prefix" and not (
            isinstance(value.kind, Const) and isinstance(value.kind.value, str)
        ):
            raise frame.refuse("knox", name, "The prefix is computed.", call.node)
        assert value.node is not None
        words.append(ast.keyword(argument, value.node))
    made = ast.Call(quote("KNOX.create"), parts, words)
    return Val(TupleOf((KnoxRow(), Scalar("str"))), ast.Await(made))


@framework(f"{_V}format_expiry_datetime")
def expiry_text(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``DateTimeField(format=self.get_expiry_datetime_format()).to_representation(expiry)``."""
    call.only("expiry", at_most=1)
    value, style = call.argument(0, "expiry"), _asked(frame, owner, "get_expiry_datetime_format", call)
    if value is None or value.node is None or not isinstance(style.kind, Const):
        raise frame.refuse("knox", ast.unparse(call.node), "The format is computed.", call.node)
    if not isinstance(value.kind, Scalar) or value.kind.type != "datetime":
        raise frame.refuse("knox", ast.unparse(call.node), "It is no moment.", call.node)
    if not isinstance(style.kind.value, str):
        raise frame.refuse("knox", "EXPIRY_DATETIME_FORMAT", "None leaves it to the renderer.", call.node)
    helper = frame.imported("segue_bridge.schema.output", "datetime_text")
    parts = (
        [value.node]
        if style.kind.value.lower() == "iso-8601"
        else [value.node, ast.Constant(style.kind.value)]
    )
    made = ast.Call(helper, parts, [])
    return Val(Scalar("str", True), made)


@attribute(KnoxRow, *_COLUMNS)
def column_of(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``instance.expiry``."""
    return Val(_COLUMNS[name], quote(f"{{0}}.{name}", owner.node)) if owner.node is not None else None


@attribute(Request, "_auth")
def row_of_request(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``request._auth``: the row of the token, where tokens of Knox are the only way to ask."""
    endpoint = current_view(frame.ctx)
    assert isinstance(owner.kind, Request)
    if endpoint is None or owner.kind.raw:
        return None
    classes = plain(endpoint.policy("authentication_classes")) or []
    if [c.name if isinstance(c, Ref) else "" for c in classes] != [knox.AUTHENTICATION]:
        return None
    return Val(KnoxRow(), frame.state("auth"))


@method(KnoxRow, "delete")
def delete(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``request._auth.delete()``: the token is no more."""
    call.only()
    _declared(frame, call)
    assert owner.node is not None
    frame.emit(ast.unparse(quote("await KNOX.revoke({0}, {1})", frame.db, owner.node)))
    return const(None)


def _declared(frame: Frame, call: CallSite) -> None:
    endpoint = current_view(frame.ctx)
    if endpoint is None:
        raise frame.refuse("knox", ast.unparse(call.node), "A token of nobody.", call.node)
    authentication.base(frame.ctx, frame.where(call.node))
    frame.use(knox.declare(endpoint))


def _asked(frame: Frame, owner: Val, name: str, call: CallSite) -> Val:
    """``self.<name>()``."""
    from segue.translate.interp.expressions.calls import method_call

    node = ast.parse(f"self.{name}()", mode="eval").body
    assert isinstance(node, ast.Call)
    kind = owner.kind.receiver if isinstance(owner.kind, Super) else owner.kind
    return method_call(frame, Val(kind, owner.node), name, ast.copy_location(node, call.node))


def _own(frame: Frame, owner: Val, name: str, call: CallSite) -> Val | None:
    """What the project's ``self.<name>()`` gives; None where that is Knox's, which is the setting's."""
    kind = owner.kind.receiver if isinstance(owner.kind, Super) else owner.kind
    assert isinstance(kind, ViewSelf)
    endpoint = current_view(frame.ctx)
    assert endpoint is not None
    if definition(frame, endpoint.view.cls, name) == f"{_V}{name}":
        return None
    return _asked(frame, owner, name, call)


def _is(value: Val, wanted: object) -> bool:
    return isinstance(value.kind, Const) and value.kind.value is wanted
