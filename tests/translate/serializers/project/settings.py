import os

SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["testserver"]
DEBUG = False
USE_TZ = True
TIME_ZONE = "America/New_York"
ROOT_URLCONF = "urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "shop"]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("SHOP_DATABASE", ":memory:")}
}
MEDIA_URL = "/media/"
