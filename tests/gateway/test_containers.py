"""What is exported for containers: by the schemas of Compose and Kubernetes, and by a real Envoy with the container's names and paths mapped to this machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import kubernetes_validate
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema.validators import validator_for
from tests.gateway.project import GET, unserved
from tests.gateway.world import simple_backend

from segue import ledger
from segue.commands import containers
from segue.commands.common import open_project
from segue.config import Config
from segue.errors import UsageError
from segue.gateway import control
from segue.gateway.export import manifests, remote
from segue.gateway.processes import Group, free_port
from segue.snapshot import dump
from segue.snapshot.load import load
from segue.snapshot.model import Database

TOML = """
[project]
environment = { SHOP_KEY = "s3cret" }
[gateway]
django_command = ["gunicorn", "site.wsgi", "--bind", "127.0.0.1:{port}"]
metrics = "127.0.0.1:9464"
"""


def project(folder: Path) -> Config:
    unserved(folder)
    (folder / "Dockerfile").write_text("FROM python:3.12-slim\n")
    (folder / "fastapi" / "Dockerfile").write_text("FROM python:3.12-slim\n")
    (folder / "fastapi" / ".env.example").write_text("# Where\nDATABASE_URL=postgresql://u\nSECRET_KEY=\n")
    (folder / "segue.toml").write_text(TOML)
    return open_project(folder)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Config:
    made = project(tmp_path_factory.mktemp("containers") / "shop")
    containers.export(made, "compose", made.folder / "deploy")
    with pytest.MonkeyPatch.context() as patched:  # once is enough
        patched.setattr(control, "check", lambda *_: None)
        containers.export(made, "manifests", made.folder / "k8s")
    return made


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A project whose routes Envoy need not judge again."""
    monkeypatch.setattr(control, "check", lambda *_: None)
    return project(tmp_path)


@pytest.fixture(scope="module")
def compose(settings: Config) -> dict[str, Any]:
    return dict(yaml.safe_load((settings.folder / "deploy" / "compose.yaml").read_text()))


@pytest.fixture(scope="module")
def objects(settings: Config) -> list[dict[str, Any]]:
    folder = settings.folder / "k8s"
    names = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    return [one for name in names for one in yaml.safe_load_all((folder / name).read_text())]


def test_the_compose_file_is_one_by_the_schema_of_the_specification(compose: dict[str, Any]) -> None:
    schema = get_builtin_schema("vendor.compose-spec")
    validator_for(schema)(schema).validate(compose)


def test_prometheus_has_a_port_of_the_gateway(objects: list[dict[str, Any]]) -> None:
    (gateway,) = (o for o in objects if (o["kind"], o["metadata"]["name"]) == ("Deployment", "gateway"))
    (container,) = gateway["spec"]["template"]["spec"]["containers"]
    assert container["ports"][1:] == [{"name": "metrics", "containerPort": 9464}]


def test_each_object_is_one_by_the_schema_of_kubernetes(objects: list[dict[str, Any]]) -> None:
    for one in objects:
        kubernetes_validate.validate(one, "1.37", strict=True)
    assert len(objects) == 11


def test_nothing_is_root_and_nothing_writes(compose: dict[str, Any], objects: list[dict[str, Any]]) -> None:
    for service in compose["services"].values():
        assert service["user"].split(":")[0] not in ("0", "root")
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    published = [service.get("ports", []) for service in compose["services"].values()]
    assert published == [["127.0.0.1:8080:8080", "127.0.0.1:9464:9464"], [], []]
    pods = [one["spec"]["template"]["spec"] for one in objects if one["kind"] == "Deployment"]
    assert len(pods) == 3
    for pod in pods:
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["runAsUser"] > 0
        assert container["securityContext"]["readOnlyRootFilesystem"]


def test_names_of_secrets_are_asked_and_no_value_is_written(
    settings: Config, compose: dict[str, Any], objects: list[dict[str, Any]]
) -> None:
    written = [p for f in ("deploy", "k8s") for p in (settings.folder / f).rglob("*") if p.is_file()]
    assert not [p for p in written if "s3cret" in p.read_text()]
    asked = re.findall(r"\$\{(\w+):?\?", json.dumps(compose))
    assert asked == ["SHOP_KEY", "DATABASE_URL", "SECRET_KEY"]
    listed = (settings.folder / "deploy" / ".env.example").read_text()
    assert sorted(re.findall(r"^(\w+)=$", listed, re.MULTILINE)) == sorted(asked)
    keys = [
        (e["valueFrom"]["secretKeyRef"]["name"], e["name"])
        for one in objects if one["kind"] == "Deployment"
        for e in one["spec"]["template"]["spec"]["containers"][0].get("env", []) if "valueFrom" in e
    ]  # fmt: skip
    assert keys == [("django", "SHOP_KEY"), ("fastapi", "DATABASE_URL"), ("fastapi", "SECRET_KEY")]


def test_the_image_has_the_release_of_the_envoy_that_judged(compose: dict[str, Any]) -> None:
    told = subprocess.run([control.envoy_binary(), "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"/(\d+\.\d+)\.\d+/", told.stdout)
    assert found
    assert compose["services"]["gateway"]["image"] == f"envoyproxy/envoy:v{found[1]}-latest"


def test_both_exports_have_the_same_envoy(settings: Config, objects: list[dict[str, Any]]) -> None:
    data = {name: text for one in objects if one["kind"] == "ConfigMap" for name, text in one["data"].items()}
    folder = settings.folder / "deploy" / "envoy"
    assert data == {
        "envoy.json": (folder / "boot" / "envoy.json").read_text(),
        "rds.json": (folder / "routes" / "rds.json").read_text(),
    }


@pytest.fixture(scope="module")
def ports(settings: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """Envoy with the exported files, and its folder of routes, put there as the kubelet puts a ConfigMap: behind ..data, which is renamed."""
    place = tmp_path_factory.mktemp("etc")
    routes = place / "routes"
    routes.mkdir()
    mount(routes, settings.folder / "deploy", "one")
    gateway, admin, django, fastapi = (free_port() for _ in range(4))
    text = (settings.folder / "deploy" / "envoy" / "boot" / "envoy.json").read_text()
    boot = json.loads(text.replace(remote.FOLDER, str(place)))
    resources = boot["static_resources"]
    listening = resources["listeners"][0]["address"]["socket_address"]
    assert listening == {"address": "0.0.0.0", "port_value": remote.LISTEN}
    listening |= {"address": "127.0.0.1", "port_value": gateway}
    listening = resources["listeners"][1]["address"]["socket_address"]
    assert listening == {"address": "0.0.0.0", "port_value": 9464}
    listening |= {"address": "127.0.0.1", "port_value": free_port()}
    boot["admin"]["address"]["socket_address"]["port_value"] = admin
    here = {"django": django, "fastapi": fastapi, "127.0.0.1": admin}
    for cluster in resources["clusters"]:
        for endpoints in cluster.get("load_assignment", {}).get("endpoints", []):
            at = endpoints["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
            named = cluster["type"] == "STRICT_DNS"
            at |= {"port_value": here[at["address"]], "address": "localhost" if named else "127.0.0.1"}
    (place / "envoy.json").write_text(json.dumps(boot))
    command = [
        control.envoy_binary(),
        "-c",
        str(place / "envoy.json"),
        "--concurrency",
        "1",
        "--disable-hot-restart",
    ]
    with Group(place / "logs") as group:
        simple_backend(group, "django", django)
        simple_backend(group, "fastapi", fastapi)
        child = group.start("envoy", command, port=gateway, cwd=place, env=os.environ)
        group.wait_ready(child)
        yield gateway, routes


def mount(routes: Path, deploy: Path, version: str) -> None:
    """As the kubelet's atomic writer does it."""
    (routes / f"..{version}").mkdir()
    (routes / f"..{version}" / "rds.json").write_bytes(
        (deploy / "envoy" / "routes" / "rds.json").read_bytes()
    )
    (routes / "..data_tmp").symlink_to(f"..{version}")
    os.rename(routes / "..data_tmp", routes / "..data")
    if not (routes / "rds.json").is_symlink():
        (routes / "rds.json").symlink_to("..data/rds.json")


def test_the_health_check_asks_envoy_itself(compose: dict[str, Any], ports: tuple[int, Path]) -> None:
    kind, *command = compose["services"]["gateway"]["healthcheck"]["test"]
    assert kind == "CMD"
    found = [part.replace("$$", "$").replace(f"/{remote.LISTEN} ", f"/{ports[0]} ") for part in command]
    until(lambda: subprocess.run(found, check=False, timeout=10, capture_output=True).returncode == 0)
    other = [part.replace("x-segue-version: any", "x-segue-version: other") for part in found]
    assert subprocess.run(other, check=False, timeout=10).returncode == 1


def test_a_new_export_reaches_envoy_through_the_mount(
    settings: Config, ports: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "check", lambda *_: None)
    gateway, routes = ports
    with httpx.Client(base_url=f"http://127.0.0.1:{gateway}", trust_env=False, timeout=20) as http:
        until(lambda: http.get("/api/articles/1/").headers.get("x-segue-route") == "django")
        book = ledger.read(settings.ledger_file)
        book.entries[GET] = replace(book.entries[GET], weight=100)
        ledger.write(settings.ledger_file, book)
        containers.export(settings, "compose", settings.folder / "deploy")
        mount(routes, settings.folder / "deploy", "two")
        until(lambda: http.get("/api/articles/1/").headers.get("x-segue-route") == "fastapi")
        # By rename in place, as the export itself does it in the folder that Compose mounts.
        (routes / "rds.json.new").write_bytes((routes / "..one" / "rds.json").read_bytes())
        os.rename(routes / "rds.json.new", routes / "rds.json")
        until(lambda: http.get("/api/articles/1/").headers.get("x-segue-route") == "django")


def until(holds: Any) -> None:
    end = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_edits_are_kept_and_routes_are_the_ledgers(fresh: Config) -> None:
    out = fresh.folder / "deploy"
    containers.export(fresh, "compose", out)
    file, routes = out / "compose.yaml", out / "envoy" / "routes" / "rds.json"
    file.write_text(file.read_text().replace("127.0.0.1:8080:8080", "127.0.0.1:9000:8080"))
    (fresh.folder / "segue.toml").write_text(TOML.replace("site.wsgi", "other.wsgi"))
    containers.export(open_project(fresh.folder), "compose", out)
    services = yaml.safe_load(file.read_text())["services"]
    assert services["gateway"]["ports"][0] == "127.0.0.1:9000:8080"
    assert services["django"]["command"] == ["gunicorn", "other.wsgi", "--bind", "0.0.0.0:8000"]
    routes.write_text(routes.read_text().replace("django", "fastapi"))
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    with pytest.raises(UsageError, match="changed by hand"):
        containers.export(fresh, "compose", out)
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before


def test_a_file_of_somebody_else_is_not_replaced(fresh: Config) -> None:
    out = fresh.folder / "deploy"
    out.mkdir()
    (out / "compose.yaml").write_text("services: {}\n")
    with pytest.raises(UsageError, match="nothing was written"):
        containers.export(fresh, "compose", out)
    assert [p.name for p in out.iterdir()] == ["compose.yaml"]


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (["gunicorn", "a.wsgi", "--bind=localhost:{port}"], ["gunicorn", "a.wsgi", "--bind=0.0.0.0:8000"]),
        (["gunicorn", "a.wsgi", "-b", ":{port}"], ["gunicorn", "a.wsgi", "-b", ":8000"]),
        (
            ["uvicorn", "a.asgi:app", "--host", "127.0.0.1", "--port", "{port}"],
            ["uvicorn", "a.asgi:app", "--host", "0.0.0.0", "--port", "8000"],
        ),
        (["sh", "-c", "exec gunicorn a.wsgi -b 127.0.0.1:{port} -w 2"], ["sh", "-c", "exec gunicorn a.wsgi -b 0.0.0.0:8000 -w 2"]),
        (["uvicorn", "a.asgi:app", "--port", "{port}"], None),
        (["gunicorn", "a.wsgi", "--bind", "0.0.0.0:9000"], None),
        (["gunicorn", "a.wsgi", "--bind", "unix:/run/a.sock"], None),
    ],
)  # fmt: skip
def test_django_listens_beyond_its_container_or_is_refused(
    fresh: Config, command: list[str], wanted: list[str] | None
) -> None:
    asked = replace(fresh, django_command=tuple(command))
    out = fresh.folder / "deploy"
    if wanted is None:
        with pytest.raises(UsageError, match="listens on all addresses"):
            containers.export(asked, "compose", out)
        assert not out.exists()
        return
    containers.export(asked, "compose", out)
    assert yaml.safe_load((out / "compose.yaml").read_text())["services"]["django"]["command"] == wanted


def test_without_a_command_django_is_gunicorns(fresh: Config) -> None:
    asked = replace(fresh, django_command=(), python=sys.executable)
    with pytest.raises(UsageError, match="django_command is not set"):
        containers.export(asked, "compose", fresh.folder / "deploy")
    (fresh.folder / "site").mkdir()
    (fresh.folder / "site" / "wsgi.py").write_text("application = None\n")
    containers.export(asked, "compose", fresh.folder / "deploy")
    services = yaml.safe_load((fresh.folder / "deploy" / "compose.yaml").read_text())["services"]
    assert services["django"]["command"][:6] == [
        "python",
        "-m",
        "gunicorn",
        "site.wsgi:application",
        "--bind",
        "0.0.0.0:8000",
    ]


def test_routes_that_no_config_map_holds_are_refused(fresh: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "LARGEST", 1000)
    with pytest.raises(UsageError, match="a ConfigMap holds 1 MiB"):
        containers.export(fresh, "manifests", fresh.folder / "k8s")


@pytest.mark.parametrize("proxies", [0, 1])
def test_the_scheme_is_taken_from_the_gateway_only_where_a_proxy_says_it(fresh: Config, proxies: int) -> None:
    containers.export(replace(fresh, gateway_proxies=proxies), "compose", fresh.folder / "deploy")
    services = yaml.safe_load((fresh.folder / "deploy" / "compose.yaml").read_text())["services"]
    told = [services[side]["environment"].get("FORWARDED_ALLOW_IPS") for side in ("django", "fastapi")]
    assert told == ["*" if proxies else None] * 2


def test_what_is_missing_is_said(fresh: Config) -> None:
    out = fresh.folder / "deploy"
    with pytest.raises(UsageError, match="needs a folder"):
        containers.export(fresh, "compose", None)
    with pytest.raises(UsageError, match="certificate is not exported"):
        containers.export(replace(fresh, certificate="a.pem", key="a.key"), "compose", out)
    for port in (8080, 9901):
        with pytest.raises(UsageError, match=f"Port {port} of gateway.metrics"):
            containers.export(replace(fresh, metrics=f"127.0.0.1:{port}"), "compose", out)
    snapshot = load(fresh.snapshot_file)
    (fresh.folder / "Dockerfile").unlink()
    with pytest.raises(UsageError, match="no Dockerfile for Django"):
        containers.export(fresh, "manifests", out)
    file = Database("default", "django.db.backends.sqlite3", "sqlite")
    dump.save(replace(snapshot, settings=replace(snapshot.settings, databases=(file,))), fresh.snapshot_file)
    with pytest.raises(UsageError, match="SQLite"):
        containers.export(fresh, "compose", out)
    assert not out.exists()
