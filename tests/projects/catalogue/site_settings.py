"""Settings; ``CATALOGUE_DATABASE`` is a JSON ``DATABASES`` entry (SQLite in memory without it)."""

import json
import os

SECRET_KEY = "catalogue"
USE_TZ = os.environ.get("CATALOGUE_USE_TZ", "1") == "1"
TIME_ZONE = "America/New_York"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": json.loads(
        os.environ.get("CATALOGUE_DATABASE", '{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}')
    )
}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "fields", "links"]
if "postgresql" in DATABASES["default"]["ENGINE"]:
    INSTALLED_APPS.append("pgfields")
elif "mysql" in DATABASES["default"]["ENGINE"]:
    INSTALLED_APPS.append("mysqlfields")
TICKET_MODEL = "links.SeasonTicket"
ROOT_URLCONF = "urls"
