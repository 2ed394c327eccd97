import json
import os

SECRET_KEY = "lab"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
STATIC_URL = "/static/"
TIME_ZONE = "America/New_York"
LANGUAGE_CODE = "en-us"
ROOT_URLCONF = "lab_urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "library",
    "django_cleanup",
]
if "LAB_POSTGRES" in os.environ:
    INSTALLED_APPS += ["django.contrib.postgres", "stacks"]
    # Tables of apps without migrations are made first; their foreign keys need the others.
    MIGRATION_MODULES = {"admin": None, "auth": None, "contenttypes": None}
MIDDLEWARE = []
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.contrib.auth.context_processors.auth"]},
    }
]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("LAB_DB", ":memory:")}
}
if "LAB_POSTGRES" in os.environ:
    DATABASES = {"default": json.loads(os.environ["LAB_POSTGRES"])}
LAB_LIMIT = 3
LAB_NOBODY = ""
LAB_SERVER = os.environ.get("LAB_SERVER", "")
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
EMAIL_SUBJECT_PREFIX = "[lab] "
DEFAULT_FROM_EMAIL = "lab@example.com"
SERVER_EMAIL = "root@example.com"
ADMINS = [("Ann", "ann@example.com"), ("Bob", "bob@example.com")]
MEDIA_ROOT = os.environ.get("LAB_MEDIA", "media")
MEDIA_URL = "/media/"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": os.environ.get("LAB_CACHE", "cache"),
        "KEY_PREFIX": "lab",
        "VERSION": 2,
        "TIMEOUT": 60,
        "OPTIONS": {"MAX_ENTRIES": 100},
    },
    "in a table": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "kept",
        "OPTIONS": {"MAX_ENTRIES": 50, "CULL_FREQUENCY": 4},
    },
    "here": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
