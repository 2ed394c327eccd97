"""django-oauth-toolkit: whose access token it is, what it is good for, and what is said of it, on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from tests.bridge.auth.identity import Sides, User, identity

from segue_bridge.auth.backend import Authentication, Informed
from segue_bridge.auth.oauth2 import (
    OAuth2,
    OAuth2Authentication,
    by_method,
    has_any_scopes,
    has_scopes,
    is_authenticated_or_has_scopes,
)
from segue_bridge.auth.users import AnonymousUser
from segue_bridge.errors import Unserved
from segue_bridge.schema.data import FormData

quick = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_number = iter(range(10**9))
MUSIC, WANTED = ("music",), {"GET": [["read"], ["music", "write"]], "POST": [["write"]]}


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    made = Sides(
        tmp_path_factory.mktemp("oauth2"),
        COMMANDS=["identity_oauth2_child"],
        INSTALLED_APPS=["oauth2_provider"],
        ALLOWED_HOSTS=["*"],
    )
    yield made
    made.close()


class Asked(Informed, Request):
    """A request with a form, as a view's call is one."""

    form: FormData

    async def data(self) -> Any:
        return self.form


def asked(method: str, query: str, headers: dict[str, str], form: list[tuple[str, str]] | None) -> Asked:
    raw = [(n.encode(), v.encode("latin-1")) for n, v in headers.items()]
    made = Asked(
        {"type": "http", "method": method, "path": "/", "query_string": query.encode(), "headers": raw}
    )
    made.form = FormData(form or ())
    return made


def granted(user: Any, auth: Any, method: str) -> list[bool]:
    return [
        has_scopes(auth, MUSIC),
        has_scopes(auth, by_method(method, (*MUSIC, "read"), (*MUSIC, "write"))),
        has_scopes(auth, by_method(method, ("music:read",), ("music:write",))),
        is_authenticated_or_has_scopes(user, auth, MUSIC),
        has_any_scopes(auth, method, WANTED),
    ]


def here(sides: Sides, request: Asked, *, checksums: bool = True, **options: bool) -> Any:
    """Who the bridge says it is, and what that grants; the challenge for nobody."""
    authenticator = OAuth2Authentication(OAuth2(identity(), checksums=checksums), **options)

    async def ask() -> Any:
        db = sides.session()
        try:
            found = await authenticator.authenticate(request, db, None)
        except Unserved as error:
            return str(error)
        finally:
            await db.close()
        if found is None:
            return Authentication(authenticator).challenge_for(request)
        user, token = found
        return [user and user.id, token.scope, token.client_id, granted(user, token, request.method)]

    return sides.run(ask())


SCOPES = st.lists(
    st.sampled_from(["read", "write", "music", "music:read", "music:write", "musical", ""]), max_size=4
).map(" ".join)
# What a request may show: the token under that name, in another case, or damaged.
SHOWN = st.sampled_from(["{0}", "{0}", "{0}", "{0}x", "", "é{0}", "{0} {0}", "\xa0{0}"])
PLACES = st.lists(
    st.sampled_from(["header", "lower", "basic", "bare", "query", "twice", "form", "form twice"]),
    max_size=3,
    unique=True,
)


_USUAL: dict[str, Any] = {
    "scope": "music", "seconds": 3600, "place": ["header"], "shown": "{0}", "method": "GET", "whose": "active",
    "application": True, "rest": "", "strict": False,
}  # fmt: skip


@pytest.mark.round_trip("tokens of django-oauth-toolkit", "Django", "both")
@quick
@example(**_USUAL)
@example(**{**_USUAL, "scope": "music music:read read write", "method": "POST", "whose": "nobody"})
@example(**{**_USUAL, "place": ["twice", "form twice"], "method": "PUT"})
@example(**{**_USUAL, "place": ["basic", "query"]})
@example(**{**_USUAL, "place": ["query"], "strict": True})
@example(**{**_USUAL, "seconds": -5})
@given(
    scope=SCOPES,
    seconds=st.sampled_from([3600, 3600, 3600, -5, 0]),
    place=PLACES,
    shown=SHOWN,
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS"]),
    whose=st.sampled_from(["active", "active", "inactive", "nobody"]),
    application=st.booleans(),
    rest=st.sampled_from(["", "&a=b", "&%41=1", "&%zz", "&a=%", "&é=ü", "&%c3", "&x=[1]"]),
    strict=st.booleans(),
)
def test_whose_token_it_is(
    sides: Sides,
    scope: str,
    seconds: int,
    place: list[str],
    shown: str,
    method: str,
    whose: str,
    application: bool,
    rest: str,
    strict: bool,
) -> None:
    sides.django("oauth_settings", {"COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": strict})
    number = next(_number)
    pk = None
    if whose != "nobody":
        pk = sides.django("user", f"o{number}", {"is_active": whose == "active"})
    name = sides.django("oauth_token", pk, f"t{number}", scope, seconds, {"application": application})
    text, other = shown.format(name), shown.format(name[:-1])
    headers: dict[str, str] = {}
    form: list[tuple[str, str]] | None = None
    query = "q=1" + rest
    for where in place:
        if where in ("header", "lower", "basic", "bare"):
            word = {"header": "Bearer ", "lower": "bEARER ", "basic": "Basic ", "bare": ""}[where]
            headers["authorization"] = word + text
        elif where.startswith("form") and method not in ("GET", "OPTIONS"):
            form = [("access_token", other)] if where == "form twice" else []
            form.append(("access_token", text))
        elif where in ("query", "twice"):
            query += (
                f"&access_token={text}" if where == "query" else f"&access_token={text}&access_token={other}"
            )
    there = sides.django("oauth", method, query, headers, form)
    mine = here(sides, asked(method, query, headers, form), query=not strict)
    assert mine == ("oauth2-query" if there == "400" else there)
    # Releases before 3.0 look rows up by the token itself, which those of today have as well.
    assert mine == here(sides, asked(method, query, headers, form), query=not strict, checksums=False)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
@pytest.mark.parametrize("logged_in", [True, False])
def test_who_came_by_other_means(sides: Sides, method: str, logged_in: bool) -> None:
    user: Any = User() if logged_in else AnonymousUser()
    assert granted(user, None, method) == sides.django("oauth_other", method, logged_in)


def test_what_is_left_to_django(sides: Sides) -> None:
    """Tokens for certain addresses, those of nobody where a user is needed, and what may be an id token."""
    sides.django("oauth_settings", {})
    narrow = sides.django("oauth_token", None, "narrow", "read", 60, {"resource": ["http://elsewhere/"]})
    headers = {"authorization": f"Bearer {narrow}"}
    assert "not valid for this resource" in sides.django("oauth", "GET", "", headers, None)
    assert here(sides, asked("GET", "", headers, None)) == "oauth2-resource"
    sides.django("oauth_token", None, "of-a-program", "read", 60, {})
    headers = {"authorization": "Bearer of-a-program"}
    assert here(sides, asked("GET", "", headers, None))[0] is None
    assert here(sides, asked("GET", "", headers, None), userless=False) == "oauth2-application"
    headers = {"authorization": "Bearer ey.a.b"}
    assert "invalid_token" in here(sides, asked("GET", "", headers, None))
    assert here(sides, asked("GET", "", headers, None), oidc=True) == "oauth2-id-token"


def test_what_is_said_of_a_token_and_its_end(sides: Sides) -> None:
    pk = sides.django("user", f"o{next(_number)}", {})
    given_ = [("good", pk, 60, {}), ("ended", pk, -1, {}), ("program", None, 60, {}), ("gone", pk, 60, {"application": False}),
              ("narrow2", pk, 60, {"resource": ["http://a/", "http://b/"]})]  # fmt: skip
    for name, whose, seconds, more in given_:
        sides.django("oauth_token", whose, name, "read write", seconds, more)

    async def said(token: str) -> tuple[Any, int]:
        db = sides.session()
        found = await OAuth2(identity()).introspect(db, token)
        queries = int(db.queries)
        await db.close()
        return found, queries

    for name in [g[0] for g in given_] + ["unknown"]:
        assert sides.run(said(name)) == (sides.django("oauth_introspect", name), 1)


def test_whoever_revokes_it(sides: Sides) -> None:
    users = [sides.django("user", f"o{next(_number)}", {}) for _ in range(2)]
    for number, pk in enumerate(users):
        sides.django("oauth_token", pk, f"revoked {number}", "read", 60, {"refresh": True})
        sides.django("oauth_token", pk, f"kept {number}", "read", 60, {"refresh": True})
    sides.django("oauth_revoke", "revoked 0")

    async def revoke() -> str:
        tokens, db = OAuth2(identity()), sides.session()
        found = await tokens.find(db, "revoked 1")
        assert found is not None
        await tokens.revoke(db, found)
        await db.close()
        return repr(found)

    assert "revoked 1" not in sides.run(revoke()).replace("client revoked 1", "")
    assert sides.django("oauth_rows", users[0]) == sides.django("oauth_rows", users[1]) == [1, 2, 1]


def test_tokens_of_another_kind_fail_where_the_package_fails() -> None:
    """``assert False`` of ``TokenHasScope`` before 3.4.1; nobody's token is no failure there either."""
    for judge in (
        lambda auth, **more: has_scopes(auth, ("r",), **more),
        lambda auth, **more: is_authenticated_or_has_scopes(AnonymousUser(), auth, ("r",), **more),
        lambda auth, **more: has_any_scopes(auth, "GET", {"GET": [["r"]]}, **more),
    ):
        assert not judge("another token")
        assert not judge(None, strict=True)
        with pytest.raises(AssertionError):
            judge("another token", strict=True)
    assert is_authenticated_or_has_scopes(User(), "another token", ("r",), strict=True)
