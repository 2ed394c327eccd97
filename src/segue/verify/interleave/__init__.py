"""Requests that run at the same time: can FastAPI end up where Django cannot, or the other way round?"""

from segue.verify.interleave.evidence import InterleaveReport, Outcome, Request, Result
from segue.verify.interleave.run import interleave
from segue.verify.interleave.shown import as_json, render

__all__ = ["InterleaveReport", "Outcome", "Request", "Result", "as_json", "interleave", "render"]
