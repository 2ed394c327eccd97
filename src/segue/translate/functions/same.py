"""Whether two texts that call lifted functions will mean the same once these are written."""

from __future__ import annotations

from collections.abc import Mapping

from segue.translate.context import Context
from segue.translate.functions.record import FunctionRecord, by_token
from segue.translate.functions.symbols import TOKEN


def canonical(ctx: Context, text: str) -> str:
    """``text`` with the name of every lifted function replaced by what it does.

    One legacy function is lifted once for each caller that it may depend on; the copies are equal where it
    does not.
    """
    return _replaced(text, by_token(ctx), frozenset())


def _replaced(text: str, records: Mapping[str, FunctionRecord], within: frozenset[str]) -> str:
    def shown(token: str) -> str:
        record = records.get(token)
        if record is None or token in within:
            return token
        names = ", ".join(parameter.name for parameter in record.parameters)
        body = _replaced("\n".join(record.lines), records, within | {token})
        return f"<{record.legacy}({names}) {record.is_async}: {body}>"

    return TOKEN.sub(lambda found: shown(found.group()), text)
