"""What must not be told: in a repr, a log line, an error or a generated file."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from sqlalchemy import literal, select
from tests.example.conftest import Example, example  # noqa: F401 - a fixture

from segue_bridge.auth.backend import Sessions
from segue_bridge.auth.jwt import JwtSettings
from segue_bridge.auth.reset_tokens import ResetTokens
from segue_bridge.auth.session_settings import SessionSettings
from segue_bridge.auth.signed_cookies import SignedCookies
from segue_bridge.auth.signing import Signer
from segue_bridge.auth.stores.database import DatabaseStore
from segue_bridge.cache.django_redis import DjangoRedisCache
from segue_bridge.cache.redis import RedisCache
from segue_bridge.db.database import Database
from segue_bridge.http.settings import HttpSettings
from segue_bridge.mail.mailer import Mailer
from segue_bridge.mail.message import Message
from segue_bridge.task_results import ResultBackend
from segue_bridge.tasks import TaskQueue

SECRET = "s3cret-of-this-test"


def settings() -> SessionSettings:
    return SessionSettings(secret=SECRET, fallbacks=(SECRET + "-older",))


@pytest.mark.parametrize(
    "made",
    [
        settings,
        lambda: JwtSettings(key=SECRET),
        lambda: Sessions(settings(), DatabaseStore(settings())),
        lambda: HttpSettings(sessions=Sessions(settings(), DatabaseStore(settings()))),
        lambda: Signer(SECRET),
        lambda: ResetTokens(SECRET),
        lambda: SignedCookies(SECRET),
        lambda: RedisCache(f"redis://:{SECRET}@127.0.0.1:1/0"),
        lambda: TaskQueue(f"amqp://u:{SECRET}@127.0.0.1:1//"),
        lambda: ResultBackend(f"redis://:{SECRET}@127.0.0.1:1/0"),
        lambda: Mailer(host="127.0.0.1", username="u", password=SECRET),
    ],
    ids=[
        "sessions",
        "jwt",
        "store",
        "http",
        "signer",
        "reset",
        "cookies",
        "cache",
        "tasks",
        "results",
        "mail",
    ],
)
def test_reprs(made: object) -> None:
    found = made()  # type: ignore[operator]
    assert SECRET not in repr(found) + str(found)


def test_a_database_that_cannot_be_reached(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    database = Database(f"postgresql://shop:{SECRET}@127.0.0.1:1/shop")

    async def ask() -> None:
        db = database.session()
        try:
            await db.scalar(select(literal(1)))
        finally:
            await db.close()
            await database.close()

    with pytest.raises(Exception) as caught:
        asyncio.run(ask())
    told = [caplog.text, repr(database), repr(database.engine)]
    error: BaseException | None = caught.value
    while error is not None:
        told.append(f"{error!r} {error}")
        error = error.__cause__ or error.__context__
    assert not [text for text in told if SECRET in text]


def test_servers_that_cannot_be_reached(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    url = f"redis://u:{SECRET}@127.0.0.1:1/0"
    told = []

    async def ask() -> None:
        for work in (
            RedisCache(url).get("a"), DjangoRedisCache(url, ignore_errors=False).set("a", 1), TaskQueue(url, time_limit=2).send("a.b"),
            Mailer(host="127.0.0.1", port=1, username="u", password=SECRET).send(Message("a", "b", "a@x.org", ["b@x.org"])),
        ):  # fmt: skip
            with pytest.raises(Exception) as caught:
                await work
            told.append("".join(traceback.format_exception(caught.value)))

    asyncio.run(ask())
    assert len(told) == 4
    assert not [text for text in [*told, caplog.text] if SECRET in text]


def test_settings_of_the_service(example: Example) -> None:  # noqa: F811
    """Neither the settings themselves nor what pydantic says of those that are missing."""
    code = "import app.settings as s; print(repr(s.settings), s.settings)"
    given = {"SECRET_KEY": SECRET, "DATABASE_URL": f"postgresql://u:{SECRET}@h/d", "SECRET_KEY_FALLBACKS": f'["{SECRET}"]'}  # fmt: skip
    for left_out in ("", "DATABASE_URL", "SECRET_KEY", "POOL_SIZE"):
        environment = {k: v for k, v in {**os.environ, **given}.items() if k != left_out}
        if left_out == "POOL_SIZE":
            environment["POOL_SIZE"] = f"no number {SECRET}"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=example.output, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert (done.returncode == 0) == (left_out == ""), done.stderr
        assert SECRET not in done.stdout + done.stderr
        assert left_out.lower() in done.stdout + done.stderr


def test_no_secret_of_the_project_is_written_down(example: Example) -> None:  # noqa: F811
    """Nothing that `segue generate` writes holds the key of the project's settings: not the code, not the snapshot, not the state."""
    import re

    source = "\n".join(
        p.read_text() for p in example.folder.rglob("settings*.py") if "fastapi" not in p.parts
    )
    keys = re.findall(r"SECRET_KEY\s*=\s*.*?[\"']([^\"']{12,})[\"']", source)
    assert keys
    written = [p for folder in (example.output, example.folder / ".segue") for p in Path(folder).rglob("*")]
    texts = {p: p.read_bytes() for p in written if p.is_file()}
    assert len(texts) > 50
    assert not [p for p, text in texts.items() for key in keys if key.encode() in text]
