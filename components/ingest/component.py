from kfp import dsl

from sightline.package.component import container


@dsl.container_component
def fingerprint(
    digest: dsl.OutputPath(str),
    source: str,
    cache_max_age: str = "",
) -> dsl.ContainerSpec:
    """List the source and hash the listing, so that new data behind an unchanged path is seen.

    Args:
        digest: Hash of paths, sizes, generation numbers or times, and of the period that
            cache_max_age sets.
        source: Folder, CSV, JSONL, zip or tar with the labelled images; a path or a gs://, s3:// or
            https:// URI.
        cache_max_age: Longest time that results are reused while the source does not change, as an
            ISO 8601 duration such as P7D or PT12H; periods of this length are counted from
            1970-01-01 UTC, and the first run in each reads the source again. Empty sets no limit.
    """
    return container("components.ingest.fingerprint")


@dsl.container_component
def ingest(
    dataset: dsl.Output[dsl.Dataset],
    quarantine: dsl.Output[dsl.Dataset],
    report: dsl.Output[dsl.HTML],
    fingerprint: str,
    source: str,
    source_format: str = "auto",
    image_column: str = "",
    label_column: str = "",
    split_column: str = "",
    group_column: str = "",
    label_separator: str = "",
    csv_header: str = "auto",
    classes: str = "[]",
    max_refused_share: float = 0.1,
    max_megapixels: float = 50.0,
    workers: int = 0,
) -> dsl.ContainerSpec:
    """Read images and labels from anywhere into one immutable dataset.

    Args:
        dataset: The images that could be read, with labels, as sharded Parquet.
        quarantine: What was refused, why, and what to do: a CSV table.
        report: What came in and what was refused.
        fingerprint: Hash of the source's listing, from the fingerprint task.
        source: Folder, CSV, JSONL, zip or tar with the labelled images; a path or a gs://, s3:// or
            https:// URI.
        source_format: How labels are given: by class folders, by a CSV table or by JSON lines; auto
            looks at the source.
        image_column: CSV column with the image path or URI, by name or number; empty takes `uri`,
            `image`, `path`, `file`, `filename` or the first.
        label_column: CSV column with the label; empty takes `label`, `class`, `category` or the
            second.
        split_column: CSV column with train, validation or test; empty takes `split`, `ml_use` or
            `subset` if there is one.
        group_column: CSV column or JSONL resource label whose equal values stay in one split, such
            as a patient; empty means none.
        label_separator: Text between several labels in one CSV cell, such as ; or |; empty means
            one label per cell.
        csv_header: Whether the first CSV line names the columns; auto looks whether it names an
            image.
        classes: The labels to expect, as a JSON list; others go to quarantine. Empty accepts every
            label.
        max_refused_share: Largest share of rows that may go to quarantine before the run fails.
        max_megapixels: Largest image to accept, in millions of pixels; larger ones go to
            quarantine.
        workers: Threads that read and decode images; 0 takes one per core, or 8 where images come
            over a network.
    """
    return container("components.ingest")
