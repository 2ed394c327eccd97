"""What of writing is refused, with the code of the refusal; :mod:`.query_table` puts it on the page."""

from __future__ import annotations

REFUSED: dict[str, str] = {
    "case_told_writes_the_same_relation": "recursion",
    "case_delete_sliced": "delete",
    "case_delete_values": "delete",
    "case_update_sliced": "update",
    "case_update_no_such_column": "model-field",
    "case_update_to_many_column": "model-field",
    "case_m2m_add_of_another_model": "related-write",
    "case_reverse_fk_add_one_by_one": "related-write",
    "case_reverse_fk_add_keys": "related-write",
    "case_reverse_fk_clear_of_not_null": "related-write",
    "case_refresh_from_db_in_a_branch": "unknown-value",
    "case_refresh_from_db_in_a_loop_with_relations": "refresh-from-db",
    "case_f_in_save_and_read": "model-field",
    "case_f_in_save_and_read_by_a_method": "model-field",
    "case_f_of_a_relation_in_save": "model-field",
    "case_f_in_a_new_object": "model-field",
    "case_f_in_save_of_a_listened_model": "model-field",
    "case_select_for_update_of_a_relation": "select-for-update",
    "case_bulk_create_of_two_models": "bulk-write",
    "case_bulk_update_the_key": "bulk-write",
    "case_bulk_update_no_fields": "bulk-write",
    "case_update_f_of_a_relation": "update",
    # Django raises FieldError: it does not join for what is written.
    **dict.fromkeys(
        (
            "case_case_over_a_relation_in_save",
            "case_update_annotated_by_a_count",
            "case_update_annotated_by_a_relation",
            "case_update_case_over_a_relation",
            "case_update_sum_of_a_relation",
        ),
        "update",
    ),
    "case_delete_of_a_union": "combined-queryset",
    "case_generated_bulk_created": "bulk-write",
    "case_generated_updated": "model-field",
    "case_get_or_create_by_a_lookup": "queryset-get_or_create",
    "case_get_or_create_made_by_a_lookup": "queryset-get_or_create",
    "case_update_or_create_create_defaults": "queryset-update_or_create",
    "case_savepoints_by_hand": "unknown-call",
    # One statement for all, which a post_save is not told of.
    "case_log_actions_of_many": "admin-log",
    # It has the key itself there, not its text.
    "case_log_actions_asked_for_the_key": "return",
    "case_text_of_a_log_entry": "text-of",
    "case_text_of_a_content_type": "text-of",
}
