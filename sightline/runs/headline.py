"""What a person wants to know first about a run: the decision, the accuracy, what is live."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sightline.runs.records import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The first lines about a run; None where no task said so."""

    decision: str | None
    reasons: str | None
    accuracy: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    num_test_images: int | None
    num_images: int | None
    num_refused: int | None
    recipe: str | None
    version: str | None
    """The version that the run put live."""
    kept_version: str | None
    """The version that stays live, because the run's model had been rolled back."""
    model_folder: str | None
    webhook_failure: str | None
    """Why the webhook was not called, though it was to be."""

    def accuracy_text(self) -> str | None:
        """Say the test accuracy with its interval, such as `0.972 (0.944 to 0.986)`."""
        if self.accuracy is None:
            return None
        if self.accuracy_low is None or self.accuracy_high is None:
            return f"{self.accuracy:.3f}"
        return f"{self.accuracy:.3f} ({self.accuracy_low:.3f} to {self.accuracy_high:.3f})"


def headline(record: "RunRecord") -> Headline:
    """Read the headline from the outputs of a run's tasks."""
    metrics = _metadata(record, "evaluate", "metrics")
    evaluation = _metadata(record, "evaluate", "evaluation")
    deployment = _metadata(record, "deploy", "deployment")
    webhook = str(_metadata(record, "notify", "summary").get("webhook", ""))
    task = record.tasks.get("evaluate")
    decision = task.outputs.parameters.get("decision") if task else None
    return Headline(
        decision=_text(decision or record.outcome.get("decision")),
        reasons=_text(evaluation.get("reasons")),
        accuracy=_number(metrics.get("accuracy", record.outcome.get("accuracy"))),
        accuracy_low=_number(metrics.get("accuracy_low")),
        accuracy_high=_number(metrics.get("accuracy_high")),
        num_test_images=_count(metrics.get("num_images")),
        num_images=_count(_metadata(record, "ingest", "dataset").get("num_images")),
        num_refused=_count(_metadata(record, "ingest", "quarantine").get("num_refused")),
        recipe=_text(_metadata(record, "train", "model").get("recipe")),
        version=_text(deployment.get("version")) if deployment.get("live") else None,
        kept_version=_text(deployment.get("version")) if deployment.get("live") is False else None,
        model_folder=_text(deployment.get("folder")),
        webhook_failure=webhook if webhook.startswith("failed") else None,
    )


def _metadata(record: "RunRecord", task: str, artifact: str) -> dict[str, Any]:
    found = record.tasks.get(task)
    output = found.outputs.artifacts.get(artifact) if found else None
    return dict(output.metadata) if output else {}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None
