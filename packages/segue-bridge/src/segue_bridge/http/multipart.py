"""``multipart/form-data`` as ``django.http.multipartparser`` takes it apart.

The boundary counts wherever it stands, an unfinished last part is still read if it is no file, and file names are
stripped of paths. The body is in memory as a whole; Django would spool large files to disk.
"""

from __future__ import annotations

import base64
import binascii
import html
import io
import re
from typing import Any

from segue_bridge.errors import ParseError
from segue_bridge.http import media
from segue_bridge.http.pages import SuspiciousOperation
from segue_bridge.http.settings import HttpSettings
from segue_bridge.schema.data import Upload

_BOUNDARY = re.compile(r"[ -~]{0,200}[!-~]")
_HEADER_LIMIT = 1024
Pairs = list[tuple[str, Any]]


def parse(raw: bytes, content_type: str, encoding: str, settings: HttpSettings) -> tuple[Pairs, Pairs]:
    """Fields and files in order. Raises :class:`ParseError`, or :class:`SuspiciousOperation` over a limit."""
    fields: Pairs = []
    files: Pairs = []
    read = raws = 0
    pieces = raw.split(b"--" + _boundary(content_type))
    parts = len(pieces) - (not pieces[-1])
    for number, piece in enumerate(pieces):
        content = _trimmed(piece) if number < len(pieces) - 1 else piece
        if not content and number == len(pieces) - 1:
            continue
        headers, body = _headers(content)
        disposition = headers.get("content-disposition")
        if disposition is None or not dict(disposition[1]).get("filename"):
            raws += 1
            if settings.field_limit is not None and raws > settings.field_limit + 2:
                raise SuspiciousOperation("The number of GET/POST parameters exceeded the limit.")
        if disposition is None or "name" not in dict(disposition[1]):
            continue
        options = dict(disposition[1])
        name = options["name"].strip()
        transfer = headers.get("content-transfer-encoding", ("", ()))[0].strip()
        if options.get("filename"):
            if settings.file_limit is not None and len(files) >= settings.file_limit:
                raise SuspiciousOperation("The number of files exceeded the limit.")
            file_name = _file_name(options["filename"])
            if file_name:
                content_type_of_part = headers.get("content-type", ("", ()))[0].strip()
                data = _decoded_file(body) if transfer == "base64" else body
                if number + 1 < parts:  # Django hands a file on when the next part begins
                    files.append((name, Upload(io.BytesIO(data), file_name, len(data), content_type_of_part)))
            continue
        data = _decoded_field(body) if transfer == "base64" else body
        read += len(body) + len(name) + 2
        if settings.body_limit is not None and read > settings.body_limit:
            raise SuspiciousOperation("Request body exceeded the limit.")
        fields.append((name, data.decode(encoding, "replace")))
    return fields, files


def _boundary(content_type: str) -> bytes:
    if not content_type.startswith("multipart/"):
        raise _error(f"Invalid Content-Type: {content_type}")
    if not content_type.isascii():
        raise _error(f"Invalid non-ASCII Content-Type in multipart: {content_type}")
    boundary = media.parse(content_type).get("boundary")
    if not boundary or not _BOUNDARY.fullmatch(boundary):
        raise _error(f"Invalid boundary in multipart: {boundary}")
    return boundary.encode("ascii")


def _trimmed(piece: bytes) -> bytes:
    """The line break before a boundary belongs to the boundary."""
    if piece.endswith(b"\n"):
        piece = piece[:-1]
    return piece.removesuffix(b"\r")


Headers = dict[str, tuple[str, tuple[tuple[str, str], ...]]]


def _headers(content: bytes) -> tuple[Headers, bytes]:
    end = content.find(b"\r\n\r\n", 0, _HEADER_LIMIT)
    if end == -1:
        if len(content) >= _HEADER_LIMIT:
            raise _error("Request max total header size exceeded.")
        return {}, content
    found: Headers = {}
    for line in content[:end].split(b"\r\n"):
        try:
            pair, params = media.header(line.decode())
            name, value = pair.split(":", 1)
        except ValueError:
            continue
        found[name] = value, params
    return found, content[end + 4 :]


def _file_name(name: str) -> str:
    name = html.unescape(name).rsplit("/")[-1].rsplit("\\")[-1]
    name = "".join(character for character in name if character.isprintable())
    return "" if name in ("", ".", "..") else name


def _decoded_field(body: bytes) -> bytes:
    try:
        return base64.b64decode(body)
    except binascii.Error:
        return body


def _decoded_file(body: bytes) -> bytes:
    stripped = b"".join(body.split())
    if len(stripped) % 4:
        raise _error("Could not decode base64 data.")
    try:
        return base64.b64decode(stripped)
    except binascii.Error:
        raise _error("Could not decode base64 data.") from None


def _error(text: str) -> ParseError:
    return ParseError(f"Multipart form parse error - {text}")
