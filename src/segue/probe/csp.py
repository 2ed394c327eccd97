"""What django-csp, or Django's own middleware of Django 6, writes on every answer: it depends on settings alone."""

NAME = "CONTENT_SECURITY_POLICY_HEADERS"
_LIBRARY = "csp.middleware.CSPMiddleware"
_DJANGO = "django.middleware.csp.ContentSecurityPolicyMiddleware"
_HEADER = "Content-Security-Policy"


def describe(settings):
    """(header, policy, prefixes of URLs that lack it) of each, as the installed release writes them for an answer that
    uses no nonce; None where neither is in ``MIDDLEWARE``. Raises what the release raises."""
    if _LIBRARY in settings.MIDDLEWARE:
        return _of_library(settings)
    if _DJANGO in settings.MIDDLEWARE:
        from django.utils.csp import build_policy

        found = [(_HEADER, settings.SECURE_CSP), (_HEADER + "-Report-Only", settings.SECURE_CSP_REPORT_ONLY)]
        return [[name, build_policy(config, ""), []] for name, config in found if config]
    return None


def _of_library(settings):
    import inspect

    from csp.utils import build_policy

    if "report_only" not in inspect.signature(build_policy).parameters:
        # Before 4.0: one policy, either enforced or reported.
        only = "-Report-Only" if getattr(settings, "CSP_REPORT_ONLY", False) else ""
        return [[_HEADER + only, build_policy(), list(getattr(settings, "CSP_EXCLUDE_URL_PREFIXES", ()))]]
    found = []
    for suffix, setting in (
        ("", "CONTENT_SECURITY_POLICY"),
        ("_REPORT_ONLY", "CONTENT_SECURITY_POLICY_REPORT_ONLY"),
    ):
        policy = build_policy(report_only=bool(suffix))
        prefixes = (getattr(settings, setting, None) or {}).get("EXCLUDE_URL_PREFIXES", None) or ()
        if policy:
            # The order is that of a set of texts: another one in each process.
            ordered = "; ".join(sorted(policy.split("; ")))
            found.append([_HEADER + ("-Report-Only" if suffix else ""), ordered, list(prefixes)])
    return found
