"""The OpenAPI schema against the answers that were seen, and against the legacy project's own schema."""

from segue.verify.openapi.check import checked, violations
from segue.verify.openapi.compare import SchemaDifference, compare
from segue.verify.openapi.document import Document

__all__ = ["Document", "SchemaDifference", "checked", "compare", "violations"]
