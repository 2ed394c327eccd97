"""The gateway's certificate: judged before Envoy sees it, and given to Envoy anew when its files change."""

from __future__ import annotations

import json
import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from segue.errors import EnvironmentProblem
from segue.files import write_atomic
from segue.gateway.routes import TYPE, Json

HANDSHAKE_SECONDS = 15.0
"""How long a client may take to agree on TLS. Without a limit Envoy keeps one that says nothing for an hour."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files: the certificate with its chain, and its key. They are read where they are and never copied."""

    chain: str
    key: str


def judge(certificate: Certificate) -> None:
    """Raises :class:`EnvironmentProblem` for files that are missing, cannot be read, are no PEM, or do not belong together."""
    for name, file in (("certificate", certificate.chain), ("key", certificate.key)):
        try:
            text = Path(file).read_bytes()
        except OSError as error:
            raise EnvironmentProblem(
                f"The gateway's {name} {file} cannot be read: {error.strerror}.",
                hint=f"Correct gateway.{name} in segue.toml, or the file's permissions.",
            ) from error
        if b"-----BEGIN " not in text:
            raise EnvironmentProblem(
                f"The gateway's {name} {file} is no PEM file.", hint="Give one that begins with -----BEGIN."
            )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            certificate.chain, certificate.key, password=_no_password
        )
    except ssl.SSLError as error:
        raise EnvironmentProblem(
            f"The key {certificate.key} is not that of the certificate {certificate.chain}."
            if error.reason == "KEY_VALUES_MISMATCH"
            else f"The certificate {certificate.chain} and the key {certificate.key} cannot be used: {error.reason or error}.",
            hint="Give the certificate (with its chain) and the key that it was made for.",
        ) from error


def _no_password() -> str:
    raise EnvironmentProblem(
        "The gateway's key is encrypted.",
        hint="Give a key without a password, readable by the gateway's user only.",
    )


def filter_chain(folder: str, certificate: Certificate, *, static: bool) -> Json:
    """What makes the listener's filter chain speak TLS: 1.2 and later, HTTP/2 and HTTP/1.1. The certificate comes from
    :func:`put`'s file, which Envoy watches; with ``static`` it is named in place."""
    if static:
        source: Json = {"tls_certificates": [_files(certificate)]}
    else:
        config = {
            "resource_api_version": "V3",
            "path_config_source": {
                "path": f"{folder}/tls/sds.json",
                "watched_directory": {"path": f"{folder}/tls"},
            },
        }
        source = {"tls_certificate_sds_secret_configs": [{"name": "segue", "sds_config": config}]}
    socket: Json = {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{TYPE}.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": {
                "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
                "alpn_protocols": ["h2", "http/1.1"],
                **source,
            },
        },
    }
    return {"transport_socket": socket, "transport_socket_connect_timeout": f"{HANDSHAKE_SECONDS}s"}


def put(folder: Path, certificate: Certificate) -> tuple[int, ...]:
    """Let Envoy read the files now; returns their :func:`stamp`, taken before. Raises :class:`EnvironmentProblem` as :func:`judge`
    does: Envoy keeps what it has then."""
    seen = stamp(certificate)
    judge(certificate)
    secret = {
        "@type": f"{TYPE}.extensions.transport_sockets.tls.v3.Secret",
        "name": "segue",
        "tls_certificate": _files(certificate),
    }
    version = "-".join(map(str, seen))
    write_atomic(
        folder / "tls" / "sds.json", json.dumps({"version_info": version, "resources": [secret]}, indent=1)
    )
    return seen


def stamp(certificate: Certificate) -> tuple[int, ...]:
    """Changes when one of the files does, symbolic links followed; 0 for one that is not there."""
    out: list[int] = []
    for file in (certificate.chain, certificate.key):
        try:
            found = os.stat(file)
            out += [found.st_ino, found.st_mtime_ns, found.st_size]
        except OSError:
            out.append(0)
    return tuple(out)


def _files(certificate: Certificate) -> Json:
    return {
        "certificate_chain": {"filename": certificate.chain},
        "private_key": {"filename": certificate.key},
    }
