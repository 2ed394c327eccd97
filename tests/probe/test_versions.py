"""The probe on other Pythons, Djangos and DRFs, as far as this machine has the interpreters.

The environments are kept under ``~/.cache/segue-tests``. What ran is printed (``pytest -rP``), what
could not is skipped with the reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.probe import checks, sample
from tests.probe.conftest import Probed, probe_and_ask

from segue.environment import uv_binary

VERSIONS = [
    ("3.8", "Django==3.2.*", "djangorestframework==3.14.*", ("pytz", "setuptools")),
    ("3.10", "Django==4.2.*", "djangorestframework==3.15.*", ("django-filter",)),
    ("3.12", "Django==6.0.*", "djangorestframework>=3.17", ("django-filter", "psycopg[binary]")),
    ("3.13", "Django==6.0.*", "djangorestframework==3.18.*", ("django-filter", "psycopg[binary]")),
]


def interpreter(version: str) -> str:
    """A working CPython ``version``, or skip."""
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for candidate in (shutil.which(f"python{version}"), *map(str, pyenv)):
        if (
            candidate
            and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0
        ):
            return candidate
    pytest.skip(f"there is no Python {version} on this machine")


def environment(version: str, *requirements: str) -> str:
    """Python of a cached virtual environment with ``requirements``."""
    base = interpreter(version)
    cache = Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "segue-tests"
    key = "-".join([version, *requirements]).translate({ord(c): "_" for c in '<>=*[]/ "'})
    folder = cache / key
    python = folder / "bin" / "python"
    if not (folder / "ready").is_file():
        uv = uv_binary()
        commands = (
            [uv, "venv", "--quiet", "--clear", "--python", base, str(folder)],
            [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *requirements],
        )
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            if done.returncode:
                pytest.skip(f"no environment with {', '.join(requirements)}: {done.stderr.strip()[:200]}")
        (folder / "ready").touch()
    return str(python)


@pytest.fixture(scope="module", params=VERSIONS, ids=lambda v: f"py{v[0]}-{v[1]}-{v[2]}")
def probed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Probed:
    """The sample project on another set of versions."""
    version, django, drf, extra = request.param
    python = environment(version, django, drf, *extra)
    root = sample.write(tmp_path_factory.mktemp("other") / "sample")
    found = probe_and_ask(root, python)
    seen = found.snapshot.versions
    print(f"probed with Python {seen.python}, Django {seen.django}, DRF {seen.drf}")
    assert seen.python.startswith(version + ".")
    return found


def test_snapshot_agrees_with_that_django(probed: Probed) -> None:
    checks.routes(probed)
    checks.methods(probed)
    checks.serializers(probed)
    checks.tables(probed)


def test_methods_of_a_manager_made_from_a_queryset_are_the_querysets(probed: Probed) -> None:
    manager = probed.snapshot.models["shop.Item"].managers["objects"]
    assert probed.snapshot.classes[manager].methods["cheap"] == "shop.models.ItemQuerySet.cheap"


def test_a_queryset_class_with_methods_of_its_own_is_still_plain(probed: Probed) -> None:
    """Python 3.13 gives every class more attributes; none of them replaces anything."""
    found = [v for v in probed.snapshot.views.values() if v.queryset_model == "shop.Item"]
    assert found
    assert any(view.queryset_sql_simple for view in found)


def test_a_decorator_put_on_an_inherited_action_from_outside_is_seen(probed: Probed) -> None:
    name = probed.snapshot.classes["shop.views.ItemViewSet"].methods["list"]
    assert name == "shop.views.ItemViewSet.list"
    wrapped = probed.snapshot.functions[name].wrapped_by
    assert "django.views.decorators.cache.never_cache" in wrapped
