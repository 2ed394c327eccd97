"""Celery: which tasks there are, and what decides about the messages that ask for them."""

import sys
import types

from .values import SECRET_NAME

# What of the app's configuration ends up in a message or in where it goes (celery.app.amqp, celery.app.base.send_task).
_CONFIGURATION = (
    "broker_transport_options",
    "task_compression",
    "task_create_missing_queues",
    "task_create_missing_queue_type",
    "task_default_delivery_mode",
    "task_default_exchange",
    "task_default_exchange_type",
    "task_default_priority",
    "task_default_queue",
    "task_default_queue_type",
    "task_default_routing_key",
    "task_publish_retry",
    "task_publish_retry_policy",
    "task_queue_max_priority",
    "task_routes",
    "task_send_sent_event",
    "task_serializer",
    "timezone",  # of the times in messages
)
# What decides about what is read from a result backend (celery.backends.base, celery.backends.redis).
_RESULTS = (
    "accept_content",
    "redis_socket_connect_timeout",
    "redis_socket_keepalive",
    "redis_socket_timeout",
    "result_accept_content",
    "result_backend_transport_options",
    "result_expires",
    "result_serializer",
)
# celery.app.task.extract_exec_options
_OPTIONS = (
    "queue",
    "routing_key",
    "exchange",
    "priority",
    "expires",
    "serializer",
    "delivery_mode",
    "compression",
    "time_limit",
    "soft_time_limit",
    "immediate",
    "mandatory",
)
_SAME_AS = {
    "serializer": "task_serializer",
    "priority": "task_default_priority",
    "delivery_mode": "task_default_delivery_mode",
    "compression": "task_compression",
}


def describe(collector, modules):
    """The ``Messages`` of the snapshot, or None without Celery; ``modules`` are those of the project."""
    if "celery" not in sys.modules:
        return None
    try:
        from celery import Celery, current_app, signals
        from celery.app.defaults import DEFAULTS
        from celery.app.task import Task

        app = current_app._get_current_object()
        conf = app.conf
        problem = _problem(conf, app, Celery, Task, signals)
        given = {}
        for name in _CONFIGURATION:
            value = conf.get(name)
            if name == "timezone":
                value = getattr(value, "key", value)  # a ZoneInfo
            if value == DEFAULTS.get(name):
                continue
            if not _is_plain(value) or _names_secret(value):
                problem = problem or "its setting %s is no plain data" % name
            given[name] = value if _is_plain(value) and not _names_secret(value) else None
        broker = str(conf.get("broker_write_url") or conf.get("broker_url") or "amqp://")
        tasks = {}
        for module in modules:
            for attribute, value in list(vars(module).items()):
                found = _task(value, conf, app, Task)
                if found is not None:
                    tasks["%s.%s" % (module.__name__, attribute)] = found
    except Exception as error:
        collector.warn("celery: %s: %s" % (type(error).__name__, error))
        return None
    return {
        "broker": broker.partition(":")[0],
        "problem": problem,
        "configuration": given,
        "tasks": tasks,
        "results": _results(conf, app, DEFAULTS),
    }


def _results(conf, app, defaults):
    try:
        cls = type(app.backend)
        name = "%s.%s" % (cls.__module__, cls.__qualname__)
        problem = ""
        if name == "django_celery_results.backends.database.DatabaseBackend":
            if conf.get("result_backend_always_retry"):
                problem = "result_backend_always_retry is set"
        elif name not in (
            "celery.backends.redis.RedisBackend",
            "celery.backends.filesystem.FilesystemBackend",
        ):
            problem = "results in %s are not known" % name
        elif not isinstance(conf.get("result_backend"), str) or conf.get("redis_backend_use_ssl"):
            problem = "the result backend is not told by its address alone"
        if conf.get("result_cache_max") != -1:
            problem = "result_cache_max keeps results in the memory of each process"
        if conf.get("task_always_eager"):
            problem = "task_always_eager is set"
        given = {}
        for option in _RESULTS:
            value = conf.get(option)
            if value == defaults.get(option):
                continue
            if option == "result_expires" and hasattr(value, "total_seconds"):
                value = value.total_seconds()
            if not _is_plain(value) or _names_secret(value):
                problem = problem or "the setting %s is no plain data" % option
                continue
            given[option] = value
        return {"backend": name, "configuration": given, "problem": problem}
    except Exception:
        return None


def _problem(conf, app, celery_class, task_class, signals):
    if conf.get("task_always_eager"):
        return "task_always_eager is set, so tasks run inside of the request"
    if conf.get("broker_use_ssl") or conf.get("task_queues"):
        return "it has broker_use_ssl or task_queues, whose values are objects"
    if not isinstance(conf.get("task_routes") or {}, dict):
        return "its task_routes are no dict"
    if conf.get("task_protocol") != 2 or not conf.get("enable_utc", True):
        return "it has another task_protocol than 2, or enable_utc off"
    if str(conf.get("result_backend") or "").startswith("rpc"):
        return "results come back to the process that has sent the task (rpc://)"
    if type(app).send_task is not celery_class.send_task or _is_patched(task_class, celery_class):
        return "something replaces how Celery sends tasks"
    for name in ("before_task_publish", "after_task_publish"):
        if getattr(getattr(signals, name), "receivers", None):
            return "something receives its signal %s" % name
    return ""


def _is_patched(task_class, celery_class):
    """Whether other code stands in the place of Celery's; tracing adds headers to a message and nothing else."""
    files = [
        f.__code__.co_filename.replace("\\", "/")
        for f in (task_class.apply_async, task_class.delay, celery_class.send_task)
    ]
    return not all(
        file.endswith(("/celery/app/task.py", "/celery/app/base.py"))
        or "/sentry_sdk/" in file
        or "/opentelemetry/" in file
        for file in files
    )


def _task(value, conf, app, task_class):
    try:
        # shared_task and app.task give a proxy (celery.local), which says that it is what it stands for.
        is_proxy = hasattr(type(value), "_get_current_object")
        real = value._get_current_object() if is_proxy else value
        if not issubclass(type(real), task_class):
            return None
        cls = type(real)
        problem = ""
        for name in ("apply_async", "delay", "shadow_name", "_get_exec_options", "__call__"):
            if getattr(cls, name, None) is not getattr(task_class, name, None):
                problem = "its class has %s of its own" % name
        if real.app.main != app.main:
            problem = "it belongs to another app than the current one"
        options = {}
        for name in _OPTIONS:
            option = getattr(real, name, None)
            if option is None or (name in _SAME_AS and option == conf.get(_SAME_AS[name])):
                continue
            if not isinstance(option, (str, int, float, bool)):
                problem = "its option %s is no plain value" % name
                continue
            options[name] = option
        if real.ignore_result:
            options["ignore_result"] = True
        run = getattr(real, "run", None)
        function = getattr(run, "__func__", run)
        if not isinstance(function, types.FunctionType):
            problem = "its function is not known"
        return {
            "name": str(real.name),
            "bound": isinstance(run, types.MethodType),
            "function": "%s.%s" % (function.__module__, getattr(function, "__qualname__", "")),
            "options": options,
            "problem": problem,
            # Of a decorated function Celery checks the parameters of the decorator's own.
            "typing": bool(real.typing) and not hasattr(getattr(real, "_orig_run", function), "__wrapped__"),
        }
    except Exception:
        return None


def _is_plain(value):
    if value is None or isinstance(value, (str, int, float, bool)):
        return True
    if isinstance(value, (list, tuple)):
        return all(_is_plain(v) for v in value)
    return type(value) is dict and all(isinstance(k, str) and _is_plain(v) for k, v in value.items())


def _names_secret(value):
    if isinstance(value, dict):
        return any(SECRET_NAME.search(k) or _names_secret(v) for k, v in value.items())
    return isinstance(value, (list, tuple)) and any(_names_secret(v) for v in value)
