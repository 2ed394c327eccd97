"""Same request, same database state, both sides: what differs?"""

from segue.verify.case import Both, ask, ask_both
from segue.verify.evidence import Difference, OperationResult, Report
from segue.verify.explore import explore
from segue.verify.project import ProjectRef
from segue.verify.replay import replay
from segue.verify.suite import suite

__all__ = [
    "Both",
    "Difference",
    "OperationResult",
    "ProjectRef",
    "Report",
    "ask",
    "ask_both",
    "explore",
    "replay",
    "suite",
]
