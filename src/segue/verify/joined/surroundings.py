"""What a request's headers may change in a project: its languages and time zones; files to send."""

from __future__ import annotations

import base64
import inspect
import re
from functools import cache
from pathlib import Path

Headers = list[tuple[str, str]]
_READ = re.compile(r"""headers(?:\.get\(|\[)\s*["']([\w-]+)["']|["']HTTP_(\w+)["']""")
_LOCALE = "django.middleware.locale.LocaleMiddleware"
_FRAMEWORKS = (
    "conf",
    "rest_framework",
    "django_filters",
    "auth",
    "contenttypes",
    "sessions",
    "admin",
    "sites",
    "humanize",
)
ZONES = ("Europe/Berlin", "Asia/Kathmandu", "America/New_York", "nonsense")
_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
# (what, name, content type, content)
FILES = (
    ("picture", "picture.png", "image/png", _PNG),
    ("text file", "note.txt", "text/plain", b"hello\n"),
    ("GIF", "a.gif", "image/gif", _GIF),
    ("empty file", "empty.png", "image/png", b""),
    ("no picture", "fake.png", "image/png", b"not a picture"),
    ("file with a long name", "n" * 300 + ".png", "image/png", _PNG),
    ("file with a path", "../../a b.png", "image/png", _PNG),
    ("picture called text", "picture.txt", "text/plain", _PNG),
)


@cache
def languages() -> list[tuple[str, Headers]]:
    """``Accept-Language`` for up to four of the project's languages, a mixture, an unknown one, nonsense."""
    from django.conf import settings

    codes = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
    preferred = [c for c in ("de", "fr", "es", "ja") if c in codes] or codes[:4]
    values = [*preferred[:3], f"xx,{(preferred or ['de'])[0]};q=0.5", "xx", "*", "de-AT-1996;q=nonsense"]
    return [(f"Accept-Language {value}", [("Accept-Language", value)]) for value in values]


@cache
def spoken() -> tuple[str, ...]:
    """Up to four languages in which the project says its texts, those of its own catalogues first; none where nobody can choose."""
    from django.conf import settings
    from django.utils.translation import to_locale, trans_real

    if not settings.USE_I18N or _LOCALE not in settings.MIDDLEWARE:
        return ()
    codes = [
        code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE and not code.startswith("en")
    ]
    folders = [Path(folder) for folder in trans_real.all_locale_paths()]
    own = [folder for folder in folders if folder.parent.name not in _FRAMEWORKS]

    def is_own(code: str) -> bool:
        return any((folder / to_locale(code) / "LC_MESSAGES" / "django.mo").is_file() for folder in own)

    return tuple(sorted(codes, key=lambda code: not is_own(code))[:4])


@cache
def zones() -> list[tuple[str, Headers]]:
    """Headers that the project's own middleware reads where it activates a time zone."""
    from django.conf import settings
    from django.utils.module_loading import import_string

    out: list[tuple[str, Headers]] = []
    for path in settings.MIDDLEWARE:
        if path.startswith(("django.", "rest_framework.")):
            continue
        try:
            text = inspect.getsource(import_string(path))
        except Exception:  # noqa: BLE001 - no source: nothing is known of it
            continue
        if "activate(" not in text:
            continue
        names = [a or b.replace("_", "-").title() for a, b in _READ.findall(text)]
        out += [(f"{name}: {zone}", [(name, zone)]) for name in dict.fromkeys(names) for zone in ZONES]
    return out
