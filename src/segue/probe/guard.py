"""No query leaves the probe: what the snapshot says must not depend on data."""

import os
import traceback

_HERE = os.path.dirname(os.path.abspath(__file__))


class DatabaseGuard:
    """Makes every cursor of the project's connections fail; counts who asked.

    The error is Django's ``OperationalError``, as when the server is down, so that code which
    is prepared for that goes on.
    """

    def __init__(self):
        self.count = 0
        self.last = ""
        self.warnings = []

    def install(self):
        """From here on ``connection.cursor()`` raises, except on the probe's own connections."""
        from django.db.backends.base.base import BaseDatabaseWrapper
        from django.db.utils import OperationalError

        original = BaseDatabaseWrapper.cursor
        guard = self

        def cursor(connection, *args, **kwargs):
            if str(connection.alias).startswith("_segue_"):
                return original(connection, *args, **kwargs)
            guard.count += 1
            guard.last = _place()
            text = "a database query at %s was not run while reading the project" % guard.last
            if text not in guard.warnings:
                guard.warnings.append(text)
            raise OperationalError("The probe does not query the database (%s)." % guard.last)

        BaseDatabaseWrapper.cursor = cursor


def _place():
    for frame in reversed(traceback.extract_stack()):
        file = frame.filename
        if (
            not file.startswith(_HERE)
            and "django" + os.sep not in file
            and "rest_framework" + os.sep not in file
        ):
            return "%s:%d" % (file, frame.lineno or 0)
    return "?"
