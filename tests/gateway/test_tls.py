"""TLS at the gateway with a certificate of the team's own, by a real Envoy."""

from __future__ import annotations

import json
import os
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import trustme
from tests.gateway.world import World, started

from segue.commands import serve
from segue.commands.common import open_project
from segue.errors import EnvironmentProblem, UsageError
from segue.files import write_atomic
from segue.gateway import control, tls
from segue.gateway.envoy import Edge, Ports

CA = trustme.CA()


def made(folder: Path, name: str = "one") -> tls.Certificate:
    """A certificate for this machine with its key."""
    issued = CA.issue_cert("127.0.0.1", common_name=name)
    chain, key = folder / "chain.pem", folder / "key.pem"
    write_atomic(key, issued.private_key_pem.bytes().decode())
    write_atomic(chain, b"".join(part.bytes() for part in issued.cert_chain_pems).decode())
    return tls.Certificate(str(chain), str(key))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tls.Certificate:
    return made(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def world(files: tls.Certificate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with started(tmp_path_factory.mktemp("tls"), Edge(certificate=files)) as new:
        yield new


def connected(
    world: World, version: ssl.TLSVersion | None = None, alpn: tuple[str, ...] = ()
) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    CA.configure_trust(context)
    context.set_alpn_protocols(list(alpn))
    if version is not None:
        context.minimum_version = context.maximum_version = version
        context.set_ciphers("ALL:@SECLEVEL=0")
    raw = socket.create_connection(("127.0.0.1", world.running.ports.gateway), 10)
    try:
        return context.wrap_socket(raw, server_hostname="127.0.0.1")
    except BaseException:
        raw.close()
        raise


def name(world: World) -> str:
    with connected(world) as one:
        found = one.getpeercert()
    assert found is not None
    return str(dict(pair for (pair,) in found["subject"])["commonName"])  # type: ignore[misc]


def test_both_sides_are_told_https_and_the_shift_works(world: World) -> None:
    context = ssl.create_default_context()
    CA.configure_trust(context)
    with httpx.Client(base_url=world.url, verify=context, trust_env=False, timeout=30) as http:
        for weight, side in ((0, "django"), (100, "fastapi")):
            world.swap(weight)
            assert world.swap(weight) == 0  # in effect already: asked by TLS as well
            answer = http.get("/api/articles/headers/")
            assert answer.text.startswith(f"{side}:")
            told = json.loads(answer.content.partition(b":")[2])
            assert told["x-forwarded-proto"] == "https"
    with pytest.raises(httpx.HTTPError):
        httpx.get(world.url.replace("https", "http") + "/", trust_env=False)


@pytest.mark.parametrize("offered", [("h2", "http/1.1"), ("http/1.1",)])
def test_the_first_protocol_that_a_client_offers_is_spoken(world: World, offered: tuple[str, ...]) -> None:
    with connected(world, alpn=offered) as one:
        assert one.selected_alpn_protocol() == offered[0]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_before_1_2_is_refused(world: World) -> None:
    with connected(world, ssl.TLSVersion.TLSv1_2) as one:
        assert one.version() == "TLSv1.2"
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connected(world, ssl.TLSVersion.TLSv1_1)


def test_renewed_certificate_is_served_and_a_broken_one_is_not(world: World, files: tls.Certificate) -> None:
    folder = control.folder(world.state)
    assert name(world) == "one"
    before = tls.stamp(files)
    made(Path(files.chain).parent, "two")
    assert tls.stamp(files) != before
    tls.put(folder, files)
    until = time.monotonic() + 20
    while name(world) != "two":
        assert time.monotonic() < until
        time.sleep(0.05)
    other = made(world.state, "three")
    os.replace(other.key, files.key)  # renewal by halves: the key has come, the certificate has not
    with pytest.raises(EnvironmentProblem, match="is not that of the certificate"):
        tls.put(folder, files)
    assert name(world) == "two"


def test_wrong_files_are_said_in_one_sentence(tmp_path: Path) -> None:
    good = made(tmp_path)
    (tmp_path / "text.pem").write_text("no PEM\n")
    (tmp_path / "half.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    cases = {
        "The gateway's certificate .*none.pem cannot be read: No such file or directory.": (tmp_path / "none.pem", good.key),
        "The gateway's key .*none.pem cannot be read": (good.chain, tmp_path / "none.pem"),
        "The gateway's certificate .*text.pem is no PEM file.": (tmp_path / "text.pem", good.key),
        "and the key .* cannot be used": (tmp_path / "half.pem", good.key),
    }  # fmt: skip
    for words, (chain, key) in cases.items():
        with pytest.raises(EnvironmentProblem, match=words):
            tls.judge(tls.Certificate(str(chain), str(key)))
    from cryptography.hazmat.primitives import serialization

    loaded = serialization.load_pem_private_key(Path(good.key).read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"secret")
    (tmp_path / "locked.pem").write_bytes(
        loaded.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    )
    with pytest.raises(EnvironmentProblem, match="The gateway's key is encrypted"):
        tls.judge(tls.Certificate(good.chain, str(tmp_path / "locked.pem")))


def test_settings_are_relative_to_their_file_and_come_in_pairs(tmp_path: Path) -> None:
    (tmp_path / "segue.toml").write_text('[gateway]\ncertificate = "tls/chain.pem"\nkey = "/etc/key.pem"\n')
    found = control.edge(open_project(tmp_path)).certificate
    assert found == tls.Certificate(str(tmp_path / "tls" / "chain.pem"), "/etc/key.pem")
    (tmp_path / "segue.toml").write_text('[gateway]\ncertificate = "tls/chain.pem"\n')
    with pytest.raises(UsageError, match="go together"):
        open_project(tmp_path)


def test_envoy_judges_the_exported_form(tmp_path: Path) -> None:
    control.check([], Ports(1, 2, 3, 4), Edge(certificate=made(tmp_path)))


def test_key_that_envoy_does_not_take_is_said_and_leaves_the_old_certificate(tmp_path: Path) -> None:
    """Python takes any curve."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256K1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    begin = datetime.now(UTC)
    issued = x509.CertificateBuilder(called, called, key.public_key(), 1, begin, begin + timedelta(1)).sign(
        key, hashes.SHA256()
    )
    pem = serialization.Encoding.PEM
    (tmp_path / "chain.pem").write_bytes(issued.public_bytes(pem))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    found = tls.Certificate(str(tmp_path / "chain.pem"), str(tmp_path / "key.pem"))
    tls.judge(found)
    with pytest.raises(EnvironmentProblem, match=r"Envoy refuses the certificate .*chain\.pem"):
        control.check([], Ports(1, 2, 3, 4), Edge(certificate=found))
    (tmp_path / "segue.toml").write_text('[gateway]\ncertificate = "chain.pem"\nkey = "key.pem"\n')
    settings = open_project(tmp_path)
    assert serve._renew(settings, found, Ports(1, 2, 3, 4)) == tls.stamp(found)
    assert not (control.folder(settings.state) / "tls").exists()


def test_envoy_that_takes_too_long_to_judge_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``segue serve`` asks it about a renewed certificate, and must not end by it."""
    monkeypatch.setattr(control, "JUDGE_SECONDS", 0.001)
    with pytest.raises(EnvironmentProblem, match="did not judge the configuration within 0 s"):
        control.check([], Ports(1, 2, 3, 4), place=tmp_path)


def test_client_that_never_begins_with_tls_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "HANDSHAKE_SECONDS", 0.3)
    with (
        started(tmp_path, Edge(certificate=made(tmp_path))) as one,
        socket.create_connection(("127.0.0.1", one.running.ports.gateway), 20) as silent,
    ):
        assert silent.recv(1) == b""
