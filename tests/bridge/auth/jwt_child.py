"""simplejwt's own verdict on tokens: one JSON line in, one out. Argument: ``SIMPLE_JWT`` as JSON."""

import json
import sys
import warnings

from django.conf import settings

warnings.simplefilter("ignore")  # PyJWT's about short keys
settings.configure(
    SECRET_KEY="a-key-of-more-than-thirty-two-bytes-for-the-tests",
    SIMPLE_JWT=json.loads(sys.argv[1]),
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework_simplejwt"],
    USE_TZ=True,
)
import django  # noqa: E402

django.setup()
from rest_framework_simplejwt.exceptions import TokenError  # noqa: E402
from rest_framework_simplejwt.tokens import AccessToken  # noqa: E402

for line in sys.stdin:
    try:
        answer = {"claims": AccessToken(json.loads(line).encode("latin-1")).payload}
    except TokenError as error:
        answer = {"error": str(error.args[0])}
    except Exception as error:  # noqa: BLE001 - whatever it is, both sides must do it
        answer = {"crash": type(error).__name__}
    print(json.dumps(answer), flush=True)
