"""The generated package in a process of its own: mapped classes share one registry per process.

Arguments: the folder that holds the package, and its name. Protocol as in drf_child.py; a request
has ``function`` (of ``driver``), ``database`` and ``arguments``.
"""

import asyncio
import importlib
import json
import os
import pickle
import sys

sys.path.insert(0, sys.argv[1])

from segue_bridge import zone
from segue_bridge.db.base import Base, primary_key
from segue_bridge.db.database import Database
from segue_bridge.errors import Invalid, ValidationError

importlib.import_module(f"{sys.argv[2]}.models")
driver = importlib.import_module(f"{sys.argv[2]}.driver")
USER = importlib.import_module(f"{sys.argv[2]}.django_auth.models").User.loaded(
    {"id": 1, "username": "ada", "is_active": True}
)
zone.configure("America/New_York")


class Call:
    """What of the bridge's request context serializers use."""

    def absolute(self, url):
        return f"http://testserver{url}"


def plain(value):
    if isinstance(value, Base):
        return primary_key(value)[0]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


async def answer(request):
    database = Database(f"sqlite:///{request['database']}")
    try:
        async with database.session() as db:
            try:
                found = await getattr(driver, request["function"])(
                    db, user=USER, call=Call(), **request["arguments"]
                )
            except ValidationError as exc:
                return "errors", json.loads(json.dumps(exc.detail, default=plain)), db.queries
            except Invalid as exc:
                return "invalid", exc.messages, db.queries
            except Exception as exc:
                if os.environ.get("SEGUE_TRACE"):
                    raise
                return "raised", type(exc).__name__, db.queries
            return "ok", json.loads(json.dumps(found, default=plain)), db.queries
    finally:
        await database.close()


while True:
    line = sys.stdin.buffer.readline()
    if not line:
        break
    reply = pickle.dumps(asyncio.run(answer(pickle.loads(sys.stdin.buffer.read(int(line))))))
    sys.stdout.buffer.write(b"%d\n" % len(reply) + reply)
    sys.stdout.buffer.flush()
