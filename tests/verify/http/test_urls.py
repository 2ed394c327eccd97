"""``verify http``: two services that run already are compared by reads."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from bench.faults.seed import Fault
from tests.verify.conftest import Shop

from segue.errors import EnvironmentProblem
from segue.verify.http import Modern, compare_urls
from segue.verify.http.laboratory import laboratory
from segue.verify.operations import native_operations
from segue.verify.report import as_json

SECRET = "Key f00dfeedf00dfeed"


def test_a_fault_of_a_running_service_is_found_by_reads_and_no_credential_is_told(
    shop: Shop, shop_faults: list[Fault], tmp_path: Path
) -> None:
    key = "GET /api/tags/"  # which everybody may read
    fault = next(f for f in shop_faults if f.kind == "field dropped" and key in f.keys)
    project = shop.with_output(fault.seed(shop.project.output, tmp_path / "faulty"))
    operations = native_operations(project)
    with laboratory(project, Modern(Path(sys.executable)), operations, []) as lab:
        urls = lab.pair.django.url, lab.pair.fastapi.url
        report = compare_urls(
            project, *urls, credentials=[("X-Service-Key", SECRET)], only=[key], cases=40, seconds=20
        )
        with_django = compare_urls(project, urls[0], urls[0], only=[key], cases=10, seconds=10)
    assert report.different
    assert {o.key.split()[0] for o in report.operations if o.cases} <= {
        "GET",
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
    }
    assert {d.method for o in report.operations for d in o.differences} <= {"GET", "HEAD", "OPTIONS"}
    assert SECRET not in json.dumps(as_json(report))
    assert with_django.cases
    assert with_django.different == 0


def test_a_service_that_does_not_answer_is_said(shop: Shop) -> None:
    with pytest.raises(EnvironmentProblem, match="does not answer"):
        compare_urls(shop.project, "http://127.0.0.1:9", "http://127.0.0.1:9", cases=3, seconds=5)
