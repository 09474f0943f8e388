"""Names of the stage images, what runs in them, and the Dockerfiles that they are built from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline import __version__
from sightline._house import house
from sightline.ground.errors import UserError, nearest, shorten
from sightline.project.roles import gpu_stages

PYTHON_IMAGE = "python:3.11-slim-bookworm"
"""What the lowest base stands on, unless a person names another."""
GPU_SUFFIX = "-cuda"
SERVING = "serving"
"""Name of the model server's image, which no pipeline runs."""
BEAM = "beam"
"""Name of the image of Apache Beam's engine, which is built when it is asked for."""
OF_NO_STAGE = {
    SERVING: ("sightline.serving.container",),
    BEAM: ("sightline", "sightline.batch.beam.running"),
}
"""What images that no pipeline runs must be able to start."""


def image_reference(stage: str) -> str:
    """Name the image of a stage, such as `sightline/label-check:0.1.0`."""
    return f"{image_name(stage)}:{__version__}"


def image_name(stage: str) -> str:
    """Name the image of a stage without a tag, such as `sightline/label-check`."""
    return f"sightline/{stage.replace('_', '-')}"


def with_cuda(reference: str) -> str:
    """Return the image for NVIDIA GPUs beside a stage's own; any other image stays."""
    name, _, tag = reference.partition(":")
    own = {image_name(stage) for stage in gpu_stages()}
    return reference if name not in own or tag.endswith(GPU_SUFFIX) else f"{reference}{GPU_SUFFIX}"


def module_of(folder: str, component: str) -> str:
    """Name the module that a component runs: its stage's folder, or the one in it of its name.

    `components.train` runs `train`; `components.ingest.fingerprint` runs `fingerprint`.
    """
    return folder if component == folder.rpartition(".")[2] else f"{folder}.{component}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A Dockerfile of this project and the image that comes out of it."""

    name: str
    dockerfile: Path
    tag: str = __version__
    gpu: bool = False
    """Whether it is for NVIDIA GPUs, on a base with CUDA."""

    @property
    def is_stage(self) -> bool:
        """Whether a pipeline runs it."""
        return self.name not in OF_NO_STAGE

    @property
    def reference(self) -> str:
        """The image's name and tag."""
        return f"{image_name(self.name)}:{self.tag}"


def repository_root(root: Path | None = None) -> Path:
    """Find the checkout that this package runs from, for it holds the Dockerfiles.

    Raises:
        UserError: the package was installed without its sources.
    """
    root = root or house()
    if not (root / "containers").is_dir():
        raise UserError(
            f"Expected the project's sources, with a folder `containers`, in {root}; received an "
            "installed package. Clone the repository and run `sightline images build` there."
        )
    return root


def find_stages(repository: Path) -> list[str]:
    """List the stages that have a Dockerfile."""
    return sorted(path.parent.name for path in repository.glob("components/*/Dockerfile"))


def stage_recipes(
    repository: Path, names: Sequence[str] = (), tag: str = __version__, gpu: Sequence[str] = ()
) -> list[Recipe]:
    """Return the recipes of the named stages, or of all; dashes and underscores are the same.

    The server's is one of them.

    Those of the stages in `gpu` are for NVIDIA GPUs, and say so in their tags.

    Raises:
        UserError: a stage has no Dockerfile, or has no use for a GPU.
    """
    others = [name for name in OF_NO_STAGE if _dockerfile(repository, name).is_file()]
    found = [*find_stages(repository), *others]
    chosen = [name.replace("-", "_") for name in names] or [one for one in found if one != BEAM]
    on_gpu = _gpu_stages(gpu, chosen)
    for name in chosen:
        if name not in found:
            guess = nearest(name, found)
            remedy = f"Did you mean {guess}?" if guess else "Pass no name to build all."
            raise UserError(
                f"Expected stages with a Dockerfile ({shorten(found, 20)}); "
                f"received {name}. {remedy}"
            )
    return [
        Recipe(
            name,
            _dockerfile(repository, name),
            tag + GPU_SUFFIX if name in on_gpu else tag,
            gpu=name in on_gpu,
        )
        for name in chosen
    ]


def _dockerfile(repository: Path, name: str) -> Path:
    if name in OF_NO_STAGE:
        return repository / "containers" / f"{name}.Dockerfile"
    return repository / "components" / name / "Dockerfile"


def _gpu_stages(names: Sequence[str], chosen: Sequence[str]) -> set[str]:
    wanted = {name.replace("-", "_") for name in names}
    for name in sorted(wanted):
        if name not in gpu_stages():
            raise UserError(
                f"expected --gpu with a stage that can use one ({' or '.join(gpu_stages())}); "
                f"received {name}. Leave it out: that stage runs on the processor."
            )
        if name not in chosen:
            raise UserError(
                f"expected --gpu with one of the stages to build; received {name}. Name it among "
                "the stages, too, or name none to build all."
            )
    return wanted


def base_recipes(repository: Path, recipes: Sequence[Recipe]) -> list[Recipe]:
    """Return the base images that `recipes` stand on, each after the one that it stands on."""
    bases: dict[str, Recipe] = {}
    for recipe in recipes:
        name = base_of(recipe.dockerfile)
        if name is not None:
            base = _base(repository, name, recipe)
            for found in (*base_recipes(repository, [base]), base):
                bases.setdefault(found.reference, found)
    return list(bases.values())


def _base(repository: Path, name: str, above: Recipe) -> Recipe:
    plain = repository / "containers" / f"{name}.Dockerfile"
    for_gpu = plain.with_stem(f"{name}{GPU_SUFFIX}")
    chosen = for_gpu if above.gpu and for_gpu.is_file() else plain
    return Recipe(name, chosen, above.tag, above.gpu)


def base_of(dockerfile: Path) -> str | None:
    """Name the project's own base in a Dockerfile's FROM; None when it stands on Python itself."""
    match = re.search(r"^FROM sightline/([\w-]+):", dockerfile.read_text(encoding="utf-8"), re.M)
    return match.group(1) if match else None
