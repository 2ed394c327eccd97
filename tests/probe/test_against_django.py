"""The snapshot says what the project's own Django and DRF say when asked."""

from __future__ import annotations

import sys

from tests.probe import checks
from tests.probe.conftest import Probed

from segue.snapshot.dump import dump
from segue.snapshot.run import probe


def test_urls_resolve_as_django_resolves_them(probed: Probed) -> None:
    checks.routes(probed)


def test_operations_are_the_allowed_methods_and_views_have_their_options_texts(probed: Probed) -> None:
    checks.methods(probed)


def test_serializer_fields_are_those_of_a_live_instance(probed: Probed) -> None:
    checks.serializers(probed)


def test_recorded_ddl_builds_what_migrate_builds(probed: Probed) -> None:
    checks.tables(probed)


def test_hash_seeds_do_not_change_a_byte(probed: Probed) -> None:
    def text(seed: str) -> str:
        return dump(
            probe(
                probed.root,
                python=sys.executable,
                settings="site_.settings",
                environment={"PYTHONHASHSEED": seed},
            )
        )

    assert text("1") == text("2")
