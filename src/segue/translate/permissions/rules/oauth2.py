"""``super().has_permission(request, view)`` of django-oauth-toolkit's permissions, and what such overrides look at."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Global, ListOf, Object, Scalar, Super, ViewSelf
from segue.translate.permissions import oauth2
from segue.translate.rules.registry import attribute, framework
from segue.translate.rules.view_self import by_definition, definition
from segue.translate.specialise.endpoint import Endpoint

_P = f"{oauth2.PERMISSIONS}TokenHasScope."


@framework(f"{_P}has_permission")
def has_scope(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``TokenHasScope.has_permission`` and its kin, with a ``get_scopes`` of the package's or of the project's own."""
    call.only("request", "view", at_most=2)
    kind = owner.kind.receiver if isinstance(owner.kind, Super) else owner.kind
    view = call.argument(1, "view")
    endpoint = view.kind.endpoint if view is not None and isinstance(view.kind, ViewSelf) else None
    if not isinstance(kind, Object) or not isinstance(endpoint, Endpoint):
        raise frame.refuse("oauth2", ast.unparse(call.node), "Segue does not know this view.", call.node)
    oauth2.check(endpoint)
    known = frame.ctx.snapshot.classes.get(kind.cls)
    dotted = definition(frame, kind.cls, "get_scopes") or ""
    if dotted.startswith(oauth2.PERMISSIONS):
        text, imports = oauth2.wanted(
            endpoint, oauth2.base_of(known, kind.cls).removeprefix(oauth2.PERMISSIONS)
        )
        frame.use(*imports)
        scopes = ast.parse(text, mode="eval").body
        if "call.method" in text:
            assert isinstance(scopes, ast.Call)
            scopes.args[0] = frame.state("method")
    else:
        own = ast.Call(quote("self.get_scopes"), call.node.args, call.node.keywords)
        site = CallSite(frame, ast.copy_location(own, call.node), "get_scopes")
        found = by_definition(frame, Val(kind), site, dotted)
        texts = found is not None and isinstance(found.kind, ListOf) and found.kind.item == Scalar("str")
        if found is None or found.node is None or not texts:
            raise frame.refuse("oauth2", dotted, "Segue does not see a list of texts.", call.node)
        scopes = found.node
    helper = frame.imported("segue_bridge.auth.oauth2", "has_scopes")
    asked = quote("{0}({1}, {2})", helper, frame.state("auth"), scopes)
    if oauth2.strictly(endpoint):
        assert isinstance(asked, ast.Call)
        asked.keywords.append(ast.keyword("strict", ast.Constant(value=True)))
    return Val(Scalar("bool"), asked)


@attribute(Global, "READ_SCOPE", "WRITE_SCOPE")
def scope_of_settings(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``oauth2_settings.READ_SCOPE``."""
    assert isinstance(owner.kind, Global)
    value = oauth2.setting(frame.ctx, name)
    if owner.kind.ref.name != "oauth2_provider.settings.oauth2_settings" or not isinstance(value, str):
        return None
    return const(value)


__all__ = ["has_scope"]
