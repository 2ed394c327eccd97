"""Where sessions are kept: one module for each of Django's ``SESSION_ENGINE`` (``django.contrib.sessions.backends``)."""
