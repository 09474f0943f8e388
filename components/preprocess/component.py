from kfp import dsl

from sightline.package.component import container


@dsl.container_component
def preprocess(
    dataset: dsl.Input[dsl.Dataset],
    records: dsl.Output[dsl.Dataset],
    report: dsl.Output[dsl.HTML],
    image_size: int = 224,
    resize_mode: str = "squash",
    crop_scale: float = 2.0,
    interpolation: str = "bilinear",
    channels: int = 3,
    validation_share: float = 0.1,
    test_share: float = 0.1,
    stratify: str = "stable",
    split_salt: str = "sightline",
    compress: bool = False,
    shard_megabytes: int = 100,
    workers: int = 0,
) -> dsl.ContainerSpec:
    """Split once and resize once, into training records and the preprocessing contract.

    Args:
        dataset: The cleaned dataset.
        records: TFRecord shards per split, and records.json with the preprocessing contract.
        report: The splits, and images before and after.
        image_size: Side of the square image that the model sees, in pixels.
        resize_mode: squash ignores the aspect ratio, pad fills up to a square, crop takes the
            centre of a larger padded resize.
        crop_scale: How many times as large as its crop the image is made before crop takes the
            centre.
        interpolation: How pixels are interpolated; shrinking is antialiased.
        channels: 1 for grey, 3 for RGB.
        validation_share: Share of images for validation where the source gives no split.
        test_share: Share of images for the test where the source gives no split.
        stratify: stable gives each class its shares up to chance and never moves an image when
            others are added; exact gives the shares to the image and may move some.
        split_salt: Changes which images fall into which split; keep it for as long as models are
            compared.
        compress: Compress records: 40 % smaller for photographs, but slower to write and to read.
        shard_megabytes: About how large a record file becomes.
        workers: Threads that decode and resize images; 0 takes one per core.
    """
    return container("components.preprocess")
