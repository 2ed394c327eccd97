"""One request, one id: through gateway, Django, FastAPI, Celery, SQL and the logs of all of them.

``context``, ``logs`` and ``sql`` need the standard library alone, so that the Django side uses the same code
(:mod:`segue_bridge.legacy`).
"""
