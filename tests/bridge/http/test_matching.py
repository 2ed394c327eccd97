"""The index finds what trying every pattern in order finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segue_bridge.http.matching import Index
from segue_bridge.http.resource import Resource

PATHS = [
    "/",
    "/a/",
    "/a/{x}/",
    "/a/{x}",
    "/{x}/",
    "/{x}/b/",
    "/a/b/",
    "/a/b",
    "/a{x}/",
    "/a/{x}/b/{y}/",
    "/{x}",
    "/a.b/",
]
LOOKUPS = [
    *(p.format(x="a", y="b") for p in PATHS),
    "/a.json",
    "/a.json/",
    "/a/b.json",
    "/.json",
    "/a/b/c/",
    "",
    "a",
    "//",
    "/a//",
]
RESOURCES = st.lists(
    st.builds(
        Resource,
        st.sampled_from(PATHS),
        suffix=st.sampled_from([False, True, r"^/\.(?P<format>[a-z0-9]+)/?$"]),
        order=st.integers(0, 3),
        parameters=st.sampled_from([{}, {"x": ".+"}, {"x": "[0-9]+"}]),
    ),
    max_size=6,
)


@given(resources=RESOURCES)
def test_the_first_pattern_that_fits_answers(resources: list[Resource]) -> None:
    index = Index(resources)
    for path in LOOKUPS:
        wanted = None
        for resource in sorted(resources, key=lambda r: r.order):
            values = resource.match(path)
            if values is not None:
                wanted = (resource, values)
                break
        assert index.find(path) == wanted
