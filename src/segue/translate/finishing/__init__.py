"""The last pass over the generated text: what a reader would tidy. Nothing here changes what the code does."""

from __future__ import annotations

from segue.translate.context import Context
from segue.translate.finishing.describe import describe_operations
from segue.translate.finishing.hidden_types import uncover_types
from segue.translate.finishing.locals import tidy_locals
from segue.translate.finishing.optional import declare_optional
from segue.translate.finishing.same_names import separate
from segue.translate.finishing.share import share_selections
from segue.translate.finishing.unread import drop_unread


def tidy(ctx: Context) -> None:
    """Drop what nothing reads, describe operations for OpenAPI, share what several of them begin with, and give locals
    plain names."""
    drop_unread(ctx)
    describe_operations(ctx)
    share_selections(ctx)
    tidy_locals(ctx)
    declare_optional(ctx)
    uncover_types(ctx)
    separate(ctx)
