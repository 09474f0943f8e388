"""Features of Kubernetes, which stand in documents of their own."""

from sightline.lint.checked import Checked
from sightline.package.reading.tasks import pods

RULE = "platform"


def features(checked: Checked) -> list[str]:
    """Name what the package's platform documents hold, such as `pvcMount` or `workspace`."""
    found: set[str] = set()
    for document in checked.documents[1:]:
        for pod in pods(document).values():
            found |= pod.keys()
        config = document.get("platforms", {}).get("kubernetes", {}).get("pipelineConfig", {})
        found |= config.keys()
    return sorted(found)
