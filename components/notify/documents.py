"""What notify reads of other stages' documents; everything else in them is passed over."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sightline.ground.headlines.headline import CROSS_VALIDATED, KEY, Figure, figures_in
from sightline.ground.outcome import EXIT_TASK, SUMMARY_FILE, decisive_reasons
from sightline.ground.outcome import SUMMARY as SUMMARY_ARTIFACT


class Document(BaseModel):
    """A document of a stage, as far as it matters here."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    def figures(self) -> dict[str, Any]:
        """Return what it says about the outcome of a run, by the outcome's names."""
        return {}

    def shown_settings(self) -> dict[str, str | int]:
        """Return the settings that it shows, such as `train.recipe`."""
        return {}


class Dataset(Document):
    """What ingest wrote."""

    num_examples: int
    classes: tuple[str, ...]

    def figures(self) -> dict[str, Any]:
        """Return the number of images and the classes."""
        return {"num_images": self.num_examples, "classes": self.classes}


class Quarantine(Document):
    """What ingest refused."""

    num_refused: int
    reasons: dict[str, int] = Field(default_factory=dict)

    def figures(self) -> dict[str, Any]:
        """Return how many images were refused, and why."""
        return {"num_refused": self.num_refused, "refusals": self.reasons}


class Contract(Document):
    """The size that images are brought to."""

    image_size: int
    resize_mode: str
    channels: int


class Records(Document):
    """What preprocess wrote."""

    contract: Contract

    def shown_settings(self) -> dict[str, str | int]:
        """Return the size that images were brought to, and how."""
        return {f"preprocess.{name}": value for name, value in self.contract}


class Model(Document):
    """What train wrote."""

    recipe: str
    backbone: str = ""
    seed: int
    epochs: int
    model_sha256: str
    cross_validation: dict[str, Any] = {}

    def figures(self) -> dict[str, Any]:
        """Return which model it is, how it was built, and its figures over folds or seeds."""
        over = self.cross_validation.get("figures", ())
        return {"model_sha256": self.model_sha256, "recipe": self.recipe, CROSS_VALIDATED: over}

    def shown_settings(self) -> dict[str, str | int]:
        """Return how the model was trained."""
        apart = ("model_sha256", "cross_validation")
        return {f"train.{name}": value for name, value in self if name not in apart}


class Check(Document):
    """One condition of the decision."""

    outcome: str
    required: float | None = None
    reason: str


class Evaluation(Document):
    """What evaluate measured and decided."""

    decision: Literal["deploy", "hold"]
    checks: tuple[Check, ...] = ()
    num_images: int
    headline: tuple[Figure, ...]
    model_sha256: str

    @model_validator(mode="before")
    @classmethod
    def _read_headline(cls, said: Any) -> Any:
        return {**said, KEY: figures_in(said)} if isinstance(said, dict) else said

    def figures(self) -> dict[str, Any]:
        """Return the decision, its reasons, and the headline on how many images of which model."""
        return {
            "decision": self.decision,
            "reasons": decisive_reasons(self.checks),
            "headline": self.headline,
            "num_test_images": self.num_images,
            "model_sha256": self.model_sha256,
        }


class Deployment(Document):
    """What deploy made live."""

    version: int
    live: bool
    held_back: str = ""
    folder: str
    model_sha256: str | None = None

    def figures(self) -> dict[str, Any]:
        """Return the live version and where it lies; 0 is none."""
        return {
            "version": self.version or None,
            "held_back": self.held_back,
            "model_folder": self.folder,
        }


# Where each document lies: stage, and path from the artifact on.
DATASET = ("ingest", "dataset/dataset.json")
QUARANTINE = ("ingest", "quarantine/quarantine.json")
RECORDS = ("preprocess", "records/records.json")
MODEL = ("train", "model/model.json")
EVALUATION = ("evaluate", "evaluation/evaluation.json")
DEPLOYMENT = ("deploy", "deployment/deployment.json")
SUMMARY = (EXIT_TASK, f"{SUMMARY_ARTIFACT}/{SUMMARY_FILE}")
KINDS: dict[tuple[str, str], type[Document]] = {
    DATASET: Dataset,
    QUARANTINE: Quarantine,
    RECORDS: Records,
    MODEL: Model,
    EVALUATION: Evaluation,
    DEPLOYMENT: Deployment,
}
REUSABLE = (DATASET, QUARANTINE, RECORDS, MODEL, EVALUATION)
"""Those that a run lacks when an engine's cache spared it the stage; deploy is never cached."""
