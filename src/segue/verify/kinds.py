"""The kinds of difference, by which reports filter."""

from __future__ import annotations

# name → what a reader is told
KINDS: dict[str, str] = {
    "status": "another status code",
    "header": "another header or cookie",
    "body": "another body",
    "rows": "other rows written",
    "sequence": "another number drawn from a sequence",
    "mail": "other mails sent",
    "task": "other tasks enqueued",
    "cache": "other cache writes",
    "file": "other files stored",
    "on_commit": "other on_commit hooks",
    "log": "other errors logged",
    "http": "other calls of other servers",
    "call": "other calls of what a test patched",
    "noise": "needs a noise rule in segue.toml",
    "openapi": "an answer that the OpenAPI schema does not allow",
}
_HEADS = {"status": "status", "headers": "header", "cookies": "header", "body": "body"}
_EFFECTS = {
    "(mail)": "mail", "(http)": "http", "(tasks)": "task", "(cache)": "cache", "(files)": "file", "(storage)": "file", "(on_commit)": "on_commit",
    "(sequences)": "sequence", "(log)": "log", "(logs)": "log",
}  # fmt: skip


def of_path(path: str) -> str:
    """The kind of a differing path, as ``joined/compare.py`` writes paths: ``body.items[0].id``,
    ``effects.shop_order.inserted[0].total``, ``effects.(mail)[0][1]``."""
    head, _, rest = path.partition(".")
    known = _HEADS.get(head.partition("[")[0])
    if known is not None:
        return known
    if rest.startswith("(calls of "):
        return "call"
    effect = rest.partition("[")[0].partition(".")[0]
    return _EFFECTS.get(effect, "rows")
