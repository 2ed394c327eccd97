"""Same request, same database state, both sides: what differs?"""

from segue.verify.evidence import Difference, OperationResult, Report
from segue.verify.explore import explore
from segue.verify.project import ProjectRef
from segue.verify.suite import suite

__all__ = ["Difference", "OperationResult", "ProjectRef", "Report", "explore", "suite"]
