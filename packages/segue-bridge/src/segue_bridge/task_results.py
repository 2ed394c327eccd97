"""Results of Celery tasks, read without blocking: ``celery.result.AsyncResult`` of the service's own Celery app.

A result backend that Celery reaches itself is asked in a thread. What django-celery-results keeps in Django's database is
read by the request's session, and decoded as Celery's backends do (``django_celery_results.backends.database``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from sqlalchemy import String, column, select, table

from segue_bridge.errors import Unserved

if TYPE_CHECKING:
    from segue_bridge.db.session import Session

_results = table(
    "django_celery_results_taskresult",
    *(
        column(name, String)
        for name in ("task_id", "status", "content_encoding", "result", "traceback", "meta")
    ),
)


class ResultBackend:
    """Where Celery keeps results: at ``url``, or in Django's database. ``configuration`` are settings of the Django
    project's Celery app by their new names (``result_serializer``, ``accept_content``, …)."""

    def __init__(self, url: str | None = None, **configuration: Any) -> None:
        self._url = url
        self._configuration = configuration
        self._app: Any = None

    def result(self, id: str | None, db: Session | None = None) -> TaskResult:
        """The task ``id``; with ``db`` as django-celery-results keeps it. Raises ``ValueError`` for None."""
        if self._app is None:
            from celery import Celery

            # Not the current app: in one process with Django there may be another.
            app = Celery("segue_bridge.task_results", backend=self._url, set_as_current=False)
            app.conf.update(self._configuration)
            self._app = app
        return TaskResult(self._app, id, db)


class TaskResult:
    """The task ``id`` as a result backend knows it. Each question asks the backend, until the task has ended.

    ``app`` is a Celery app with the result backend's configuration; with ``db`` the results are in Django's database.
    """

    def __init__(self, app: Any, id: str | None, db: Session | None = None) -> None:
        from celery.result import AsyncResult

        self.id = id
        self._db = db
        self._has_ended = False
        self._backend = _stored_backend(app) if db is not None else app.backend
        self._result = AsyncResult(id, backend=self._backend, app=app)

    async def state(self) -> str:
        """``AsyncResult.state``: ``PENDING`` also for a task that nobody has asked for."""
        return str(await self._ask(lambda result: result.state))

    async def ready(self) -> bool:
        """Whether the task has ended, by success, failure or revocation."""
        return bool(await self._ask(lambda result: result.ready()))

    async def successful(self) -> bool:
        """Whether the task has ended well."""
        return bool(await self._ask(lambda result: result.successful()))

    async def failed(self) -> bool:
        """Whether the task has failed."""
        return bool(await self._ask(lambda result: result.failed()))

    async def traceback(self) -> str | None:
        """The text of the traceback of a task that has failed."""
        found: str | None = await self._ask(lambda result: result.traceback)
        return found

    async def value(self) -> Any:
        """``AsyncResult.result``: what the task returned, or the exception that it raised.

        Raises :class:`Unserved` for an exception of a class that only the Django side may have: its text is its own.
        """
        found = await self._ask(lambda result: result.result)
        if isinstance(found, BaseException) and not _is_shared(type(found)):
            raise Unserved(f"the exception {type(found).__name__} of a task")
        return found

    async def _ask(self, question: Callable[[Any], Any]) -> Any:
        if self._db is None:
            return await to_thread.run_sync(question, self._result)
        if not self._has_ended:
            self._backend.row = await self._row(self._db)
            self._has_ended = self._backend.row["status"] in self._backend.READY_STATES
        return question(self._result)

    async def _row(self, db: Session) -> dict[str, Any]:
        found = await db.first(select(_results).where(_results.c.task_id == self.id))
        if found is None:
            return {"status": "PENDING", "result": None, "traceback": None}
        return dict(found._mapping)


def _is_shared(cls: type[BaseException]) -> bool:
    """Whether both sides find the same class for the stored exception (``Backend.exception_to_python``): one of Python's or
    Celery's, or one without a module, for which both make a class. For one that is not imported Celery makes one too."""
    from celery import exceptions

    return (
        cls.__module__ in ("builtins", "celery.backends.base")
        or getattr(exceptions, cls.__name__, None) is cls
    )


def _stored_backend(app: Any) -> Any:
    from celery.backends.base import BaseBackend
    from celery.utils.serialization import b64decode

    class StoredBackend(BaseBackend):  # type: ignore[misc]  # Celery has no types
        """Gives what the ``row`` says that was read last."""

        row: dict[str, Any]

        def _get_task_meta_for(self, task_id: str) -> Any:
            del task_id
            meta = self._decoded("meta") or {}
            return self.meta_from_decoded({**self.row, **meta, "result": self._decoded("result")})

        def _decoded(self, name: str) -> Any:
            content = self.row.get(name)
            if not content:
                return None
            return self.decode(b64decode(content) if self.row["content_encoding"] == "binary" else content)

    return StoredBackend(app=app)
