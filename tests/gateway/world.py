"""A real Envoy between two tiny servers that say who they are, or one process that has both."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.debian import unpacked

from segue.gateway import control, envoy, in_process, reload, tls
from segue.gateway.envoy import Edge, Ports
from segue.gateway.export import nginx
from segue.gateway.processes import Child, Group, free_port, tail
from segue.gateway.table import Rule

ARTICLE = r"/api/articles/(?P<pk>[^/.]+)/"


@dataclass
class World:
    state: Path
    running: control.Running
    group: Group
    fastapi: Child
    backend: Callable[[Group, str, int], Child]

    def rules(
        self, get: int, post: int = 0, *, html: bool = False, sticky: tuple[str, ...] = ()
    ) -> list[Rule]:
        return [
            Rule("GET /api/articles/{pk}/", ARTICLE, ("GET", "HEAD"), get, True, html, sticky, patience=1),
            Rule("POST /api/articles/{pk}/", ARTICLE, ("POST",), post, True, html, sticky, leave_after=5),
            Rule("* /api/articles/{pk}/", ARTICLE, (), 0, False, html, sticky),
            # Never reached, as in Django: the pattern above matches first.
            Rule("GET /api/articles/late/", "/api/articles/late/", ("GET", "HEAD"), 100 - get, True, html),
        ]

    def swap(self, get: int, post: int = 0, *, html: bool = False, sticky: tuple[str, ...] = ()) -> float:
        rules = self.rules(get, post, html=html, sticky=sticky)
        return control.swap(self.state, rules, self.running, timeout=60)

    def start_fastapi(self) -> None:
        self.fastapi = self.backend(self.group, "fastapi", self.running.ports.fastapi)

    def signal_fastapi(self, number: int) -> None:
        self.fastapi.process.send_signal(number)

    def kill_fastapi(self) -> None:
        self.fastapi.process.kill()
        self.fastapi.process.wait()
        self.group.children.remove(self.fastapi)

    @property
    def url(self) -> str:
        return self.running.url


def listed(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """All routes of an RDS resource, group by group; one that is in several comes as often."""
    matcher = resource["virtual_hosts"][0]["matcher"]
    found = [*matcher["matcher_tree"]["prefix_match_map"]["map"].values(), matcher["on_no_match"]]
    return [route for one in found for route in one["action"]["typed_config"]["routes"]]


def simple_backend(group: Group, name: str, port: int) -> Child:
    """A side of :mod:`tests.gateway.backends`."""
    script = str(Path(__file__).with_name("backends.py"))
    child = group.start(
        name, [sys.executable, script, name, str(port)], port=port, cwd=Path.cwd(), env=os.environ
    )
    group.wait_ready(child)
    return child


@contextmanager
def started(
    tmp_path: Path,
    edge: Edge = Edge(),
    change: Callable[[dict[str, Any]], None] = lambda boot: None,
    backend: Callable[[Group, str, int], Child] = simple_backend,
) -> Iterator[World]:
    """The world with a gateway behind ``edge``; ``change`` may take something out of Envoy's configuration, ``backend`` starts
    one side on a port."""
    ports = Ports(*(free_port() for _ in range(4)))
    running = control.Running(ports, os.getpid(), tls=edge.certificate is not None)
    with Group(tmp_path / "logs") as group:
        backend(group, "django", ports.django)
        fastapi = backend(group, "fastapi", ports.fastapi)
        new = World(tmp_path, running, group, fastapi, backend)
        version = control.write_routes(tmp_path, new.rules(0))
        if edge.certificate is not None:
            tls.put(tmp_path / "gateway", edge.certificate)
        configuration = envoy.bootstrap(ports, str(tmp_path / "gateway"), edge)
        change(configuration)
        boot = reload.put_boot(control.folder(tmp_path), configuration)
        command = [
            control.envoy_binary(),
            "-c",
            str(boot),
            "--concurrency",
            "1",
            "--disable-hot-restart",
            "--file-flush-interval-msec",
            "50",
            "-l",
            "error",
        ]
        child = group.start("envoy", command, port=ports.gateway, cwd=tmp_path, env=os.environ)
        group.wait_ready(child)
        until = time.monotonic() + 60
        while not control.serves(ports, version, tls=running.tls):
            # Its port may have been taken by somebody else's test, who listens there: that would be waited for in vain.
            assert child.process.poll() is None, tail(child.log)
            assert time.monotonic() < until, tail(child.log)
            time.sleep(0.01)
        yield new


@contextmanager
def in_one_process(tmp_path: Path, edge: Edge = Edge(), *, workers: int = 1) -> Iterator[World]:
    """The same world without Envoy: ``fastapi`` is the process that has both sides."""
    ports = Ports(free_port(), 0, 0, 0)
    running = control.Running(ports, os.getpid(), in_process=True, edge=edge)
    with Group(tmp_path / "logs") as group:
        new = World(tmp_path, running, group, None, simple_backend)  # type: ignore[arg-type]
        version = control.write_table(tmp_path, new.rules(0), edge)
        environment = {
            **os.environ,
            "SEGUE_TABLE": str(in_process.file(control.folder(tmp_path))),
            "SEGUE_FASTAPI": "tests.gateway.one_process:create_fastapi",
            "SEGUE_DJANGO": "tests.gateway.one_process:django",
            "SEGUE_LOG": str(control.folder(tmp_path) / "access.jsonl"),
        }
        command = [
            *(sys.executable, "-m", "uvicorn", "--factory", "segue_bridge.legacy.in_process.main:create_app"),
            *("--port", str(ports.gateway), "--no-proxy-headers", "--no-server-header"),
            *("--log-level", "warning", "--workers", str(workers)),
        ]
        root = Path(__file__).parents[2]
        new.fastapi = group.start("serve", command, port=ports.gateway, cwd=root, env=environment)
        group.wait_ready(new.fastapi)
        while not control.serves(ports, version):
            time.sleep(0.01)
        yield new


@dataclass
class NginxWorld(World):
    """nginx between the two servers; ``command`` runs it."""

    command: list[str] = field(default_factory=list)
    edge: Edge = field(default_factory=Edge)

    def swap(self, get: int, post: int = 0, *, html: bool = False, sticky: tuple[str, ...] = ()) -> float:
        """Judge the exported file by ``nginx -t``, then start nginx anew with it."""
        rules = self.rules(get, post, html=html, sticky=sticky)
        text = nginx.configuration(rules, self.running.ports, self.edge)
        (self.state / "segue.conf").write_text(text)
        (self.state / "nginx.conf").write_text(NGINX.replace("FOLDER", str(self.state)))
        (self.state / "logs").mkdir(exist_ok=True)
        judged = subprocess.run([*self.command, "-t"], capture_output=True, text=True, check=False)
        assert judged.returncode == 0, judged.stderr
        for child in [c for c in self.group.children if c.name == "nginx"]:
            child.process.terminate()
            child.process.wait()
            self.group.children.remove(child)
        port = self.running.ports.gateway
        child = self.group.start("nginx", self.command, port=port, cwd=self.state, env=os.environ)
        self.group.wait_ready(child)
        return 0.0


NGINX = """
daemon off;
master_process off;
pid FOLDER/nginx.pid;
error_log FOLDER/logs/nginx-errors.log;
events {}
http {
    access_log off;
    client_body_temp_path FOLDER/body;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
    include FOLDER/segue.conf;
}
"""


def nginx_binary() -> str:
    """nginx of the machine, else of Debian's package."""
    return shutil.which("nginx") or str(unpacked("nginx") / "usr" / "sbin" / "nginx")


@contextmanager
def in_nginx(tmp_path: Path, edge: Edge = Edge()) -> Iterator[NginxWorld]:
    """The world with nginx and the exported file in front of the two servers."""
    ports = Ports(free_port(), 0, free_port(), free_port())
    command = [nginx_binary(), "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    command += ["-e", str(tmp_path / "logs" / "nginx-errors.log")]
    running = control.Running(ports, os.getpid())
    with Group(tmp_path / "logs") as group:
        simple_backend(group, "django", ports.django)
        fastapi = simple_backend(group, "fastapi", ports.fastapi)
        new = NginxWorld(tmp_path, running, group, fastapi, simple_backend, command, edge)
        new.swap(0)
        yield new


KINDS = {"envoy": started, "in-process": in_one_process}
"""Ways to have a gateway that decides by the same rules."""
