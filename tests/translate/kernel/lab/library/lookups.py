"""Look-ups and transforms of the project's own."""

from django.db.models import CharField, IntegerField, Lookup, Transform


@CharField.register_lookup
class Differs(Lookup):
    lookup_name = "differs"

    def as_sql(self, compiler, connection):
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} <> {right}", [*left_params, *right_params]


@IntegerField.register_lookup
class Tens(Transform):
    lookup_name = "tens"

    def as_sql(self, compiler, connection):
        inner, params = compiler.compile(self.lhs)
        return f"({inner} / 10)", params
