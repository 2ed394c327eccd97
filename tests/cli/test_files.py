"""What a writer leaves behind that was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from segue.files import write_atomic

KILLED = """
import os, signal, sys
from pathlib import Path
from segue import files
os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
files.write_atomic(Path(sys.argv[1]), "new")
"""


def test_what_a_killed_writer_left_is_removed_by_the_next_one_of_that_file(tmp_path: Path) -> None:
    file = tmp_path / "ledger.toml"
    write_atomic(file, "old")
    own = [".ledger.toml.swp", ".ledger.toml.x", ".other.toml.abc.segue-tmp"]
    for name in own:
        (tmp_path / name).write_text("not ours to remove")
    done = subprocess.run([sys.executable, "-c", KILLED, str(file)], check=False)
    assert done.returncode == -9
    assert file.read_text() == "old"
    (left,) = set(os.listdir(tmp_path)) - {"ledger.toml", *own}
    write_atomic(file, "newer")
    assert left in os.listdir(tmp_path)  # it may be that of a writer at work
    for name in (left, *own):
        os.utime(tmp_path / name, (0, 0))
    write_atomic(file, "newest")
    assert sorted(os.listdir(tmp_path)) == sorted(["ledger.toml", *own])
