"""Commands about the container images of the stages."""

from typing import Annotated

import typer

from sightline.platform.errors import UserError

images = typer.Typer(name="images", help="Container images of the stages.", no_args_is_help=True)


@images.callback()
def choose() -> None:
    """Container images of the stages."""


@images.command()
def build(
    stages: Annotated[
        list[str] | None, typer.Argument(metavar="STAGE...", help="Stages; all unless given.")
    ] = None,
    base: Annotated[str | None, typer.Option(help="Python image to build on.")] = None,
    from_debian: Annotated[
        bool, typer.Option("--from-debian", help="Make the Python image from Debian packages.")
    ] = False,
) -> None:
    """Build and check the image of every stage, and print the sizes."""
    from sightline.platform.image_build import PYTHON_IMAGE, build_images
    from sightline.platform.images import repository_root
    from sightline.platform.render import images_table, show

    if base and from_debian:
        raise UserError("expected --base or --from-debian; received both. Choose one.")
    built = build_images(
        repository=repository_root(),
        stages=stages or (),
        base=base or PYTHON_IMAGE,
        from_debian=from_debian,
        report=typer.echo,
    )
    show(images_table(built))
