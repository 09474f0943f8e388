from kfp import dsl

from sightline.package.component import container


@dsl.container_component
def label_check(
    dataset: dsl.Input[dsl.Dataset],
    cleaned: dsl.Output[dsl.Dataset],
    findings: dsl.Output[dsl.Artifact],
    report: dsl.Output[dsl.HTML],
    fail_on: str = "error",
    remove: str = "duplicates",
    min_images_per_class: int = 10,
    max_imbalance: float = 100.0,
    dark_threshold: float = 0.32,
    light_threshold: float = 0.05,
    blur_threshold: float = 0.29,
    information_threshold: float = 0.3,
    odd_aspect_threshold: float = 0.35,
    odd_size_threshold: float = 10.0,
    max_thumbnails: int = 12,
    workers: int = 0,
) -> dsl.ContainerSpec:
    """Tell whether a dataset is worth training on, and clean it.

    Args:
        dataset: What ingest wrote.
        cleaned: The dataset without what was found unusable.
        findings: Every finding with severity, counts, ids and remedy.
        report: The findings with thumbnails.
        fail_on: Lowest severity of a finding that fails the run; never reports only.
        remove: What the cleaned dataset leaves out: extra copies of an image and images under two
            labels, or nothing.
        min_images_per_class: A class with fewer images is reported as rare.
        max_imbalance: Largest ratio of the most common to the rarest class before imbalance is
            reported.
        dark_threshold: An image whose 99th percentile of brightness (0 to 1) lies below this is
            dark.
        light_threshold: An image whose 5th percentile of brightness, counted from white (0 to 1),
            lies below this is light.
        blur_threshold: An image with a sharpness score (0 to 1, from its edges at 64 px) below this
            is blurry.
        information_threshold: An image whose colour histogram has an entropy, in tenths of bits (0
            to 1), below this carries little information.
        odd_aspect_threshold: An image whose short side is less than this share of its long side has
            an odd shape.
        odd_size_threshold: An image whose size (square root of its area) is more than this many
            times above or below the median has an odd size.
        max_thumbnails: Thumbnails per finding in the report.
        workers: Threads that decode and measure images; 0 takes one per core.
    """
    return container("components.label_check")
