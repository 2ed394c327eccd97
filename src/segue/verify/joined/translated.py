"""Texts of errors in other languages: a request whose answer says something new is asked again in the languages of the project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .surroundings import spoken

MOST = 40  # requests of an operation that are asked again


class Said:
    """What the answers to one operation have said so far, and the requests that made them say it."""

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self.requests: list[dict[str, Any]] = []

    def hear(self, sent: dict[str, Any], answer: dict[str, Any]) -> None:
        """Keep ``sent`` where the error that it was answered with has a text that no answer had before."""
        if answer["status"] < 400 or answer["status"] >= 500 or len(self.requests) >= MOST:
            return
        if sent.get("steps") or sent.get("busy") or _language(sent):
            return
        new = set(_leaves(answer["body"])) - self._texts
        if new:
            self._texts |= new
            self.requests.append(sent)


def again(said: Said) -> Iterator[dict[str, Any] | None]:
    """Each of the requests kept so far in one of the project's languages, then in the others; None where there is none yet."""
    codes = spoken()
    for turn in range(len(codes)):
        for place in range(MOST):
            while turn == 0 and place >= len(said.requests):
                yield None
            if place < len(said.requests):
                yield in_language(said.requests[place], codes[(place + turn) % len(codes)])


def in_language(sent: dict[str, Any], code: str) -> dict[str, Any]:
    """``sent`` with the header that asks for ``code``, where it asks for none."""
    if _language(sent):
        return sent
    return {**sent, "headers": [*sent["headers"], ("Accept-Language", code)]}


def _language(sent: dict[str, Any]) -> bool:
    return any(name == "Accept-Language" for name, _ in sent["headers"])


def _leaves(body: Any) -> Iterator[str]:
    if isinstance(body, dict):
        for key, value in body.items():
            yield from (f"{key}: {text}" for text in _leaves(value))
    elif isinstance(body, list):
        for value in body:
            yield from _leaves(value)
    else:
        yield str(body)[:200]
