"""Nothing secret leaves the project."""

from __future__ import annotations

import datetime

from tests.probe.conftest import Probed

from segue.probe.bindings import counts, is_told
from segue.snapshot.dump import dump


def test_no_secret_value_is_anywhere_in_the_document(probed: Probed) -> None:
    text = dump(probed.snapshot)
    for secret in ("top-secret-key", "sk_live_never_leave", "hunter2", "never-leave"):
        assert secret not in text


def test_secrets_are_named(probed: Probed) -> None:
    assert {"SECRET_KEY", "PAYMENT_API_KEY"} <= set(probed.snapshot.settings.secret_names)
    names = probed.snapshot.functions["shop.views.ItemViewSet.get_queryset"].globals
    assert names["settings.PAYMENT_API_KEY"].value.kind == "opaque"  # type: ignore[union-attr]
    # A number that its name says to count something is no secret.
    assert names["settings.PASSWORD_ATTEMPTS"].value.data == 5  # type: ignore[union-attr]
    assert "PASSWORD_ATTEMPTS" not in probed.snapshot.settings.secret_names


def test_credentials_are_cut_out_of_a_cache_address(probed: Probed) -> None:
    assert "redis://cache:6379/1" in str(probed.snapshot.settings.values["CACHES"])


def test_only_sentences_are_told_under_names_of_secrets() -> None:
    told = ["Invalid or expired token.", "Passwords do not match.", "Say it, please: which one?"]
    kept = [
        "correct horse battery staple",
        "Token x",
        "Ab1 cd2 ef3",
        "hunter2 hunter3 hunter4.",
        "Basic dXNlcjpwYXNz",
    ]
    assert [text for text in (*told, *kept) if is_told("INVALID_TOKEN", text)] == told
    assert not is_told("INVALID_TOKEN", "Bearer eyJhbGciOi.J9.abc x.")
    for name in ("AUTH_TOKEN", "SIGNING_PASSPHRASE", "RESET_SECRET", "INVALID_KEY"):
        assert not is_told(name, "Correct horse battery staple!")


def test_only_numbers_that_count_are_told_under_names_of_secrets() -> None:
    lifetime = datetime.timedelta(minutes=5)
    assert counts("MIN_PASSWORD_LENGTH", 8)
    assert counts("ACCESS_TOKEN", lifetime)
    assert counts("REQUIRE_TOKEN", True)
    for name, value in (
        ("AES_KEY", [17, 203]),
        ("HASHIDS_SALT", 982374987234),
        ("TOKEN_PIN", 4711),
        ("TOKEN", 1),
        ("MAX_TOKEN", "x"),
    ):
        assert not counts(name, value)
