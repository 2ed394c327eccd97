"""The stock keeper, once."""

from __future__ import annotations

import pytest
from tests.services import Postgres
from tests.verify.interleave.world import build

from segue.verify import ProjectRef


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> ProjectRef:
    """The stock keeper and its translation. Not to be changed."""
    return build(tmp_path_factory.mktemp("interleave"), postgres, "interleave_stock")
