"""What of writing is refused, with the code of the refusal; :mod:`.query_table` puts it on the page."""

from __future__ import annotations

REFUSED: dict[str, str] = {
    "case_bulk_create_of_two_models": "bulk-write",
    "case_bulk_update_the_key": "bulk-write",
    "case_bulk_update_no_fields": "bulk-write",
    "case_bulk_update_with_f": "model-field",
    "case_update_f_of_a_relation": "update",
    "case_f_in_save": "model-field",
    "case_m2m_set_clear": "related-write",
    "case_m2m_through_defaults": "related-write",
    "case_m2m_from_the_other_side": "related-write",
    "case_m2m_set_from_the_other_side": "related-write",
    "case_m2m_clear_from_the_other_side": "related-write",
    "case_m2m_create": "related-create",
    "case_reverse_fk_add": "related-write",
    "case_reverse_fk_clear": "related-write",
    "case_reverse_fk_remove": "related-write",
    "case_reverse_fk_set": "related-write",
    "case_select_for_update_of": "select-for-update",
    "case_select_for_update_outside": "select-for-update",
    "case_refresh_from_db": "refresh-from-db",
    "case_refresh_from_db_of_a_field": "refresh-from-db",
}
