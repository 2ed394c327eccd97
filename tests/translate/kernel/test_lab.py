"""Translated code gives what Django gives, with no more queries."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.services import mypy_cache

from .conftest import PACKAGE, cases, run_translated

if TYPE_CHECKING:
    from .conftest import Lab

CASES = cases("views")

# What is refused on purpose, with the code of the refusal.
REFUSED: dict[str, str] = dict.fromkeys(
    (
        "case_annotate_count",
        "case_annotate_count_filter",
        "case_annotate_sum",
        "case_annotate_coalesce",
        "case_annotate_filter",
        "case_annotate_count_m2m",
    ),
    "unordered-groups",
) | {
    "case_dict_never_filled": "loop",
    "case_dumped_by_an_encoder_that_rounds": "json-encoder",
    "case_dumped_by_an_encoder_of_an_object": "json-encoder",
    # A function that asks the database is a coroutine function: map() cannot call it.
    "case_map_a_function_that_asks": "callback",
    "case_on_commit_later_value": "on-commit",
    "case_on_commit_lambda_in_a_loop": "on-commit",
    "case_keywords_sometimes": "assign-item",
    # Without the lookup there is no join, and an empty Q leaves | alone.
    "case_keywords_where_asked_for_of_another": "dynamic-keywords",
    "case_keywords_where_asked_for_in_q": "dynamic-keywords",
    "case_keywords_where_asked_for_left_out": "dynamic-keywords",
    **dict.fromkeys(
        (
            "case_nested_function_that_looks_around",
            "case_nested_function_with_a_default",
            "case_nested_function_that_reaches_itself",
        ),
        "nested-function",
    ),
    "case_on_commit_nested_function_with_arguments": "on-commit",
    # The parts of no address are bytes.
    "case_parts_of_what_may_be_missing": "argument",
    # The snapshot does not know ``object``; it has members of an enum by their value.
    "case_subclass_of_the_class_that_all_are_of": "issubclass",
    "case_member_of_an_enum": "isinstance",
    # A subclass may have it, or the exception of another class; the probe does not ask metaclasses.
    "case_part_of_an_error_of_a_subclass": "hasattr",
    "case_part_of_any_error": "hasattr",
    "case_what_a_class_of_an_enum_has": "hasattr",
    # The receiver reads what the deleted object leads to; who deletes it may have changed that in memory.
    "case_file_replaced_with_named_columns": "signal",
    "case_class_attribute_that_changes": "process-state",
    "case_class_attribute_that_changes_in_a_subclass": "process-state",
    "case_class_attribute_changed_in_place": "process-state",
    "case_class_attribute_changed_through_an_object": "process-state",
    "case_module_variable_that_changes": "process-state",
    "case_module_dict_changed_in_place": "process-state",
    "case_text_of_a_value_that_a_query_refuses": "text-of",
    "case_text_of_an_error_of_the_database": "text-of",
    "case_text_of_an_error_in_a_list": "text-of",
    "case_text_of_a_wrong_type": "text-of",
    "case_error_of_an_error": "text-of",
    "case_own_exception_with_two_bases": "exception-class",
    "case_own_exception_that_works": "exception-class",
    "case_own_exception_with_a_method": "exception-class",
    "case_own_exception_asked_for_what_it_has_not": "no-rule",
    "case_model_by_a_computed_name": "get-model",
    "case_format_of_a_date_with_a_time": "date-format",
    "case_format_of_what_may_be_none": "date-format",
    "case_format_from_a_row": "date-format",
    "case_format_of_the_settings": "date-format",
    "case_manager_from_queryset_with_exclude": "queryset-class",
    # What goes on may do so in a transaction that has failed.
    "case_save_that_fails_left_for_some": "broad-except",
    # Django begins with what was prefetched, by the default manager.
    "case_related_set_through_another_manager_of_prefetched": "prefetch",
    # What is put on an object would be read: by its save(), by the same function.
    "case_own_attribute_put_and_read_in_save": "model-field",
    "case_own_attribute_put_and_asked_for_in_save": "model-field",
    "case_own_attribute_put_and_read": "getattr",
    "case_own_attribute_read_before_it_is_put": "model-field",
    "case_own_attribute_put_on_what_is_saved": "model-field",
    # The other side would find objects of classes that it does not have, or is asked for what it does not know.
    **dict.fromkeys(
        (
            "case_cache_of_an_object",
            "case_cache_of_rows",
            "case_cache_of_a_queryset",
            "case_cache_of_another_version",
            "case_cache_of_a_function",
            "case_cache_under_what_may_be_none",
            "case_cache_for_half_a_second",
            "case_cache_of_a_computed_name",
            "case_cache_of_a_fragment_by_object",
        ),
        "cache",
    ),
    "case_cache_in_this_process": "cache-local",
    "case_cache_that_is_not_there": "cache-backend",
    # Django's aggregate is over the rows that the filter's join left.
    "case_group_shares_filter_join": "group-by",
    "case_annotate_shares_filter_join": "aggregate-join",
}

# Django raises these under another name on each side.
ERRORS = {
    "BadHeaderError": "ValueError",  # django.http's
    "Http404": "NotFound",
    "ValidationError": "LookupValueError",  # Django's own, of a value in a look-up
    "DoesNotExist": "ObjectDoesNotExist",
    "RelatedObjectDoesNotExist": "ObjectDoesNotExist",
    "SuspiciousFileOperation": "SuspiciousOperation",
}


@pytest.mark.parametrize("name", CASES)
def test_same_outcome(lab: Lab, name: str) -> None:
    compare(lab, name, REFUSED.get(name))


def compare(lab: Lab, name: str, refused: str | None) -> None:
    """Fail unless the case is refused with this code, or gives what it gave Django with no more queries."""
    expected, queries, statements, rows = lab.expected[name]
    if refused is not None:
        assert name in lab.refused, f"translated: {lab.lifted[name].name}"
        assert lab.refused[name].refusal.code == refused
        return
    if name in lab.refused:
        pytest.fail(f"refused: {lab.refused[name]}")
    result, count, source, after = run_translated(lab, name)
    if expected[0] == "error":
        assert result[0] == "error", (result, source)
        assert result[1] in (expected[1], ERRORS.get(expected[1])), (result, source)
        assert after == rows, (result, source)
        return
    assert after == rows, f"{result}\n{source}\n" + "\n".join(statements)
    assert result[:2] == expected, f"{result}\n{source}\nDjango: {expected}\n" + "\n".join(statements)
    assert count <= queries, source


def test_generated_code_is_strictly_typed(lab: Lab) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--no-error-summary",
            "--cache-dir",
            mypy_cache(),
            PACKAGE,
        ],
        cwd=lab.folder,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    problems = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert not problems, "\n".join(problems)
