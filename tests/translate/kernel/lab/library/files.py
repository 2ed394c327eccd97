"""The files that both sides find before each case."""

from pathlib import Path


def put_files(folder):
    """Make them as they were."""
    for name, content in (("a b.txt", b"a and b"), ("p.png", b"p"), ("\u00e9.txt", b"e")):
        file = Path(folder, "scans", name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
