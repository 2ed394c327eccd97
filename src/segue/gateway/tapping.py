"""A place in Envoy where answers can be looked at, empty until somebody asks for it.

The filter is discovered from a file (ECDS) that is only ever replaced by rename, as the routes are. Usually the file names a filter
that does nothing. While ``segue shadow`` runs it names Envoy's tap filter, which itself does nothing until somebody asks Envoy's
admin page for requests; one whose asker is killed stops at once, and ``segue serve`` takes it out (:func:`sweep`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from segue.errors import SegueError
from segue.files import write_atomic

Json = dict[str, Any]

TAP = "segue"  # the name by which the admin page knows it
_NAME = "segue-tap"
_FILTERS = "type.googleapis.com/envoy.extensions.filters.http"
_TAP_TYPE = f"{_FILTERS}.tap.v3.Tap"
_NOTHING_TYPE = f"{_FILTERS}.header_mutation.v3.HeaderMutation"


def http_filter(folder: str) -> Json:
    """The entry of ``http_filters``; ``folder`` is the gateway's."""
    return {
        "name": _NAME,
        "config_discovery": {
            "config_source": {
                "resource_api_version": "V3",
                "path_config_source": {
                    "path": f"{folder}/tap/tap.json",
                    "watched_directory": {"path": f"{folder}/tap"},
                },
            },
            "default_config": {"@type": _NOTHING_TYPE},
            # Envoy does not wait for the file, and serves without the filter if it cannot be read.
            "apply_default_config_without_warming": True,
            "type_urls": [_TAP_TYPE, _NOTHING_TYPE],
        },
    }


def put(folder: Path, *, on: bool) -> None:
    """Put the tap into the running gateway of ``folder``, or take it out; Envoy follows within milliseconds."""
    chosen: Json = (
        {"@type": _TAP_TYPE, "common_config": {"admin_config": {"config_id": TAP}}}
        if on
        else {"@type": _NOTHING_TYPE}
    )
    resource = {
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": _NAME,
        "typed_config": chosen,
    }
    text = json.dumps({"version_info": "tap" if on else "nothing", "resources": [resource]}, indent=1)
    write_atomic(_file(folder), text)


def prepare(folder: Path) -> None:
    """Make the file if there is none: Envoy does not start without the place it watches."""
    if not _file(folder).is_file():
        put(folder, on=False)


@contextlib.contextmanager
def asking(folder: Path) -> Iterator[bool]:
    """Be the one who may ask the tap of ``folder``; False while another one is. The system gives it back when the process ends, however it
    ends."""
    handle = os.open(folder.parent / "shadow.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)


def sweep(folder: Path) -> bool:
    """Take out a tap that somebody who was killed has left in; whether there was one. As long as it is in, whoever may connect to Envoy's admin
    page could ask it for requests with their credentials."""
    try:
        left = json.loads(_file(folder).read_text(encoding="utf-8"))["version_info"] == "tap"
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if not left:
        return False
    try:
        with asking(folder) as alone:
            if alone:
                put(folder, on=False)
            return alone
    except (OSError, SegueError):  # a full disk does not end the gateway; the next look tries again
        return False


def _file(folder: Path) -> Path:
    return folder / "tap" / "tap.json"


def request(beginnings: Iterable[str], share: float, most: int, longest: int, seconds: float) -> Json:
    """What is asked of the admin page (``POST /tap``): the next ``most`` reads, or those of ``seconds``, in one answer.

    ``beginnings`` are those of the paths that are wanted; ``share`` is the percentage of their GET and HEAD requests, drawn by Envoy; of each body
    at most ``longest`` bytes. Envoy keeps no more than that, also when nobody fetches it: for an asker that streams instead
    (``streaming_admin``) and stops reading, Envoy's memory would grow.

    No regular expressions: one that Envoy refuses (too large, for instance) is an exception that nobody catches on the admin page's way, and ends
    the gateway (seen with Envoy 1.40).
    """
    wanted = [
        {
            "http_request_headers_match": {
                "headers": [_header(":method", "exact", method), _header(":path", "prefix", beginning)]
            }
        }
        for beginning in _shortest(beginnings)
        for method in ("GET", "HEAD")
    ]
    return {
        "config_id": TAP,
        "tap_config": {
            "match": {"or_match": {"rules": wanted}},
            "tap_enabled": {"default_value": {"numerator": round(share * 10_000), "denominator": "MILLION"}},
            "output_config": {
                "max_buffered_rx_bytes": 1,
                "max_buffered_tx_bytes": longest,
                "sinks": [
                    {
                        "format": "JSON_BODY_AS_BYTES",
                        "buffered_admin": {"max_traces": max(1, most), "timeout": f"{seconds:.3f}s"},
                    }
                ],
            },
        },
    }


def _shortest(beginnings: Iterable[str]) -> list[str]:
    """Without those that another one is the beginning of. A path begins with a slash, whatever a pattern says."""
    out: list[str] = []
    for text in sorted({b if b.startswith("/") else "/" for b in beginnings}):
        if not out or not text.startswith(out[-1]):
            out.append(text)
    return out or ["/"]


def _header(name: str, how: str, text: str) -> Json:
    return {"name": name, "string_match": {how: text}}
