"""The query language on both databases: what is translated gives what Django gives, what is not is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest

from segue.refusal import Refused
from segue.snapshot.load import load
from segue.snapshot.model import Value
from segue.translate.context import Context
from segue.translate.functions.lift import lift
from segue.translate.kinds import ViewSelf

from .conftest import PACKAGE, PLACES, LabEndpoint, cases
from .query_table import MODULES, PAGE, POSTGRESQL_ONLY, REFUSED, SQLITE_ONLY, rendered
from .test_lab import compare

if TYPE_CHECKING:
    from tests.services import Postgres

    from .conftest import Lab

CASES = [name for module in MODULES for name in cases(module)]
ON_SQLITE = [name for name in CASES if name not in cases("postgres")]


@pytest.mark.parametrize("name", ON_SQLITE)
def test_on_sqlite(lab: Lab, name: str) -> None:
    compare(lab, name, (REFUSED | POSTGRESQL_ONLY).get(name))


@pytest.mark.parametrize("name", CASES)
def test_on_postgresql(postgres_lab: Lab, name: str) -> None:
    compare(postgres_lab, name, (REFUSED | SQLITE_ONLY).get(name))


def test_ranges_of_moments_without_use_tz(postgres_lab: Lab) -> None:
    """Their ends are naive there, and of the zone of the connection."""
    name = "case_range_of_moments"
    snapshot = load(postgres_lab.folder / "snapshot.json")
    values = {**snapshot.settings.values, "USE_TZ": Value("const", False)}
    ctx = Context(replace(snapshot, settings=replace(snapshot.settings, values=values)))
    ctx.program.package = PACKAGE
    with pytest.raises(Refused) as refused:
        lift(ctx, f"{PLACES[name]}.{name}", self_kind=ViewSelf(LabEndpoint(PLACES[name])), name=name)
    assert refused.value.refusal.code == "range-lookup"
    assert "USE_TZ" in refused.value.refusal.why


def test_the_page_says_so() -> None:
    assert PAGE.read_text(encoding="utf-8") == rendered(), "run python -m tests.translate.kernel.query_table"


@pytest.mark.parametrize("name", [n for n in cases("postgres") if "_in_no_order" in n])
def test_rows_in_no_order_whatever_joins_cost(postgres_lab: Lab, postgres: Postgres, name: str) -> None:
    """Plans that go through both tables by the key of the other, as sizes may have PostgreSQL choose at any time."""
    plans = ("enable_nestloop", "enable_hashjoin")
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        for plan in plans:
            connection.execute(f"ALTER DATABASE laboratory SET {plan} = off".encode())
        try:
            compare(postgres_lab, name, None)
        finally:
            for plan in plans:
                connection.execute(f"ALTER DATABASE laboratory RESET {plan}".encode())
