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


class Tap:
    """Asks the admin pages of gateways, over one connection that is kept."""

    def __init__(self) -> None:
        self._client = httpx.Client(trust_env=False)

    def fetch(
        self, ports: Ports, beginnings: Sequence[str], share: float, most: int, seconds: float
    ) -> list[Recorded]:
        """The next ``most`` reads of paths with these ``beginnings`` (those of ``seconds``, if they are fewer), drawn with ``share`` percent. ``body`` and
        ``answer`` are None where they were too long.

        Raises :class:`NoTap`.
        """
        wanted = tapping.request(beginnings, share, most, LONGEST, seconds)
        try:
            answer = self._client.post(
                f"http://127.0.0.1:{ports.admin}/tap", json=wanted, timeout=seconds + 10.0
            )
        except httpx.HTTPError as error:
            raise NoTap(f"the gateway does not answer ({type(error).__name__})") from error
        if answer.status_code != 200:
            said = answer.text.strip()
            raise NoTap(said.splitlines()[0] if said else str(answer.status_code))
        return parsed(answer.text)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


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
