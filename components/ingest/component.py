from kfp import dsl

from sightline.package.component import stage_component

from .settings import FingerprintSettings, IngestSettings


@stage_component(FingerprintSettings)
def fingerprint(
    digest: dsl.OutputPath(str),
) -> None:
    """List the source and hash the listing, so that new data behind an unchanged path is seen.

    Args:
        digest: Hash of paths, sizes, generation numbers or times, and of the period that
            cache_max_age sets.
    """


@stage_component(IngestSettings)
def ingest(
    dataset: dsl.Output[dsl.Dataset],
    quarantine: dsl.Output[dsl.Dataset],
    report: dsl.Output[dsl.HTML],
    fingerprint: str,
) -> None:
    """Read images and labels from anywhere into one immutable dataset.

    Args:
        dataset: The images that could be read, with labels, as sharded Parquet.
        quarantine: What was refused, why, and what to do: a CSV table.
        report: What came in and what was refused.
        fingerprint: Hash of the source's listing, from the fingerprint task.
    """
