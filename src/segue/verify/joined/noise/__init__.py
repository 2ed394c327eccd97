"""What Django itself answers differently when it is asked twice: learnt, classified, and still compared in form.

Learning is lazy: only where the two sides differ is Django asked again, once at another time of day and once with
its unordered rows the other way round; then FastAPI, because what moves on Django must move there too.
"""

from __future__ import annotations

from .learner import Learner
from .rules import Rule

__all__ = ["Learner", "Rule"]
