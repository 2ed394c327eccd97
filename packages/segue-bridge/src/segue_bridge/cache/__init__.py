"""Django's low-level cache, shared with Django: the same keys, contents and times (``django.core.cache``)."""
