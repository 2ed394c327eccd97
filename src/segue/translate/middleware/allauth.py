"""``allauth.account.middleware.AccountMiddleware``: it redirects the folder above its own pages, which is no route of an API.

Its ``process_exception`` answers exceptions that only allauth's own code raises, and views that call that are refused.
"""

from __future__ import annotations

import os.path
import re

from segue.snapshot.model import Route, Snapshot

NAME = "allauth.account.middleware.AccountMiddleware"


def problem(snapshot: Snapshot, route: Route) -> str:
    """Why it keeps ``route`` on Django; '' if it does not."""
    function = snapshot.functions.get(NAME)
    if (
        function is None
        or "_should_redirect_accounts" not in function.source
        or "dangling" in function.source
    ):
        # Before 65 it looks into the session after every answer that is no page.
        return "Only django-allauth 65 and later are known"
    pages = [r.path for r in snapshot.routes if r.name in ("account_login", "account_email")]
    if len(pages) < 2:
        return ""
    folder = os.path.commonprefix(pages)  # noqa: RUF071 - as the middleware itself does
    if len(folder) > 1 and re.match(route.regex, folder):
        return f"It redirects {folder} where that answers 404"
    return ""
