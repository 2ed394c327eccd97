"""No native operation of the example sends more statements than Django does for the same request.

Django's are counted by ``connection.execute_wrapper``, those of the generated code at the DBAPI cursor that both
sides share (``segue.verify.joined``).
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.example.conftest import Example, copied


def test_never_more_queries_than_django(example: Example, tmp_path: Path) -> None:
    own = copied(example, tmp_path / "bookshop")  # exploring writes evidence
    done = own.segue("verify", "explore", "--json", "--cases", "500", "--seconds", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    operations = json.loads(done.stdout)["operations"]
    native = json.loads((example.output / "segue-manifest.json").read_text())["operations"]
    assert len(operations) == len(native)
    assert all(operation["cases"] > 0 for operation in operations)
    assert sum(operation["queries"][0] for operation in operations) > len(operations)
    worse = {o["key"]: o["worst_queries"] for o in operations if o["excess_queries"]}
    assert worse == {}
