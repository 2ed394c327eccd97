"""django-guardian: who may do what with one object, and for which objects somebody may do something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bridge.auth.identity import PERMISSIONS, Sides, User, identity
from tests.bridge.auth.identity_guardian_child import CODES

from segue_bridge.auth.guardian import ObjectPermissions, WrongAppError
from segue_bridge.auth.users import AnonymousUser

_number = iter(range(10**9))


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    backends = ["django.contrib.auth.backends.ModelBackend", "guardian.backends.ObjectPermissionBackend"]
    made = Sides(
        tmp_path_factory.mktemp("guardian"),
        COMMANDS=["identity_guardian_child"],
        INSTALLED_APPS=["guardian"],
        AUTHENTICATION_BACKENDS=backends,
    )
    yield made
    made.close()


def here(sides: Sides, pk: int | None, obj: int, wanted: list[str], options: dict[str, bool]) -> Any:
    async def ask() -> Any:
        db = sides.session()
        held = ObjectPermissions(identity(), PERMISSIONS)
        user: Any = AnonymousUser() if pk is None else await db.get(User, User.id == pk)
        what = ("auth", "group")
        try:
            await held.has_perm(db, user, "other.view_group", *what, obj)
            other = "answered"
        except WrongAppError:
            other = "WrongAppError"
        asked = [*CODES, "auth.view_group", "nothing"]
        out = {
            "has": {c: await held.has_perm(db, user, c, *what, obj) for c in asked},
            "other": other,
            "names": sorted(await held.names(db, user, *what, obj)),
            "keys": await held.keys(db, user, wanted, *what, **options),
        }
        await db.close()
        return out

    return sides.run(ask())


async def _assign(sides: Sides, pk: int, code: str, obj: int, *, remove: bool) -> None:
    db = sides.session()
    user = await db.get(User, User.id == pk)
    held = ObjectPermissions(identity(), PERMISSIONS)
    step = held.remove if remove else held.assign
    await step(db, user, code, "auth", "group", obj)
    await db.close()


GRANTS = st.lists(
    st.tuples(
        st.sampled_from(CODES),
        st.integers(0, 2),
        st.booleans(),
        st.sampled_from([False, False, True]),
        st.booleans(),
    ),
    max_size=6,
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={n: st.booleans() for n in ("any_perm", "use_groups", "with_superuser", "accept_global_perms")},
)


@pytest.mark.round_trip("django-guardian", "both", "both")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    grants=GRANTS,
    flags=st.fixed_dictionaries({}, optional={"is_active": st.booleans(), "is_superuser": st.booleans()}),
    of_model=st.lists(st.sampled_from(CODES), max_size=2),
    anonymous=st.sampled_from([False, False, False, True]),
    wanted=st.lists(st.sampled_from(CODES), min_size=1, max_size=2, unique=True),
    options=OPTIONS,
)
def test_the_same_is_granted(
    sides: Sides,
    grants: list[Any],
    flags: dict[str, bool],
    of_model: list[str],
    anonymous: bool,
    wanted: list[str],
    options: dict[str, bool],
) -> None:
    objects = sides.django("objects", 3)
    pk = None if anonymous else sides.django("user", f"g{next(_number)}", flags)
    if pk is not None:
        sides.django("permit", pk, of_model, False)
    for code, which, by_group, remove, mine in grants:
        if mine and pk is not None and not by_group:
            sides.run(_assign(sides, pk, code, objects[which], remove=remove))
        else:
            sides.django("grant", pk, code, objects[which], by_group, remove)
    for obj in objects[:2]:
        theirs, found = sides.django("told", pk, obj, wanted, options), here(sides, pk, obj, wanted, options)
        every = theirs.pop("every")
        keys = found["keys"]
        found["keys"] = sorted(every if keys is None else set(every) & {int(k) for k in keys})
        assert found == theirs


def test_nobody_is_permitted_anything_without_a_user_for_it(sides: Sides) -> None:
    obj = sides.django("objects", 1)[0]

    async def ask() -> bool:
        db = sides.session()
        held = ObjectPermissions(identity(), PERMISSIONS, anonymous=None)
        found = await held.has_perm(db, AnonymousUser(), "view_group", "auth", "group", obj)
        await db.close()
        return found

    assert sides.run(ask()) is False
