"""Run by the legacy interpreter: what the FastAPI process must share with Django, as JSON on standard output.

Arguments: the folder to import from, the settings module, the alias of the database that routers read from, if any. It is read anew at every start and never
written to disk: the secret key belongs to nobody but the two processes.
"""

import json
import os
import re
import sys
from urllib.parse import quote


def database_url(entry):
    """``DATABASES["default"]`` as the URL that :class:`segue_bridge.db.database.Database` takes; '' if it cannot."""
    vendor = entry["ENGINE"].rpartition(".")[2]
    name = str(entry["NAME"])
    if "sqlite" in vendor:
        return "sqlite:///" + os.path.abspath(name)
    mysql = "mysql" in entry["ENGINE"]
    if "postgres" not in vendor and vendor != "postgis" and not mysql:
        return ""
    user = quote(str(entry.get("USER") or ""), safe="")
    if entry.get("PASSWORD"):
        user += ":" + quote(str(entry["PASSWORD"]), safe="")
    host = str(entry.get("HOST") or "")
    port = ":" + str(entry["PORT"]) if entry.get("PORT") else ""
    at = user + "@" if user else ""
    if mysql:
        options = entry.get("OPTIONS") or {}
        wanted = {
            k: options[k]
            for k in ("unix_socket", "read_default_file", "read_default_group")
            if options.get(k)
        }
        if host.startswith("/"):
            wanted["unix_socket"], host = host, ""
        query = "&".join("{}={}".format(k, quote(str(v), safe="")) for k, v in sorted(wanted.items()))
        place = "mysql://{}{}{}/{}".format(
            at, host or ("" if wanted else "localhost"), port, quote(name, safe="")
        )
        return place + ("?" + query if query else "")
    if host.startswith("/") or not host:  # a socket's folder
        folder = host or "/var/run/postgresql"
        number = "&port=" + str(entry["PORT"]) if entry.get("PORT") else ""
        return "postgresql://{}/{}?host={}{}".format(at, quote(name, safe=""), quote(folder, safe=""), number)
    return "postgresql://{}{}{}/{}".format(at, host, port, quote(name, safe=""))


def jwt_key(settings):
    """``JWT_KEY``: what simplejwt verifies with, where the project uses it."""
    if not any(app.startswith("rest_framework_simplejwt") for app in settings.INSTALLED_APPS) and not hasattr(
        settings, "SIMPLE_JWT"
    ):
        return {}
    given = getattr(settings, "SIMPLE_JWT", {})
    if str(given.get("ALGORITHM", "HS256")).startswith("HS"):
        return {"JWT_KEY": str(given.get("SIGNING_KEY", settings.SECRET_KEY))}
    return {"JWT_KEY": str(given.get("VERIFYING_KEY", ""))}


def broker(settings):
    """``CELERY_BROKER_URL`` and ``CELERY_RESULT_BACKEND``, where the settings name one (with Celery's usual namespace)."""
    found = getattr(settings, "CELERY_BROKER_URL", None) or getattr(settings, "BROKER_URL", None)
    results = getattr(settings, "CELERY_RESULT_BACKEND", None)
    return {
        **({"CELERY_BROKER_URL": str(found)} if found else {}),
        **({"CELERY_RESULT_BACKEND": str(results)} if results else {}),
    }


def cache_places(settings):
    """``CACHE_URL`` or ``CACHE_FOLDER``, for other caches than the default with their alias before it: where the caches
    are that both sides share, with their passwords (``segue.translate.caches``)."""
    found = {}
    for alias, entry in settings.CACHES.items():
        name = {
            "RedisCache": "CACHE_URL",
            "FileBasedCache": "CACHE_FOLDER",
            "PyMemcacheCache": "CACHE_SERVERS",
        }.get(str(entry.get("BACKEND", "")).rpartition(".")[2])
        place = entry.get("LOCATION")
        if name == "CACHE_SERVERS" and isinstance(place, (list, tuple)):
            place = ",".join(str(p) for p in place)
        if isinstance(place, (list, tuple)) and len(place) == 1:
            place = place[0]
        if not name or not isinstance(place, (str, os.PathLike)):
            continue
        before = "" if alias == "default" else re.sub(r"\W", "_", alias).upper() + "_"
        found[before + name] = os.path.abspath(place) if name == "CACHE_FOLDER" else str(place)
    return found


def mail_server(settings):
    """``EMAIL_*``: where both sides' mails go, with the password (``segue.translate.mailer``)."""
    found = {}
    for name in (
        "EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD", "EMAIL_USE_TLS", "EMAIL_USE_SSL",
        "EMAIL_TIMEOUT", "EMAIL_SSL_KEYFILE", "EMAIL_SSL_CERTFILE", "EMAIL_FILE_PATH",
    ):  # fmt: skip
        value = getattr(settings, name, None)
        if value is not None:
            found[name] = str(value)
    return found


def session_folder(settings):
    """``SESSION_FOLDER``, where the sessions are files of a folder that the settings name."""
    found = getattr(settings, "SESSION_FILE_PATH", None)
    return {"SESSION_FOLDER": os.path.abspath(found)} if found else {}


def main():
    folder, module = sys.argv[1:3]
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder, *(p for p in sys.path if os.path.abspath(p) != here)]
    os.environ["DJANGO_SETTINGS_MODULE"] = module
    output, sys.stdout = sys.stdout, sys.stderr  # settings that print do not spoil the answer
    from django.conf import settings

    found = {
        "SECRET_KEY": str(settings.SECRET_KEY),
        "SECRET_KEY_FALLBACKS": json.dumps([str(k) for k in getattr(settings, "SECRET_KEY_FALLBACKS", [])]),
        "DATABASE_URL": database_url(settings.DATABASES["default"]),
    }
    replica = sys.argv[3] if len(sys.argv) > 3 else ""
    if replica in settings.DATABASES:
        found["REPLICA_URL"] = database_url(settings.DATABASES[replica])
    found.update(jwt_key(settings))
    found.update(broker(settings))
    found.update(cache_places(settings))
    found.update(session_folder(settings))
    found.update(mail_server(settings))
    json.dump(found, output)


main()
