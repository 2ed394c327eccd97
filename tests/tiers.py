"""What ``scripts/test`` leaves to ``scripts/test --deep``, so that a change is judged within a quarter of an hour.

Left out are tests whose failure another test, named here, would show for all but rare causes: another vendor, another
release, the same mistake in another place. ``pytest`` without ``--quick`` runs whatever it is told to.
"""

from __future__ import annotations

from pathlib import Path

import pytest

# What stands for them meanwhile → what is left out: a test, or those sets of its parameters (``*`` is anything).
LEFT_OUT = {
    "scripts/demo --once explores the example on SQLite and shifts it": (
        "verify/test_explore.py::test_the_translation_of_the_bookshop_answers_as_django_does",
        "verify/test_explore.py::test_django_does_not_differ_from_itself",
    ),
    "the same faults, found by the cheaper way in verify/test_explore.py": (
        "verify/test_sequences.py::test_a_sequence_is_written_as_a_case_that_fails_on_the_faulty_code_only",
        "verify/test_suite.py::test_a_difference_is_told_and_the_test_does_not_notice",
        "verify/suite/test_plugins.py::test_what_pytest_mock_patches_excuses_no_difference",
        "verify/http/test_explore.py::test_a_lost_write_is_found_over_http",
        "verify/test_explore.py::test_seeded_faults_are_found[lost write]",
        "verify/test_explore.py::test_seeded_faults_are_found[field dropped]",
        "verify/test_explore.py::test_seeded_faults_are_found[filter turned round]",
        "verify/test_explore.py::test_seeded_faults_are_found[validation dropped]",
        "verify/test_explore.py::test_seeded_faults_are_found[created told as found]",
        "verify/suite/test_desk.py::test_faults_in_generated_code_are_found",
        "verify/http/test_urls.py::test_a_fault_of_a_running_service_is_found_by_reads_and_no_credential_is_told",
        "verify/interleave/test_interleave.py::test_faults_are_found_and_what_goes_wrong_on_both_sides_is_told",
        "verify/test_explore.py::test_seeded_faults_are_found[filter dropped]",
        "verify/test_effects.py::test_explore_finds_each[answer]",
        "verify/test_effects.py::test_the_projects_own_tests_find_each_and_pass_all_the_same",
    ),
    "the same test with fewer cases": (
        "translate/views/test_plain_views.py::test_both_sides_answer_alike[2400]",
    ),
    "translate/middleware/test_recorders.py's rows and test_subclasses.py's sessions": (
        "translate/middleware/test_recorders.py::test_who_is_logged_in_by_a_session_is_left_to_django",
    ),
    "the same on the other database, or with the other broker, server or serializer": (
        "verify/test_explore.py::test_the_bookshop_on_postgresql",
        "verify/test_untouched.py::test_a_run_may_be_killed_at_any_moment[replay-sqlite-moments3]",
        "verify/test_joined.py::test_effects_are_told_row_by_row_and_undone[postgresql]",
        "verify/noise/test_learning.py::test_a_constant_and_another_time_are_differences[modern1-body.asked]",
        "translate/access/test_account_packages.py::test_the_same_steps_give_the_same_answers[token-steps0-expected0]",
        "translate/jwt/test_jwt.py::test_tokens_mean_the_same_on_both_sides[own]",
        "translate/errors/test_handlers.py::test_every_error_is_answered_as_by_the_handler[proposed]",
        "translate/errors/test_handlers.py::test_every_error_is_answered_as_by_the_handler[all_kinds]",
        "schema/test_check.py::test_nothing_differs_from_what_django_builds[postgresql-alembic]",
        "schema/test_tablespaces.py::test_each_lies_where_django_puts_it[defaults]",
        "bridge/test_task_messages.py::test_a_broker_that_does_not_answer_holds_up_nobody[rabbitmq]",
        "translate/jwt/test_token_views.py::test_both_sides_give_the_same_tokens_and_rows[0-5.3.1-]",
        "translate/jwt/test_token_views.py::test_both_sides_give_the_same_tokens_and_rows[0-5.4.0-]",
        "translate/jwt/test_token_views.py::test_both_sides_give_the_same_tokens_and_rows[1-5.4.0-]",
        "translate/jwt/test_token_views.py::test_both_sides_give_the_same_tokens_and_rows[1-5.5.0-]",
        "translate/packages/test_countries.py::test_postgresql_answers_alike",
        "translate/packages/test_phones.py::test_postgresql_answers_alike",
        "translate/packages/test_money.py::test_postgresql_answers_alike",
        "translate/kernel/test_generic_relations.py::test_postgresql_answers_alike",
        "verify/http/test_explore.py::test_on_postgresql_fastapi_is_asked_with_its_production_driver",
        "verify/test_untouched.py::test_a_run_may_be_killed_at_any_moment[http-postgresql-moments4]",
        "verify/test_untouched.py::test_a_run_may_be_killed_at_any_moment[command-sqlite-moments0]",
        "verify/test_untouched.py::test_a_run_may_be_killed_at_any_moment[suite-postgresql-moments2]",
        "verify/test_joined.py::test_effects_are_told_row_by_row_and_undone[sqlite]",
        "verify/test_joined.py::test_fastapi_reads_what_django_has_not_committed[sqlite]",
        "verify/suite/test_desk.py::test_every_test_has_its_verdict[fastapi]",
        "verify/suite/test_plugins.py::test_every_test_has_its_verdict[xdist]",
        "verify/noise/test_learning.py::test_a_constant_and_another_time_are_differences[modern0-body.key]",
        "bridge/test_task_messages.py::test_messages_are_celerys_own[rabbitmq]",
        "bridge/test_task_messages.py::test_a_worker_runs_them_as_it_runs_celerys[rabbitmq]",
        "bridge/cache/test_shared.py::test_what_one_side_keeps_the_other_finds[memcached]",
        "bridge/cache/test_shared.py::test_what_one_side_keeps_the_other_finds[django-redis]",
        "bridge/db/test_unfit.py::test_the_same_is_stored_or_both_refuse[sqlite]",
        "bridge/db/test_storage.py::test_rows_of_django_are_read_alike[sqlite]",
        "bridge/db/test_fixtures.py::test_rows_are_those_that_loaddata_makes[sqlite]",
        "bridge/db/test_unregistered.py::test_what_is_renamed_and_removed[sqlite]",
        "translate/factories/test_factories.py::test_the_same_calls_make_the_same_rows[sqlite]",
        "split/test_polling.py::test_wherever_it_ends_nothing_is_lost_or_doubled[_read-True-0]",
        "split/test_polling.py::test_wherever_it_ends_nothing_is_lost_or_doubled[_apply-False-0]",
        "split/test_polling.py::test_wherever_it_ends_nothing_is_lost_or_doubled[_advance-True-1]",
        "bridge/db/test_unique_of_nul.py::test_no_row_has_it[sqlite]",
        "bridge/db/test_out_of_range.py::test_comparisons_beyond_the_column[sqlite]",
        "bridge/db/test_searched.py::test_text_is_searched_as_by_django[sqlite]",
        "bridge/db/test_booleans.py::test_is_true_is_false_is_null[sqlite]",
        "bridge/auth/test_mfa.py::test_codes_count_once_on_either_side[loose]",
        "schema/test_check.py::test_nothing_differs_from_what_django_builds[sqlite-models]",
        "schema/test_tablespaces.py::test_sqlite_has_none",
        "schema/test_tablespaces.py::test_each_lies_where_django_puts_it[none]",
        "schema/test_check.py::test_nothing_differs_from_what_django_builds[sqlite-alembic]",
        "schema/test_reverse.py::test_what_the_baseline_does_not_make_is_told[sqlite]",
        "translate/jwt/test_jwt.py::test_tokens_mean_the_same_on_both_sides[plain]",
        "translate/jwt/test_token_views.py::test_both_sides_give_the_same_tokens_and_rows[0--]",
        "translate/renderers/test_own_renderer.py::test_every_answer_is_rendered_as_by_the_project[Lines]",
        "translate/renderers/test_own_renderer.py::test_every_answer_is_rendered_as_by_the_project[Coded]",
        "translate/errors/test_handlers.py::test_every_error_is_answered_as_by_the_handler[other_status]",
        "translate/errors/test_handlers.py::test_every_error_is_answered_as_by_the_handler[own_answer]",
        "translate/errors/test_handlers.py::test_every_error_is_answered_as_by_the_handler[denied]",
        "example/test_code.py::test_same_bytes_again_in_another_process_and_folder",
        "verify/test_untouched.py::test_a_run_may_be_killed_at_any_moment[explore-postgresql-moments1]",
        "verify/test_not_found_page.py::test_an_own_404_page_is_djangos_to_answer[handler]",
        "bridge/db/test_collector.py::test_delete[sqlite-*",
        "translate/renderers/test_own_renderer.py::test_every_answer_is_rendered_as_by_the_project[Wrapped]",
        "cli/test_bad_input.py::test_an_unsupported_database[oracle]",
    ),
    "the newest and the oldest release": (
        "verify/test_releases.py::test_the_newest_release_searched_with_and_without_fields",
        "verify/test_releases.py::test_release_3_15_on_django_4_2",
        "verify/http/test_explore.py::test_a_django_whose_python_cannot_hold_fastapi",
        "probe/test_versions.py::test_snapshot_agrees_with_that_django[py3.12-Django==6.0.*-djangorestframework>=3.17]",
        "probe/test_versions.py::test_snapshot_agrees_with_that_django[py3.10-Django==4.2.*-djangorestframework==3.15.*]",
        "verify/test_releases.py::test_release_3_14_is_not_translated",
    ),
    "another of the same kind in the same file": (
        "translate/middleware/test_subclasses.py::test_sessions_that_tell_not_every_reader_are_not_shared[EarlySessions]",
        "translate/middleware/test_subclasses.py::test_sessions_that_tell_not_every_reader_are_not_shared[SomeSessions]",
        "translate/middleware/test_subclasses.py::test_sessions_that_tell_not_every_reader_are_not_shared[LeavingSessions]",
        "translate/middleware/test_middleware.py::test_what_fails_in_a_view_is_answered_as_by_process_exception[Errors]",
        "translate/middleware/test_middleware.py::test_what_fails_in_a_view_is_answered_as_by_process_exception[Shuts]",
    ),
    "rules of the same rooms in translate/access, translate/views/test_hooks.py and translate/serializers/test_execution.py": (
        "translate/views/test_mixins_of_views.py::test_answers_are_djangos",
        "translate/serializers/test_recursion.py::test_they_are_presented_by_functions_that_call_themselves",
    ),
    "its parts, each tested alone beside it": (
        "verify/http/test_explore.py::test_both_servers_answer_alike_and_the_project_is_left_alone",
        "verify/test_effects.py::test_mails_of_the_service_are_compared",
        "verify/test_suite.py::test_the_bookshops_own_tests",
        "verify/noise/test_learning.py::test_what_moves_on_both_sides_is_learnt_and_a_rule_that_hides_several_paths_needs_a_yes",
        "verify/replay/test_playback.py::test_what_the_recording_created_is_found_under_todays_id",
        "gateway/test_rollout.py::test_healthy_rollout_ends_at_100_with_its_figures_in_the_history",
        "example/test_code.py::test_an_edit_where_the_legacy_code_changes_is_a_conflict_and_nothing_is_written",
        "verify/test_explore.py::test_the_same_seed_gives_the_same_cases",
        "translate/views/test_routers.py::test_reads_and_writes_go_where_djangos_go",
        "verify/test_explore.py::test_keys_that_the_code_reads_beside_the_serializer_of_the_answer_are_sent",
        "verify/test_sequences.py::test_a_difference_becomes_a_pytest_file",
        "verify/replay/test_playback.py::test_the_command",
        "verify/replay/test_playback.py::test_a_token_of_another_database_can_be_given_to_a_user",
        "verify/test_suite.py::test_parallel_workers_count_alike",
        "verify/test_effects.py::test_receivers_that_ran_are_told",
        "verify/test_effects.py::test_what_django_does_and_fastapi_does_not_is_found_too",
        "verify/test_effects.py::test_django_does_not_differ_from_itself_whatever_it_does",
        "cli/test_bad_input.py::test_what_another_command_is_changing",
        "bridge/test_trace.py::test_django_and_celery_name_the_same_request",
        "translate/middleware/test_subclasses.py::test_a_language_of_any_name_is_asked_of_django",
        "translate/access/test_packages.py::test_a_device_that_verifies_no_more_is_forgotten_by_the_session_on_both_sides",
        "translate/languages/test_languages.py::test_a_project_in_german_falls_back_to_german",
        "gateway/test_rollout.py::test_pause_holds_and_rollback_of_all_ends_it",
        "example/test_queries.py::test_never_more_queries_than_django",
        "example/test_logins.py::test_a_login_on_either_side_is_one_on_both",
        "example/test_asyncpg.py::test_every_native_read_on_asyncpg",
        "example/test_running.py::test_alembic_builds_the_database_that_django_builds",
        "verify/test_effects.py::test_numbers_that_a_sequence_gave_are_counted",
        "verify/replay/test_playback.py::test_what_cannot_be_sent_is_counted_by_name",
        "verify/replay/test_playback.py::test_a_recorded_login_leads_to_todays_session",
        "verify/suite/test_plugins.py::test_every_test_has_its_verdict[one process]",
        "translate/middleware/test_language.py::test_without_the_middleware_texts_are_those_of_the_project_s_own_language",
        "translate/middleware/test_subclasses.py::test_cookies_of_their_own_are_left_to_django",
        "schema/test_mysql.py::test_each_difference_is_found",
        "schema/test_mysql.py::test_django_takes_what_the_baseline_builds",
        "schema/test_mysql.py::test_alembic_changes_no_table_of_djangos",
    ),
    # Nothing stands for these: they are rules of one package each, in files of their own that nothing else uses. Who
    # touches such a file, or takes a new release of the package, runs its test by name.
    "": (
        "bridge/auth/test_guardian.py::test_the_same_is_granted",
        "bridge/auth/test_mfa.py::test_codes_count_once_on_either_side[usual]",
        "translate/access/test_account_packages.py::test_the_same_steps_give_the_same_answers[jwt-steps1-expected1]",
        "translate/access/test_packages.py::test_tokens_and_keys_mean_the_same_on_both_sides",
        "translate/packages/test_countries.py::test_both_sides_answer_alike_and_a_fault_is_found",
        "translate/packages/test_money.py::test_both_sides_answer_alike_and_a_fault_is_found",
        "translate/packages/test_phones.py::test_both_sides_answer_alike_and_a_fault_is_found",
        "translate/packages/test_rules_and_scopes.py::test_both_sides_allow_the_same",
        "translate/packages/test_rules_and_scopes.py::test_rows_of_the_request",
        "translate/packages/test_tags.py::test_tags_are_shown_and_written_as_taggit_does",
    ),
}  # fmt: skip
DEEP = frozenset(name for names in LEFT_OUT.values() for name in names)


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--quick``: what CI runs."""
    parser.addoption("--quick", action="store_true", help="leave out the tests of tests/tiers.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect them; raises ``pytest.UsageError`` for an entry that is no test of its file any more."""
    if not config.getoption("quick"):
        return
    tests = Path(__file__).parent
    names = {item: item.nodeid.removeprefix(f"{tests.name}/") for item in items}
    left = [item for item in items if _entry(names[item])]
    files = {name.partition("::")[0] for name in names.values()}
    gone = {one for one in DEEP if one.partition("::")[0] in files} - {_entry(names[item]) for item in left}
    if gone:
        raise pytest.UsageError(f"tests/tiers.py names what is no test: {', '.join(sorted(gone))}")
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if not _entry(names[item])]


def _entry(name: str) -> str | None:
    """The entry for a test: with its parameters, or without."""
    whole = name.partition("[")[0]
    return next(
        (one for one in DEEP if one in (name, whole) or (one[-1] == "*" and name.startswith(one[:-1]))), None
    )
