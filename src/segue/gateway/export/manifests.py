"""The gateway and both sides as objects of Kubernetes, by file name. Names are those of ``--to kubernetes``: the two go together."""

from __future__ import annotations

from typing import Any

from segue import digest
from segue.errors import UsageError
from segue.gateway.export.compose import ENVOY_USER, NOBODY, envoy_command
from segue.gateway.export.images import Side
from segue.gateway.export.remote import ANY, FOLDER, LISTEN, SIDE
from segue.gateway.routes import ACTIVE_HEADER, ACTIVE_PATH, UNTRACED

Json = dict[str, Any]
LARGEST = 1_000_000  # bytes; a ConfigMap holds 1 MiB with all that belongs to it
# Defaults to be measured against, not measured: a place in the cluster that no container can outgrow unseen.
_RESOURCES: dict[str, Json] = {
    "gateway": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
    "django": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
    "fastapi": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
}


def documents(
    django: Side, fastapi: Side, image: str, boot: str, rds: str, metrics: int = 0
) -> dict[str, list[Json]]:
    """File name → objects. ``image`` is Envoy's; ``boot`` and ``rds`` are the texts of its two files, ``metrics`` the port at which it tells
    Prometheus its statistics, 0 if none.

    Raises :class:`UsageError` for routes that no ConfigMap can hold.
    """
    if len(rds.encode()) > LARGEST:
        raise UsageError(
            f"The routes have {len(rds.encode()):,} bytes; a ConfigMap holds 1 MiB.",
            hint="Put routes/rds.json of `--to compose` on a volume of the gateway's instead.",
        )
    files = {
        "routes.yaml": [_config_map("segue-routes", {"rds.json": rds})],
        "gateway.yaml": [
            _config_map("segue-boot", {"envoy.json": boot}),
            _gateway(image, digest.of_bytes(boot.encode())[:16], metrics),
            _service("gateway", {"ports": [{"name": "http", "port": 80, "targetPort": "http"}]}),
            {
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": _metadata("gateway"),
                "spec": {"minAvailable": 1, "selector": {"matchLabels": _labels("gateway")}},
            },
        ],
    }
    for side in (django, fastapi):
        # Headless: Envoy sees each pod, so that one that fails is left out alone.
        ports = {"clusterIP": "None", "ports": [{"name": "http", "port": SIDE, "targetPort": "http"}]}
        files[f"{side.name}.yaml"] = [_side(side), _service(side.name, ports), _only_gateway(side.name)]
    files["kustomization.yaml"] = [
        {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": list(files),
            "images": [
                {"name": _image(side), "newName": _image(side), "newTag": "unset"}
                for side in ("django", "fastapi")
            ],
        }
    ]
    return files


def _gateway(image: str, boot: str, metrics: int) -> Json:
    probe: Json = {
        "httpGet": {
            "path": ACTIVE_PATH,
            "port": "http",
            "httpHeaders": [
                {"name": name, "value": value} for name, value in {ACTIVE_HEADER: ANY, **UNTRACED}.items()
            ],
        }
    }
    container: Json = {
        "image": image,
        "command": envoy_command(),
        "readinessProbe": {**probe, "periodSeconds": 2, "timeoutSeconds": 2},
        "livenessProbe": {**probe, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6},
        # The whole folder: Envoy reads the routes again when the kubelet renames ..data, which a subPath never sees.
        "volumeMounts": [
            {"name": "boot", "mountPath": f"{FOLDER}/boot", "readOnly": True},
            {"name": "routes", "mountPath": f"{FOLDER}/routes", "readOnly": True},
        ],
    }
    volumes = [
        {"name": "boot", "configMap": {"name": "segue-boot"}},
        {"name": "routes", "configMap": {"name": "segue-routes"}},
    ]
    made = _deployment("gateway", ENVOY_USER, LISTEN, container, volumes)
    # Envoy reads its start-up file once: another one makes new pods. Other routes do not.
    pod = made["spec"]["template"]
    pod["metadata"]["annotations"] = {"segue/boot": boot}
    if metrics:
        pod["spec"]["containers"][0]["ports"].append({"name": "metrics", "containerPort": metrics})
    return made


def _side(side: Side) -> Json:
    probe: Json = {"tcpSocket": {"port": "http"}}
    asked = [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": side.name, "key": name}}} for name in side.asked
    ]
    given = [
        {"name": name, "value": value.replace("$(", "$$(")} for name, value in side.given.items()
    ]  # $(NAME) is a reference
    container: Json = {
        "image": _image(side.name),
        **({"args": [part.replace("$(", "$$(") for part in side.command]} if side.command else {}),
        "env": [*given, *asked],
        # Names of the settings' own that Segue does not know.
        **(
            {"envFrom": [{"secretRef": {"name": "django", "optional": True}}]}
            if side.name == "django"
            else {}
        ),
        "startupProbe": {**probe, "periodSeconds": 2, "failureThreshold": 60},
        "readinessProbe": {**probe, "periodSeconds": 5, "timeoutSeconds": 2},
        "livenessProbe": {**probe, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6},
    }
    return _deployment(side.name, NOBODY, SIDE, container, [])


def _deployment(name: str, user: int, port: int, container: Json, volumes: list[Json]) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(name),
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": _labels(name)},
            # No pod less while new ones come: what is there carries all of the load.
            "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {
                "metadata": {"labels": _labels(name)},
                "spec": {
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "terminationGracePeriodSeconds": 40,
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": user,
                        "runAsGroup": user,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [
                        {
                            "name": name,
                            **container,
                            "ports": [{"name": "http", "containerPort": port}],
                            "resources": _RESOURCES[name],
                            "securityContext": {
                                "allowPrivilegeEscalation": False,
                                "readOnlyRootFilesystem": True,
                                "capabilities": {"drop": ["ALL"]},
                            },
                            # Until nobody sends it requests any more.
                            "lifecycle": {"preStop": {"sleep": {"seconds": 10}}},
                            "volumeMounts": [
                                {"name": "tmp", "mountPath": "/tmp"},
                                *container.get("volumeMounts", []),
                            ],
                        }
                    ],
                    "volumes": [{"name": "tmp", "emptyDir": {}}, *volumes],
                },
            },
        },
    }


def _only_gateway(name: str) -> Json:
    """The side believes what the gateway says about clients: nobody else may say it."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _metadata(name),
        "spec": {
            "podSelector": {"matchLabels": _labels(name)},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": _labels("gateway")}}], "ports": [{"port": SIDE}]}],
        },
    }  # fmt: skip


def _service(name: str, spec: Json) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(name),
        "spec": {"selector": _labels(name), **spec},
    }


def _config_map(name: str, data: dict[str, str]) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def _image(side: str) -> str:
    """A name that no registry has: the team's own is set in kustomization.yaml. `django` alone would be somebody's image."""
    return f"segue.invalid/{side}"


def _metadata(name: str) -> Json:
    return {"name": name, "labels": _labels(name)}


def _labels(name: str) -> Json:
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "segue"}
