"""Middleware that Segue knows by name: its whole effect on an API answer is translated, or it has none."""

from __future__ import annotations

SECURITY = "django.middleware.security.SecurityMiddleware"
FRAMES = "django.middleware.clickjacking.XFrameOptionsMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
# Answers HEAD itself for staff and for INTERNAL_IPS (``process_view``), so every HEAD is Django's.
XVIEW = "django.contrib.admindocs.middleware.XViewMiddleware"
KNOWN = frozenset(
    {
        SECURITY,
        FRAMES,
        COMMON,
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "whitenoise.middleware.WhiteNoiseMiddleware",
        "django.contrib.sites.middleware.CurrentSiteMiddleware",
        XVIEW,
        "debug_toolbar.middleware.DebugToolbarMiddleware",
    }
)
