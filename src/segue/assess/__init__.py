"""What there is to move, what can move today, what stands in the way, and in which order to go."""

from segue.assess.analyse import analyse
from segue.assess.model import Assessment

__all__ = ["Assessment", "analyse"]
