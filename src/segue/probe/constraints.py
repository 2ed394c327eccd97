"""Indexes and constraints of models."""


class Constraints:
    """Writes them down; ``ddl`` says what SQL Django makes of them."""

    def __init__(self, collector, ddl):
        self.c = collector
        self.ddl = ddl

    def index(self, model, index):
        """One ``Index``."""
        cls = type(index)
        self.c.meet_class(cls)
        result = {
            "name": index.name or "",
            "fields": [("-" if order else "") + name for name, order in index.fields_orders],
            "cls": _public(cls, self.c.names),
            "include": list(getattr(index, "include", ()) or ()),
            "opclasses": list(getattr(index, "opclasses", ()) or ()),
        }
        if getattr(index, "condition", None) is not None:
            result["condition"] = self.ddl.each(lambda editor: index._get_condition_sql(model, editor))
        if getattr(index, "expressions", ()):
            result["expressions"] = self.ddl.each(lambda editor: index.create_sql(model, editor))
        return result

    def constraint(self, model, constraint):
        """One ``Constraint``."""
        kind = type(constraint).__name__
        result = {
            "kind": {
                "CheckConstraint": "check",
                "UniqueConstraint": "unique",
                "ExclusionConstraint": "exclude",
            }.get(kind, kind),
            "name": constraint.name or "",
            "fields": list(getattr(constraint, "fields", ()) or ()),
            "include": list(getattr(constraint, "include", ()) or ()),
            "nulls_distinct": getattr(constraint, "nulls_distinct", None),
        }
        deferrable = getattr(constraint, "deferrable", None)
        if deferrable is not None:
            result["deferrable"] = deferrable.name
        condition = getattr(constraint, "condition", None)
        if condition is None:
            condition = getattr(constraint, "check", None) if kind == "CheckConstraint" else None
        if condition is not None:
            result["condition"] = self.c.encoder.encode(condition)
        if kind == "CheckConstraint":
            result["sql"] = self.ddl.each(lambda editor: constraint._get_check_sql(model, editor))
        elif kind == "UniqueConstraint" and condition is not None:
            result["sql"] = self.ddl.each(lambda editor: constraint._get_condition_sql(model, editor))
        elif kind == "ExclusionConstraint":
            result["sql"] = self.ddl.each(lambda editor: constraint.constraint_sql(model, editor))
        if getattr(constraint, "expressions", ()):
            result["expressions"] = self.ddl.each(lambda editor: constraint.create_sql(model, editor))
        message = getattr(constraint, "violation_error_message", None)
        default = getattr(type(constraint), "default_violation_error_message", None)
        if message is not None and message != default:
            result["message"] = str(message)
            result["lazy_message"] = self.c.encoder.lazy(message)
        return result


def _public(cls, names):
    name = names.cls(cls)
    return "django.db.models.Index" if name == "django.db.models.indexes.Index" else name
