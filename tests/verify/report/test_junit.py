"""JUnit XML: what a CI server reads out of it, by an XML parser of its own."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

from tests.verify.report.sample import report

from segue.verify.evidence import SuiteTest
from segue.verify.report import document


def test_an_operation_is_a_test_case_and_its_differences_a_failure() -> None:
    suite = Xml.fromstring(document(report())).find("testsuite")
    assert suite is not None
    cases = {c.get("name"): c for c in suite}
    assert suite.get("tests") == "4" == str(sum(c.tag == "testcase" for c in suite))
    assert suite.get("failures") == "2" == str(len(suite.findall("testcase/failure")))
    assert suite.get("skipped") == "1" == str(len(suite.findall("testcase/skipped")))
    failure = cases["GET /api/books/"].find("failure")
    assert failure is not None
    assert failure.get("type") == "body, rows"
    assert "3 of 20 cases differ" in str(failure.get("message"))
    assert failure.text is not None
    for shown in ("GET /api/books/?q=<script>", "Django: 200", "FastAPI: 200", "draft", "shop/views.py:4"):
        assert shown in failure.text
    assert cases["PUT /api/books/{pk}/"].find("failure[@type='openapi']") is not None
    assert cases["DELETE /api/books/{pk}/"].find("skipped") is not None
    assert list(cases["POST /api/books/"]) == []


def test_what_xml_cannot_carry_is_replaced() -> None:
    text = document(report())
    assert "\x00" not in text
    assert "a�<b>" in "".join(Xml.fromstring(text).itertext())


def test_a_suite_run_has_its_own_tests() -> None:
    results = (
        SuiteTest("shop.tests.Books.test_a", "passed on both"),
        SuiteTest("shop.tests.Books.test_b", "differs", "body.title", bad=True),
        SuiteTest("shop.tests.Books.test_c", "route not native", compared=False),
    )
    suite = Xml.fromstring(document(report(results=results))).find("testsuite")
    assert suite is not None
    assert [(c.get("name"), [e.tag for e in c]) for c in suite.findall("testcase")] == [
        ("shop.tests.Books.test_a", []),
        ("shop.tests.Books.test_b", ["failure"]),
        ("shop.tests.Books.test_c", ["skipped"]),
    ]
