"""Segue as users install it: a wheel, without the checkout, brings all that generated projects need."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from segue.environment import uv_binary

ROOT = Path(__file__).parents[2]
BUILT = 300  # seconds in which a wheel is there, whatever uv has to fetch first
ASK = """
import sys
from segue.cli import main
sys.argv = ["segue", "bridge", "{0}"]
main()
"""


def test_a_wheel_brings_the_bridge(tmp_path: Path) -> None:
    subprocess.run(
        [uv_binary(), "build", "--quiet", "--wheel", "--out-dir", str(tmp_path), str(ROOT)],
        check=True, timeout=BUILT,
    )  # fmt: skip
    with zipfile.ZipFile(next(tmp_path.glob("segue-*.whl"))) as wheel:
        wheel.extractall(tmp_path / "site")
    ran = subprocess.run(
        [sys.executable, "-c", ASK.format(tmp_path / "wheels")],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=BUILT,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    (bridge,) = (tmp_path / "wheels").iterdir()
    with zipfile.ZipFile(bridge) as wheel:
        carried = {n: wheel.read(n) for n in wheel.namelist() if ".dist-info/" not in n}
    source = ROOT / "packages" / "segue-bridge" / "src"
    files = {p.relative_to(source).as_posix(): p for p in source.rglob("*") if p.suffix in (".py", ".typed")}
    assert carried == {name: path.read_bytes() for name, path in files.items()}
