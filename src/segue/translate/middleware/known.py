"""Middleware that Segue knows by name: its whole effect on an API answer is translated, or it has none."""

from __future__ import annotations

SECURITY = "django.middleware.security.SecurityMiddleware"
FRAMES = "django.middleware.clickjacking.XFrameOptionsMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
# Work on finished answers: :mod:`segue.translate.views.finishers`.
CONDITIONAL = "django.middleware.http.ConditionalGetMiddleware"
GZIP = "django.middleware.gzip.GZipMiddleware"
# Answers HEAD itself for staff and for INTERNAL_IPS (``process_view``), so every HEAD is Django's.
XVIEW = "django.contrib.admindocs.middleware.XViewMiddleware"
# Of third parties: nothing that they do can be seen in an answer of the API, and why that is so.
INERT = {
    "django_prometheus.middleware.PrometheusBeforeMiddleware": "counts requests in the process that answers them",
    "django_prometheus.middleware.PrometheusAfterMiddleware": "counts requests in the process that answers them",
    "simple_history.middleware.HistoryRequestMiddleware": "hands the request to receivers, which are looked at where rows are written",
    "django_htmx.middleware.HtmxMiddleware": "describes the request to views of pages",
    "waffle.middleware.WaffleMiddleware": "sets cookies for flags that a view has asked for",
    "django_user_agents.middleware.UserAgentMiddleware": "describes the request to views of pages",
    "django_currentuser.middleware.ThreadLocalUserMiddleware": "hands the request to whoever asks, who is refused",
    "request_id.middleware.RequestIdMiddleware": "gives the request an id for logs; views that ask for it are refused",
    "axes.middleware.AxesMiddleware": "answers those who were locked out while a name and a password were checked, which stays on Django",
}
# Of third parties, for development: they watch the process they run in, write of it to tables or logs of their own, and
# change no answer of the API. Nothing of them is in the service; ``verify`` compares without them.
PROFILERS = {
    "debug_toolbar.middleware.DebugToolbarMiddleware": "adds to pages",
    "silk.middleware.SilkyMiddleware": "writes requests and queries of Django into its own tables",
    "nplusone.ext.django.NPlusOneMiddleware": "looks for lazy loads of Django's models",
    "nplusone.ext.django.middleware.NPlusOneMiddleware": "looks for lazy loads of Django's models",
    "querycount.middleware.QueryCountMiddleware": "prints how many queries Django sent",
}
UNCHECKED = ("middleware", "unchecked here")
"""Memo: requests of the route in hand need no CSRF token, whatever its authentication says."""
# Looks at the session of a user who is asked for: :mod:`segue.translate.views.otp`.
OTP = "django_otp.middleware.OTPMiddleware"
KNOWN = frozenset(
    {
        SECURITY,
        FRAMES,
        COMMON,
        SESSIONS,
        CSRF,
        USERS,
        "django.contrib.messages.middleware.MessageMiddleware",
        "whitenoise.middleware.WhiteNoiseMiddleware",
        "django.contrib.sites.middleware.CurrentSiteMiddleware",
        XVIEW,
        OTP,
        *INERT,
        *PROFILERS,
    }
)
