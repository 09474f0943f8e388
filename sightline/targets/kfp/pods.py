"""What a Kubeflow target gives to the pod of a task, beside its container."""

from typing import Any

from sightline.project.roles import uses_shared_memory
from sightline.targets.kfp.settings import KubeflowTarget

START_SECONDS = 900
"""Time for a pod to be placed and its image pulled, on top of what the stage may take."""


def extend_pod(
    task: Any, target: KubeflowTarget, stage: str, *, gpu: str = "", timeout_seconds: int | None
) -> None:
    """Add secrets, volumes and placement to a task."""
    from kfp import kubernetes

    wanted = target.kubernetes
    _add_storage(task, target, stage)
    for label, value in {
        **wanted.node_selector,
        **wanted.accelerator_node_selector.get(gpu, {}),
    }.items():
        kubernetes.add_node_selector(task, label, value)
    for toleration in wanted.tolerations:
        if not toleration.stages or stage in toleration.stages:
            kubernetes.add_toleration(task, **toleration.model_dump(exclude={"stages"}))
    if wanted.image_pull_secrets:
        kubernetes.set_image_pull_secrets(task, list(wanted.image_pull_secrets))
    if timeout_seconds:
        # The stage ends itself in time; this is for a pod that never starts.
        kubernetes.set_timeout(task, timeout_seconds + START_SECONDS)


def _add_storage(task: Any, target: KubeflowTarget, stage: str) -> None:
    from kfp import kubernetes

    wanted = target.kubernetes
    for secret in wanted.secrets_as_environment:
        kubernetes.use_secret_as_env(task, secret.secret, dict(secret.variables))
    for files in wanted.secrets_as_volumes:
        kubernetes.use_secret_as_volume(task, files.secret, files.mount_path)
    for volume in wanted.volumes:
        if not volume.stages or stage in volume.stages:
            kubernetes.mount_pvc(task, volume.claim, volume.mount_path)
    if wanted.shared_memory and uses_shared_memory(stage):
        # TensorFlow's workers pass batches through /dev/shm, which a pod has 64 MB of.
        kubernetes.empty_dir_mount(
            task, "shared-memory", "/dev/shm", medium="Memory", size_limit=wanted.shared_memory
        )
