"""Pages of Kubeflow's user interface."""

from sightline.targets.kfp.settings import KubeflowTarget


def run_page(target: KubeflowTarget, run_id: str) -> str:
    """Return the page of a run."""
    return f"{_interface(target)}/#/runs/details/{run_id}"


def schedule_page(target: KubeflowTarget, recurring_run_id: str) -> str:
    """Return the page of a recurring run."""
    return f"{_interface(target)}/#/recurringrun/details/{recurring_run_id}"


def artifact_page(target: KubeflowTarget) -> str:
    """Return where browsers open an artifact, with blanks for its scheme, bucket and path."""
    place = "source={scheme}&bucket={bucket}&key={path}"
    return f"{_interface(target)}/artifacts/get?{place}&namespace={target.namespace}"


def tasks_api(target: KubeflowTarget) -> str:
    """Return where tasks reach the service that has both the API and the metadata store."""
    return f"http://ml-pipeline-ui.{target.namespace}"


def _interface(target: KubeflowTarget) -> str:
    return (target.ui_host or target.host).rstrip("/")
