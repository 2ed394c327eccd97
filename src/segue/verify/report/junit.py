"""A run as JUnit XML: one test case per operation, or per test of a suite run.

Written to what the widely read dialects have in common (``testsuites/testsuite/testcase`` with at most one
``failure`` or ``skipped`` each), so that CI servers take it without a plugin.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from segue.verify.evidence import Difference, OperationResult, Report, SuiteTest
from segue.verify.report.words import in_full, summary

# What XML 1.0 cannot carry, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(report: Report) -> str:
    """The XML document."""
    cases = (
        [_of_test(t, report) for t in report.results]
        if report.results
        else [_of_operation(o, report) for o in report.operations]
    )
    failed = sum(1 for c in cases if c.find("failure") is not None)
    skipped = sum(1 for c in cases if c.find("skipped") is not None)
    counts = {
        "tests": str(len(cases)),
        "failures": str(failed),
        "errors": "0",
        "time": f"{report.seconds:.3f}",
    }
    root = Xml.Element("testsuites", {"name": "segue verify", **counts})
    suite = Xml.SubElement(root, "testsuite", {"name": report.kind, **counts, "skipped": str(skipped)})
    suite.extend(cases)
    if report.notes or report.noise:
        out = Xml.SubElement(suite, "system-out")
        out.text = _clean("\n".join([*report.notes, *(f"noise: {n}" for n in report.noise)]))
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _case(name: str, report: Report, assertions: int) -> Xml.Element:
    return Xml.Element(
        "testcase",
        {
            "classname": f"segue.{report.kind}",
            "name": _clean(name),
            "assertions": str(assertions),
            "time": "0",
        },
    )


def _of_operation(item: OperationResult, report: Report) -> Xml.Element:
    case = _case(item.key, report, item.cases)
    if item.different or item.violations:
        kinds = list(dict.fromkeys(k for d in item.differences for k in d.kinds))
        told = [summary(d) for d in item.differences[:1]]
        told += [f"{v.where}: {v.what}" for v in item.violations[:1]]
        message = f"{item.different} of {item.cases} cases differ: " if item.different else ""
        failure = Xml.SubElement(
            case,
            "failure",
            {
                "type": ", ".join([*kinds, *(["openapi"] if item.violations else [])]) or "difference",
                "message": _clean(message + "; ".join(told)),
            },
        )
        parts = [f"FastAPI {item.function}; Django {item.place}", *(in_full(d) for d in item.differences)]
        parts += [f"{v.request} {v.status}: {v.where}: {v.what}" for v in item.violations]
        failure.text = _clean("\n\n----\n\n".join(parts))
    elif not item.cases:
        Xml.SubElement(case, "skipped", {"message": "not compared"})
    return case


def _of_test(test: SuiteTest, report: Report) -> Xml.Element:
    case = _case(test.name, report, 1)
    if test.bad:
        failure = Xml.SubElement(case, "failure", {"type": test.verdict, "message": _clean(test.reason)})
        failure.text = _clean(
            "\n\n".join([test.reason, *(in_full(d) for d in _differences_of(test, report))])
        )
    elif not test.compared:
        Xml.SubElement(case, "skipped", {"message": _clean(f"{test.verdict}: {test.reason}".rstrip(": "))})
    return case


def _differences_of(test: SuiteTest, report: Report) -> list[Difference]:
    """Differences that requests of the test showed; ``what`` names the test."""
    return [d for o in report.operations for d in o.differences if test.name in d.what]


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("�", text)
