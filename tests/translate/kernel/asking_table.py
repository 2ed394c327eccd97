"""What of asking is refused, with the code of the refusal; :mod:`.query_table` puts it on the page."""

from __future__ import annotations

REFUSED: dict[str, str] = {
    # Django joins, and repeats the rows.
    "case_case_over_a_to_many_relation": "expression",
    "case_condition_over_a_to_many_annotated": "expression",
    # Where there is no editor, Django answers NULL.
    "case_condition_over_a_relation_that_may_be_missing_annotated": "expression",
    "case_condition_over_a_relation_that_may_be_missing_wrapped": "expression",
    "case_count_filtered_over_another_relation": "expression",
    "case_count_of_a_negated_filter_of_another": "aggregate-filter",
    "case_count_after_a_filter_of_the_same_relation": "aggregate-join",
    "case_filter_after_a_count_of_the_same_relation": "filter-after-aggregate",
    "case_exclude_f_of_an_annotation": "exclude-annotation",
    "case_contains_of_a_slice": "membership",
    "case_first_of_a_slice": "slice",
    "case_get_of_a_slice": "filter-after-slice",
    "case_last_of_a_slice": "last",
    "case_reverse_of_a_slice": "reverse",
    "case_sliced_then_counted_and_last": "slice",
    # What is computed, or Django refuses.
    "case_sum_with_another_output_field": "aggregate",
    "case_range_of_columns": "range",
    "case_frame_from_the_request": "window",
    "case_frame_of_values_with_numbers": "window",
    "case_frame_upside_down": "window",
    "case_row_number_of_groups": "window",
    "case_item_from_the_end": "slice",
    "case_slice_from_the_end": "slice",
    "case_slice_with_a_step_and_filtered": "no-rule",
    "case_slice_with_a_step_of_the_request": "slice",
    "case_iterator_no_size": "iterator",
    "case_iterator_of_the_request": "iterator",
    "case_iterator_with_prefetched_no_size": "iterator",
    "case_latest_of_nothing_named": "latest",
    "case_earliest_sliced": "latest",
    "case_trunc_date_to_moments": "expression",
    # What only the project or its database knows.
    "case_custom_lookup": "lookup",
    "case_custom_transform": "lookup",
    "case_func": "unknown-call",
    "case_func_with_a_template": "unknown-call",
    # No rule yet.
    "case_annotation_of_a_cut_moment_filtered": "lookup",
    "case_annotation_ordered_by_a_transform": "ordering",
    "case_annotation_that_may_be_null_excluded": "exclude-annotation",
    "case_functions_of_text": "unknown-call",
    "case_generated_aggregated": "aggregate",
    "case_generated_filtered": "lookup-value",
    "case_json_object": "unknown-call",
    "case_standard_deviation": "unknown-call",
    # Of combined querysets Django refuses these, or SQLite and PostgreSQL do.
    "case_union_aggregated": "combined-queryset",
    "case_union_combined_with_or": "queryset-operator",
    "case_union_excluded": "filter-after-union",
    "case_union_with_prefetched": "combined-queryset",
    "case_union_with_select_related": "combined-queryset",
    "case_union_get": "filter-after-union",
    "case_union_in_bulk": "combined-queryset",
    "case_union_values_after": "combined-queryset",
    "case_union_in_exists": "expression",
    "case_union_of_a_deferred_and_not": "queryset-union",
    "case_union_of_selected_and_not": "queryset-union",
    "case_union_of_all_selected_and_not": "queryset-union",
    "case_union_of_other_columns_deferred": "queryset-union",
}
# What is refused on SQLite alone, which takes no parts that are ordered or sliced.
POSTGRESQL_ONLY: dict[str, str] = dict.fromkeys(
    (
        "case_union_as_it_is_of_values_dicts",
        "case_union_first_with_meta_ordering",
        "case_union_of_sliced",
        "case_union_of_sliced_values",
    ),
    "queryset-union",
)
# What is refused on PostgreSQL alone: rows in an order of its own.
SQLITE_ONLY: dict[str, str] = {"case_union_bool": "combined-queryset"}
