"""What of the query language is refused, and the page that says so: ``python -m tests.translate.kernel.query_table`` writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.translate.kernel import asking_table, computing_table, writing_table

LIBRARY = Path(__file__).parent / "lab" / "library"
# The modules whose cases the page has, in order.
MODULES = ("language", "asking", "computing", "writing", "relations", "postgres")
PAGE = Path(__file__).parents[3] / "docs" / "query-language.md"

# What is refused, with the code of the refusal.
REFUSED: dict[str, str] = {
    "case_and_of_many_to_many": "queryset-operator",
    "case_json_largest_key": "group-by",
    "case_json_key_chosen": "expression",
    "case_dates_of_a_relation": "dates",
    "case_window_function_alone": "window",
    "case_window_aggregated": "aggregate",
    "case_window_then_a_to_many_filter": "window",
    "case_window_after_a_to_many_filter": "window",
    "case_window_filtered": "window",
    "case_prefetch_with_a_value_of_the_branch": "prefetch",
    "case_prefetch_in_one_branch": "prefetch",
    "case_prefetch_and_save": "prefetch",
    "case_prefetch_twice": "prefetch",
    "case_prefetch_named_as_a_field": "prefetch",
    "case_prefetch_annotated": "prefetch",
    "case_prefetch_sliced": "prefetch",
    "case_prefetch_of_the_request": "prefetch",
    "case_prefetch_deeper_filtered": "prefetch",
    "case_prefetch_of_a_foreign_key_filtered": "prefetch",
    "case_exclude_to_many_column_isnull": "exclude-isnull",
    "case_distinct_values_named_and_counted": "distinct-values",
    "case_left_union_sliced_of_a_part_without_rows": "combined-queryset",
    "case_distinct_on_deleted": "distinct-on",
    "case_distinct_on_a_relation": "distinct-on",
    "case_exact_queryset_not_sliced": "subquery-lookup",
    "case_values_to_many_after_a_filter": "group-by",
    "case_values_of_an_aggregate": "values",
    "case_or_of_two_models": "queryset-operator",
    "case_or_of_sliced": "queryset-operator",
    "case_or_of_distinct_and_not": "queryset-operator",
    "case_in_bulk_sliced": "in-bulk",
    "case_in_bulk_of_no_unique_field": "in-bulk",
    "case_json_range": "json-lookup",
    "case_aggregate_named_as_a_field": "aggregate",
    "case_xor_negated": "q-xor",
    "case_xor_of_three": "q-xor",
    "case_iterator_asks_again": "iterator",
    "case_using_another": "using",
    "case_union_filtered": "filter-after-union",
    "case_order_by_to_many": "ordering",
    "case_unaccent": "lookup",
    "case_case_with_another_output_field": "expression",
    "case_aggregate_sliced": "aggregate",
}
REFUSED |= dict.fromkeys(
    (
        "case_union_of_two_models",
        "case_union_of_rows_and_values",
        "case_union_of_annotated",
        "case_union_of_other_columns",
    ),
    "queryset-union",
) | dict.fromkeys(
    (
        "case_union_annotated",
        "case_union_distinct",
        "case_union_updated",
        "case_union_deleted",
        "case_union_and_values",
        "case_union_ordered_by_a_relation",
        "case_union_of_values_ordered_by_another",
        "case_union_contains",
        "case_union_of_objects_in_a_filter",
        "case_union_all_not_ordered",
    ),
    "combined-queryset",
)
REFUSED |= dict.fromkeys(
    (
        "case_two_aggregates_the_second_distinct",
        "case_two_aggregates_the_first_distinct",
        "case_two_aggregates_in_one_expression_of_two",
        "case_two_aggregates_aliased_and_not",
    ),
    "two-aggregates",
)
REFUSED |= {
    "case_search_rank_configured": "call-arguments",
    "case_search_query_inverted": "expression",
    **dict.fromkeys(
        (
            # Both sides would have orders of their own.
            "case_array_agg_not_ordered",
            "case_array_agg_ordered_by_another",
            "case_array_agg_of_arrays",
        ),
        "postgres-aggregate",
    ),
    "case_array_of_numbers_as_texts": "array-lookup",
    "case_array_part_by_name": "expression",
    "case_array_part_shown": "expression",
    "case_array_written_wrong": "model-field",
    "case_range_around_a_number": "lookup",
    "case_range_of_an_object": "unknown-call",
    "case_range_with_ends_of_its_own": "range-lookup",
    **dict.fromkeys(("case_range_created", "case_range_updated", "case_range_set"), "model-field"),
    # There may be no such part, which is NULL of Django's join.
    "case_item_over_a_relation_excluded": "array-lookup",
    "case_range_end_over_a_relation_excluded": "range-lookup",
    "case_array_agg_filtered_by_null": "aggregate-filter",
    "case_array_agg_filtered_by_its_items": "text-lookup",
    "case_bool_and_or": "aggregate",
}
REFUSED |= asking_table.REFUSED | computing_table.REFUSED | writing_table.REFUSED
# What is refused on PostgreSQL alone: it gives such rows in an order of its own.
SQLITE_ONLY: dict[str, str] = (
    dict.fromkeys(("case_union", "case_union_sliced_not_ordered"), "combined-queryset")
    | asking_table.SQLITE_ONLY
)
# What is refused on SQLite alone.
POSTGRESQL_ONLY: dict[str, str] = {
    "case_search": "postgres-search",
    "case_distinct_on": "distinct-on",
    "case_distinct_on_values": "distinct-on",
    "case_distinct_on_filtered": "distinct-on",
    "case_json_contains": "json-contains",
    "case_json_contained_by": "json-contains",
    **asking_table.POSTGRESQL_ONLY,
}

INTRODUCTION = """# The query language

Every row is a case of `language.py`, `asking.py`, `computing.py`, `writing.py`, `relations.py` or (PostgreSQL alone) `postgres.py` in `tests/translate/kernel/lab/library/`, which Django and the translation run
on SQLite and on PostgreSQL: the same result, the same error, no more statements, after writing the same rows in every table. "Refused" says with which code; nothing is guessed.
Beside these, `library/views.py` there has some 100 cases of plain look-ups, joins, groups and writes, on SQLite.
`raw()`, `extra()` and `connection.cursor()` are refused. This page is written by `python -m tests.translate.kernel.query_table`.
"""


def _cases() -> Iterator[tuple[str, str, str]]:
    """``(section, case, code)`` in order."""
    section = ""
    name, body = "", []
    lines = [
        line
        for module in MODULES
        for line in [*(LIBRARY / f"{module}.py").read_text().splitlines(), "    # end of the module ---"]
    ]
    for line in lines:
        heading = re.match(r"    # (.+?) -{3,}$", line)
        start = re.match(r"    def (case_\w+)", line)
        if name and (heading or start):
            yield section, name, " ".join(" ".join(body).split())
            name, body = "", []
        if heading:
            section = heading.group(1)
        elif start:
            name = start.group(1)
        elif name:
            body.append(line)


def rendered() -> str:
    """The page."""
    lines = [INTRODUCTION.rstrip()]
    before = ""
    for section, name, code in _cases():
        if section != before:
            lines += [
                "",
                f"## {section[0].upper()}{section[1:]}",
                "",
                "| Case | Code | Outcome |",
                "|---|---|---|",
            ]
            before = section
        outcome = "translated"
        if name in REFUSED:
            outcome = f"refused (`{REFUSED[name]}`)"
        elif name in POSTGRESQL_ONLY:
            outcome = f"translated on PostgreSQL; refused on SQLite (`{POSTGRESQL_ONLY[name]}`)"
        elif name in SQLITE_ONLY:
            outcome = f"translated on SQLite; refused on PostgreSQL (`{SQLITE_ONLY[name]}`)"
        code = code.replace("|", "\\|")
        shown = code if len(code) <= 150 else f"{code[:150].rstrip()} …"
        words = name.removeprefix("case_").replace("_", " ")
        lines.append(f"| {words} | `{shown}` | {outcome} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(rendered(), encoding="utf-8")
