"""Pages of Kubeflow's user interface."""

from sightline.targets.kfp.settings import KubeflowTarget


def run_page(target: KubeflowTarget, run_id: str) -> str:
    """Return the page of a run."""
    return f"{_interface(target)}/#/runs/details/{run_id}"


def schedule_page(target: KubeflowTarget, recurring_run_id: str) -> str:
    """Return the page of a recurring run."""
    return f"{_interface(target)}/#/recurringrun/details/{recurring_run_id}"


def _interface(target: KubeflowTarget) -> str:
    return (target.ui_host or target.host).rstrip("/")
