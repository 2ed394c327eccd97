"""Middleware: what each entry of ``MIDDLEWARE`` does to the requests of one route, proved from its source.

:mod:`judge` runs the source of a middleware abstractly over every path that a request to the route can take
(:mod:`paths`); what it may do there is either nothing that anyone can see, or something that only happens to
requests which can be recognised (a header, a cookie, a session key: those are left to Django), or it is refused.
:mod:`stack` does it for a whole project.
"""
