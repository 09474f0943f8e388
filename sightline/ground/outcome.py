"""What came out of a run: one model for whoever tells of it, in the container and on the desk.

The exit task puts it together from the stages' documents and keeps it in `summary.json`; the
user's side reads it there, or from what the run's artifacts say.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sightline.ground.headlines.headline import KEY, Figure, figures_in
from sightline.ground.headlines.old_headline import old_recipe

EXIT_TASK = "notify"
"""The task that leaves a summary, whatever happened: where only the store of a run can be asked."""
SUMMARY = "summary"
"""Its artifact, which holds `summary.json`."""
SUMMARY_FILE = "summary.json"
TEST_SPLIT, JUDGED_MODEL = "test_split", "judged_model"
"""Where a judgement's metadata says on which images it was made, and of which model: digests."""
NUM_MISTAKES = "num_mistakes"
"""Where a judgement's metadata says how many answers were wrong."""
MISTAKES_FILE = "mistakes.csv"
"""Lists them, each with the file of its image."""
DEPLOY = "deploy"
"""The decision by which a model goes on."""


class Check(Protocol):
    """One condition of a decision."""

    @property
    def outcome(self) -> str: ...
    @property
    def required(self) -> float | None: ...
    @property
    def reason(self) -> str: ...


def decisive_reasons(checks: Sequence[Check]) -> tuple[str, ...]:
    """Return why a model is held, or which requirements it met to go on."""
    failed = tuple(check.reason for check in checks if check.outcome == "failed")
    return failed or tuple(check.reason for check in checks if check.required is not None)


class Warned(BaseModel):
    """What a stage warned of: the sentence of its page, with what to do."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    task: str
    text: str


class Outcome(BaseModel):
    """What came out of a run; None or empty where nothing says so."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    decision: str | None = None
    reasons: tuple[str, ...] = ()
    headline: tuple[Figure, ...] = ()
    """The figures to say first; the first is the figure of the run."""
    cross_validated: tuple[Figure, ...] = ()
    """Figures over folds or seeds of images that training may see; they decide nothing."""
    num_test_images: int | None = None
    """Images behind the figures."""
    num_images: int | None = None
    num_refused: int | None = None
    refusals: dict[str, int] = Field(default_factory=dict)
    """Refused images by reason."""
    classes: tuple[str, ...] = ()
    recipe: str | None = None
    version: int | None = None
    """The live version of the model."""
    version_from: str = ""
    """Run that put it live, as far as it was not this one."""
    held_back: str = ""
    """Why the run's own model did not go live although it was to be deployed."""
    model_folder: str = ""
    model_sha256: str | None = None
    settings: dict[str, str | int] = Field(default_factory=dict)
    """Settings that the artifacts show, by `<stage>.<setting>`."""
    warnings: tuple[Warned, ...] = ()
    """What the stages warned of, in their order."""

    @model_validator(mode="before")
    @classmethod
    def _read_headline(cls, said: Any) -> Any:
        if not isinstance(said, dict):
            return said
        return {**said, KEY: figures_in(said), "recipe": said.get("recipe", old_recipe(said))}

    @property
    def figure(self) -> Figure | None:
        """Return the figure that a person asks for; None where no task named one."""
        return self.headline[0] if self.headline else None

    @property
    def shown(self) -> tuple[Figure, ...]:
        """All figures to say: those of the judgement, then those over folds or seeds."""
        return (*self.headline, *self.cross_validated)

    @property
    def goes_on(self) -> bool:
        """Tell whether the decision lets the model go on to where it is used."""
        return self.decision == DEPLOY

    @property
    def put_live(self) -> int | None:
        """Return the version that this run made live itself."""
        return None if self.version_from or self.held_back else self.version

    @property
    def decision_text(self) -> str | None:
        """Say the decision with its reasons."""
        return " ".join([f"{self.decision}.", *self.reasons]) if self.decision else None

    @property
    def images_text(self) -> str | None:
        """Say how many images came in and how many were refused."""
        if self.num_images is None:
            return None
        refused = "" if self.num_refused is None else f", {self.num_refused:,} refused"
        return f"{self.num_images:,}{refused}"

    def facts(self) -> Iterator[tuple[str, str]]:
        """Yield what every medium says of it, by name: decision, figures, images, warnings."""
        if text := self.decision_text:
            yield "Decision", text
        yield from self.figures()
        if text := self.images_text:
            yield "Images", text
        if self.warnings:
            yield "Warnings", "\n".join(f"{one.task}: {one.text}" for one in self.warnings)

    def figures(self) -> Iterator[tuple[str, str]]:
        """Yield the headline figures by their labels, the first with what it was measured on."""
        images = f" on {self.num_test_images:,} test images" if self.num_test_images else ""
        for number, figure in enumerate(self.headline):
            yield figure.label, figure.text + ("" if number else images)
        for figure in self.cross_validated:
            yield figure.label, figure.text
