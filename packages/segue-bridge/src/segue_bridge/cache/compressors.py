"""How ``django-redis`` makes values smaller before they are kept (``django_redis.compressors``)."""

from __future__ import annotations

import gzip
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Compressor:
    """What is longer than ``least`` bytes is packed; what cannot be unpacked is taken as it is."""

    pack: Callable[[bytes], bytes]
    unpack: Callable[[bytes], bytes]
    broken: type[Exception]
    least: int = 15

    def packed(self, content: bytes) -> bytes:
        """What is kept of ``content``."""
        return self.pack(content) if len(content) > self.least else content

    def unpacked(self, content: bytes) -> bytes:
        """What it was."""
        try:
            return self.unpack(content)
        except self.broken:
            return content


COMPRESSORS = {
    "zlib": Compressor(lambda content: zlib.compress(content, 6), zlib.decompress, zlib.error),
    "gzip": Compressor(gzip.compress, gzip.decompress, gzip.BadGzipFile),
    "lzma": Compressor(
        lambda content: lzma.compress(content, preset=4), lzma.decompress, lzma.LZMAError, least=100
    ),
}
"""By the end of the class's name, in small letters."""
