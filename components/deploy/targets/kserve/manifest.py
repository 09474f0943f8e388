"""The InferenceService: which version answers, which one shares the requests, in either mode."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from components.deploy.targets.kserve.settings import KServeSettings
from sightline.clouds.kubernetes.cluster import Document

MODE = "serving.kserve.io/deploymentMode"
VARIANT = "SIGHTLINE_VARIANT"
"""Environment variable of a container: version and a hash of all that it was told."""
STORAGE = "STORAGE_URI"
PORT = 8080


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """What answers: a version, and the container that has it."""

    version: int
    variant: str
    """Equal for two that need no other pods."""
    container: Document

    @property
    def digest(self) -> str:
        """Return how the digest of its bundle begins, which the address of its copy ends with."""
        return str(_told(self.container).get(STORAGE) or "").rpartition("/")[2]

    @property
    def name(self) -> str:
        """Return what KServe calls its Deployment and its Service in Standard mode."""
        return f"v{self.variant}"


def predictor(
    version: int, model: str, place: str, image: str, settings: KServeSettings
) -> Predictor:
    """Describe the pods of a version."""
    memory = settings.kserve_memory
    container: Document = {
        "name": "kserve-container",
        "image": image,
        "args": ["--model_name", model, "--no-page"],
        "ports": [{"containerPort": PORT, "protocol": "TCP"}],
        "readinessProbe": {"httpGet": {"path": "/v2/health/ready", "port": PORT}},
        "livenessProbe": {"httpGet": {"path": "/livez", "port": PORT}},
        "resources": {
            "requests": {"cpu": settings.kserve_cpu, "memory": memory},
            "limits": {"memory": memory},
        },
        "securityContext": {
            "runAsNonRoot": True,
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        "env": [{"name": STORAGE, "value": place}],
    }
    text = json.dumps([container, settings.kserve_service_account], sort_keys=True)
    variant = f"{version}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"
    container["env"].append({"name": VARIANT, "value": variant})
    return Predictor(version=version, variant=variant, container=container)


def predictor_in(spec: Any) -> Predictor | None:
    """Read which version a predictor of an InferenceService is; None where it is none of ours."""
    containers = (spec or {}).get("containers") or [{}]
    variant = str(_told(containers[0]).get(VARIANT) or "")
    number = variant.partition("-")[0]
    if not number.isdigit():
        return None
    return Predictor(version=int(number), variant=variant, container=containers[0])


def _told(container: Document) -> Document:
    return {one.get("name"): one.get("value") for one in container.get("env", [])}


def service(name: str, found: Predictor, settings: KServeSettings) -> Document:
    """Return a new InferenceService, where one version answers everything."""
    document: Document = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": name, "annotations": {MODE: settings.kserve_mode}},
        "spec": {"predictor": {}},
    }
    put(document, found, settings)
    return document


def put(document: Document, found: Predictor, settings: KServeSettings) -> None:
    """Make a version the predictor; what others wrote beside it stays."""
    kept = document["spec"].get("predictor") or {}
    document["spec"]["predictor"] = {
        **{key: value for key, value in kept.items() if key != "name"},
        **_pods(found, settings),
        "minReplicas": settings.kserve_min_replicas,
        "maxReplicas": max(settings.kserve_min_replicas, settings.kserve_max_replicas),
    }


def put_canary(
    document: Document, found: Predictor, percent: int, settings: KServeSettings
) -> None:
    """Give a version beside the predictor its percent of the requests."""
    if settings.kserve_mode == "Knative":
        put(document, found, settings)
        document["spec"]["predictor"]["canaryTrafficPercent"] = percent
        return
    # Without a number of pods of its own, one without requests would have none to be tested.
    one = {**_pods(found, settings), "minReplicas": 1}
    document["spec"]["canary"] = [{"trafficPercent": percent, "predictor": one}]


def canary_of(document: Document) -> tuple[Predictor | None, int]:
    """Return what shares the requests, and its percent."""
    spec = document["spec"]
    for one in spec.get("canary") or []:
        return predictor_in(one.get("predictor")), int(one.get("trafficPercent", 0))
    percent = spec["predictor"].get("canaryTrafficPercent")
    return (None, 0) if percent is None else (predictor_in(spec["predictor"]), int(percent))


def without_canary(document: Document) -> None:
    """Let the predictor answer everything."""
    document["spec"].pop("canary", None)
    document["spec"]["predictor"].pop("canaryTrafficPercent", None)


def _pods(found: Predictor, settings: KServeSettings) -> Document:
    account = settings.kserve_service_account
    return {
        **({"name": found.name} if settings.kserve_mode == "Standard" else {}),
        "containers": [found.container],
        "volumes": [{"name": "tmp", "emptyDir": {"medium": "Memory"}}],
        **({"serviceAccountName": account} if account else {}),
    }


def object_name(model: str) -> str:
    """Return a model's name as Kubernetes writes names, short enough for what KServe adds."""
    letters = (one if one.isalnum() and one.isascii() else "-" for one in model.lower())
    tidy = "-".join(part for part in "".join(letters).split("-") if part)
    return (tidy if tidy[:1].isalpha() else f"model-{tidy}")[:40].rstrip("-")
