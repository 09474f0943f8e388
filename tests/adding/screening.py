from sightline.components import backbone, fingerprint, ingest, label_check
from sightline.package.pipeline import TaskFactory, pipeline


@pipeline(name="sightline-screening", stages=[fingerprint, ingest, label_check, backbone])
def screening(task: TaskFactory) -> None:
    """Images and labels, looked at before anybody trains on them."""
    listed = task(fingerprint, cache=False)
    ingested = task(ingest, fingerprint=listed.outputs["digest"])
    made = task(backbone)
    task(label_check, dataset=ingested.outputs["dataset"], extractor=made.outputs["extractor"])
