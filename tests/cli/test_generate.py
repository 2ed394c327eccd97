"""``segue generate`` beside commands that move traffic, with a real gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.cli.tiny import VIEWS
from tests.gateway.world import started

from segue import ledger
from segue.commands import generate, shift
from segue.commands.common import open_project
from segue.gateway import control
from segue.translate.program import translate

LIST, POST, ONE = "GET /api/notes/", "POST /api/notes/", "GET /api/notes/{pk}/"
REFUSED = "    def create(self, request):\n        return Response({'load': os.getloadavg()[0]})\n"


def test_traffic_that_moved_meanwhile_stays_and_what_is_no_longer_translated_goes_back(
    generated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = open_project(generated)

    def while_shifting(*arguments: Any, **named: Any) -> Any:
        shift.rollback(settings, [ONE], everything=False, as_json=True)
        return translate(*arguments, **named)

    monkeypatch.setattr(generate, "translate", while_shifting)
    with started(settings.state) as world:
        control.save_running(settings.state, world.running)
        shift.run(settings, [LIST, POST, ONE], 100, force=True, as_json=True)

        def sides() -> list[str]:
            asked = [key.replace("{pk}", "1").split() for key in (LIST, POST, ONE)]
            return [httpx.request(method, world.url + path, trust_env=False).text for method, path in asked]

        assert sides() == ["fastapi"] * 3
        views = VIEWS.replace(
            'order_by("id")\n    serializer_class = NoteSerializer\n',
            'order_by("id")\n    serializer_class = NoteSerializer\n\n' + REFUSED,
        )
        assert views != VIEWS
        (generated / "notes" / "views.py").write_text(views)
        assert generate.run(settings, as_json=True, max_refused=None) == 0
        entries = ledger.read(settings.ledger_file).entries
        assert [entries[key].weight for key in (LIST, POST, ONE)] == [100, 0, 0]
        assert sides() == ["fastapi", "django", "django"]
