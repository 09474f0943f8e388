from sightline.components import fingerprint, ingest, label_check
from sightline.package.pipeline import TaskFactory, pipeline


@pipeline(name="sightline-screening", stages=[fingerprint, ingest, label_check])
def screening(task: TaskFactory) -> None:
    """Images and labels, looked at before anybody trains on them."""
    listed = task(fingerprint, cache=False)
    ingested = task(ingest, fingerprint=listed.outputs["digest"])
    task(label_check, dataset=ingested.outputs["dataset"])
