"""Fetching what Envoy's tap has seen, a few requests at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence

import httpx

from segue.gateway import tapping
from segue.gateway.envoy import Ports
from segue.verify.replay.recorded import Recorded
from segue.verify.replay.tap import recorded

LONGEST = 256 * 1024
"""Bytes of a body; an answer that is longer is not compared."""


class NoTap(Exception):
    """The gateway is not there, or has no tap (yet)."""


def fetch(ports: Ports, paths: Sequence[str], share: float, most: int, seconds: float) -> list[Recorded]:
    """The next ``most`` reads of ``paths`` (those of ``seconds``, if they are fewer), drawn with ``share`` percent. ``body`` and ``answer`` are None where
    they were too long.

    Raises :class:`NoTap`.
    """
    wanted = tapping.request(list(paths), share, most, LONGEST, seconds)
    try:
        answer = httpx.post(
            f"http://127.0.0.1:{ports.admin}/tap", json=wanted, timeout=seconds + 10.0, trust_env=False
        )
    except httpx.HTTPError as error:
        raise NoTap(f"the gateway does not answer ({type(error).__name__})") from error
    if answer.status_code != 200:
        raise NoTap(answer.text.strip().splitlines()[0] if answer.text.strip() else str(answer.status_code))
    return list(parsed(answer.text))


def parsed(text: str) -> list[Recorded]:
    """The traces of an answer: JSON documents one after the other. What is cut off at its end is left out."""
    decoder, at = json.JSONDecoder(), 0
    out: list[Recorded] = []
    while True:
        while at < len(text) and text[at] in " \r\n\t":
            at += 1
        if at >= len(text):
            return out
        try:
            document, at = decoder.raw_decode(text, at)
            out.append(recorded(document, "tap"))
        except (ValueError, KeyError, TypeError):
            return out
