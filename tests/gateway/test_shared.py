"""The settings that both sides share, read where Django runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from segue.gateway.shared import shared_environment

# Nothing that lies beside the script is in reach: a project may have a package of that name.
SETTINGS = """
import importlib.util
assert importlib.util.find_spec("one_process") is None
from site_package.service.names import KEY

SECRET_KEY = KEY
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "rows.sqlite3"}}
"""


@pytest.mark.parametrize("folder", ["site_package/service", "site_package", "."])
def test_settings_of_a_root_inside_of_a_package_are_imported_by_their_whole_name(
    tmp_path: Path, folder: str
) -> None:
    service = tmp_path / "site_package" / "service"
    service.mkdir(parents=True)
    for package in (service.parent, service):
        (package / "__init__.py").touch()
    (service / "names.py").write_text('KEY = "one of the package"\n')
    (service / "settings.py").write_text(SETTINGS)
    root = tmp_path / folder
    found = shared_environment(Path(sys.executable), root, "site_package.service.settings", os.environ)
    assert found["SECRET_KEY"] == "one of the package"
    # SQLite's own rule: a relative name is a file of the folder that the process runs in.
    assert found["DATABASE_URL"] == f"sqlite:///{root.resolve()}/rows.sqlite3"
