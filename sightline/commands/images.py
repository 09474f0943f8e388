"""Commands about the container images of the stages."""

from typing import Annotated

import typer

from sightline.commands.options import DEFAULT_FILE, File
from sightline.ground.errors import UserError

images = typer.Typer(name="images", help="Container images of the stages.", no_args_is_help=True)

StageNames = Annotated[
    list[str] | None, typer.Argument(metavar="STAGE...", help="Stages; all unless given.")
]
Base = Annotated[str | None, typer.Option(help="Python image to build on.")]
FromDebian = Annotated[
    bool, typer.Option("--from-debian", help="Make the Python image from Debian packages.")
]
Gpu = Annotated[
    list[str] | None,
    typer.Option(metavar="STAGE", help="With CUDA for NVIDIA GPUs: train, evaluate; repeat."),
]
Push = Annotated[
    str | None, typer.Option(metavar="REGISTRY", help="Push there, and record the digests.")
]
Platform = Annotated[
    str | None,
    typer.Option(metavar="PLATFORM", help="linux/amd64 or linux/arm64; this one's if left."),
]


@images.callback()
def choose() -> None:
    """Container images of the stages."""


@images.command()
def build(
    stages: StageNames = None,
    base: Base = None,
    from_debian: FromDebian = False,
    gpu: Gpu = None,
    push: Push = None,
    platform: Platform = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Build and check the image of every stage, print the sizes, and push if asked to.

    What was pushed is recorded in sightline.images.json beside the settings file, which need not
    exist. Commit it: packages for a cluster name images by the digests in it.
    """
    from sightline.images.build import build_images
    from sightline.images.push import check_reachable, push_images
    from sightline.images.recipes import PYTHON_IMAGE, repository_root
    from sightline.images.record import images_file, read_images
    from sightline.views.render import images_table, show

    if base and from_debian:
        raise UserError("expected --base or --from-debian; received both. Choose one.")
    record = images_file(file)
    if push:
        read_images(record)
        check_reachable(push)
    built = build_images(
        repository=repository_root(),
        stages=stages or (),
        gpu=gpu or (),
        base=base or PYTHON_IMAGE,
        from_debian=from_debian,
        platform=platform,
        report=typer.echo,
    )
    show(images_table(built))
    if push:
        push_images(built, push, record, typer.echo)
        typer.echo(f"Recorded in {record}; commit it with the settings.")
