"""Files in a ZIP archive with the clock of Django's process, which runs in ``TIME_ZONE``.

Source: ``zipfile.ZipFile.writestr``, which asks ``time.localtime()``; ``django.conf.Settings`` sets the zone of the process.
"""

from __future__ import annotations

from zipfile import ZipFile, ZipInfo

from segue_bridge import zone


def write_entry(archive: ZipFile, name: str, data: str | bytes) -> None:
    """``archive.writestr(name, data)``; text is written as UTF-8. Raises ``ValueError`` for a closed archive."""
    entry = ZipInfo(name, zone.wall_time().timetuple()[:6])
    entry.compress_type = archive.compression
    entry.external_attr = (0o40775 << 16) | 0x10 if name.endswith("/") else 0o600 << 16
    archive.writestr(entry, data, compresslevel=archive.compresslevel)


__all__ = ["write_entry"]
