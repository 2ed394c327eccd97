"""What Hypothesis mixes stays where the generated service is asked."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from segue.verify.joined import mixtures

PLAN = SimpleNamespace(
    places=lambda person: [],
    good=["/x/1/"],
    paths=[("existing", "/x/1/"), ("missing", "/x/9/"), ("odd", "/x/a b/"), ("odd", "/x/-1/")],
    elsewhere=lambda path: path in ("/x/a b/", "/x/-1/"),
)


@given(st.data())
def test_paths_that_lead_to_a_page_of_the_project_are_not_asked(data: st.DataObject) -> None:
    assert data.draw(mixtures._paths(PLAN, {"name": "anonymous"})) in ("/x/1/", "/x/9/")
