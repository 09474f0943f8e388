"""The model card: what the model is for, how good it is, where it came from."""

import json
from collections.abc import Sequence

from components.export.measuring.parity import Parity
from components.export.settings import ExportSettings
from components.export.wording import rounded_to, with_interval
from sightline.ground.backbones.kept_weights import NOT_STATED
from sightline.ground.models.formats import TENSORFLOW
from sightline.ground.wording import counted
from sightline.problems.judging import Card
from sightline.stage.answering.engine import BY_ENGINE, FORMATS, Engine
from sightline.stage.formats.bundle import SERVED_FORMATS
from sightline.stage.formats.dataset import DatasetInfo
from sightline.stage.formats.evaluation import EvaluationInfo, Figure
from sightline.stage.formats.model import ModelInfo

FILE = "model_card.md"


def model_card(
    trained: ModelInfo,
    judged: EvaluationInfo,
    said: Card,
    results: Sequence[Parity],
    engines: Sequence[Engine],
    settings: ExportSettings,
    data: DatasetInfo,
) -> str:
    """Return the card as Markdown, with the YAML header of Hugging Face's model cards."""
    models = [result.name for result in results if result.kept]
    blocks = [
        header(judged, said, settings),
        f"# {settings.model_name}",
        f"{said.purpose} Recipe: {trained.recipe}.",
        section("Intended use", settings.intended_use),
        section("Data", *data_lines(trained, judged, data)),
        section("Metrics", metrics_table(judged, said), *lines_of_folds(trained)),
        section("Metrics by slice", slice_table(results)),
        section("Decision", *decision_lines(judged)),
        section("Limits", *limit_lines(judged, said)),
        section("Preprocessing", *preprocessing_lines(trained, models)),
        section("Forms of the model", parity_table(results), *absent_lines(engines)),
        section("Pretrained weights", *weights_lines(trained)),
        section("Lineage", *lineage_lines(trained, judged)),
    ]
    return "\n\n".join(blocks) + "\n"


def header(judged: EvaluationInfo, said: Card, settings: ExportSettings) -> str:
    """Return the YAML header; JSON strings are valid YAML whatever they hold."""
    name, value = said.figure
    lines = [
        "---",
        f"license: {json.dumps(settings.licence, ensure_ascii=False)}",
        "library_name: keras",
        f"pipeline_tag: {said.task}",
        "model-index:",
        f"- name: {json.dumps(settings.model_name)}",
        "  results:",
        f"  - task: {{type: {said.task}}}",
        "    dataset: {type: images, name: " + json.dumps(judged.dataset_fingerprint[:12]) + "}",
        "    metrics:",
        f"    - {{type: {name}, value: {json.dumps(value)}}}",
        "---",
    ]
    return "\n".join(lines)


def section(heading: str, *lines: str) -> str:
    """Return a heading and its text; lines that follow each other stay apart."""
    return f"## {heading}\n\n" + "\n".join(lines)


def data_lines(trained: ModelInfo, judged: EvaluationInfo, data: DatasetInfo) -> list[str]:
    """Say what was trained and tested on, and where it came from."""
    counts = ", ".join(f"{name} {count:,}" for name, count in data.class_counts.items())
    return [
        *([f"- Classes, in their order: {', '.join(trained.classes)}"] if trained.classes else []),
        f"- Source: {data.source}",
        f"- Images after label check: {data.num_examples:,}{counts and f' ({counts})'}",
        f"- Test images, never seen in training: {judged.num_images:,}",
        f"- Dataset fingerprint: `{judged.dataset_fingerprint}`",
    ]


def metrics_table(judged: EvaluationInfo, said: Card) -> str:
    """Return every measured number with its interval."""
    percent = f"{judged.confidence_level:.0%}"
    rows = [f"| metric | value | {percent} interval |", "|---|---:|---|"]
    for name, figure in judged.metrics.items():
        rows.append(f"| {name.replace('_', ' ')} | {value_text(figure)} | {interval(figure)} |")
    if said.baseline:
        rows.append(f"| {said.baseline[0]} | {said.baseline[1]:.4f} | |")
    return "\n".join(rows)


def lines_of_folds(trained: ModelInfo) -> list[str]:
    """Say what folds or seeds told of the training, beside the test images."""
    if not trained.cross_validated:
        return []
    count = counted(trained.cross_validation["num_images"], "image")
    return [
        "",
        *(
            f"- {one.label}: {one.text}, on {count} other than the test images"
            for one in trained.cross_validated
        ),
    ]


def value_text(figure: Figure) -> str:
    """Return the number, or why there is none."""
    return f"{figure.value:.4f}" if figure.value is not None else f"none: {figure.reason}"


def interval(figure: Figure) -> str:
    """Return the interval, or nothing where there is none."""
    if figure.low is None or figure.high is None:
        return ""
    return f"{figure.low:.4f} to {figure.high:.4f}"


def decision_lines(judged: EvaluationInfo) -> list[str]:
    """Say what evaluate decided, and by which checks."""
    lines = [f"Evaluate decided: **{judged.decision}**.", ""]
    lines += [f"- {check.name}: {check.outcome}. {check.reason}" for check in judged.checks]
    return lines


def limit_lines(judged: EvaluationInfo, said: Card) -> list[str]:
    """Say where the model is weakest and what it cannot do."""
    return [
        f"- {said.caveat}",
        f"- It reads {', '.join(SERVED_FORMATS)} files; other formats are refused.",
        *(f"- {limit}" for limit in said.limits),
        *(f"- {note}" for note in judged.notes),
    ]


def preprocessing_lines(trained: ModelInfo, models: Sequence[str]) -> list[str]:
    """Say what a client of the LiteRT models has to do, and that others have nothing to do."""
    pixels = [
        f"{one.takes} for `{one.file}`" for one in FORMATS if one.takes and one.label in models
    ]
    if not pixels:
        return ["The SavedModel takes image files as they are."]
    contract = trained.contract
    shape = f"[{contract.image_size}, {contract.image_size}, {contract.channels}]"
    black_and_white = contract.value_range and "{:g} is black, {:g} is white".format(
        *contract.value_range
    )
    return [
        "The SavedModel takes image files as they are. The other forms take pixels:",
        "",
        f"- decode upright (EXIF orientation), flatten transparency over white; shape {shape}",
        *([f"- samples with more than 8 bits: {black_and_white}"] if black_and_white else []),
        f"- resize: {contract.resize_mode}, {contract.interpolation}, antialiased when shrinking",
        f"- values 0 to 255: {', '.join(pixels)}",
        "- `sightline.stage.imaging.arrays.preprocess` does this by the contract in `bundle.json`",
    ]


def parity_table(results: Sequence[Parity]) -> str:
    """Return how each form compares with the evaluated model, and what it loses."""
    judged = [one.accuracy.overall if one.accuracy else None for one in results]
    label = next((part.label for part in judged if part), "accuracy")
    rows = [
        f"| form | same answer | most different by | {label} | loses | ms (noisy) | kB | |",
        "|---|---:|---:|---|---:|---:|---:|---|",
    ]
    rows += [
        f"| {result.name} | {result.top1_agreement:.1%} of {result.num_images:,} | "
        f"{result.max_difference:.4f} | {with_interval(part)} | "
        f"{rounded_to(part.loss if part else None)} | "
        f"{result.latency_ms:.1f} | {result.size_bytes / 1000:,.0f} | "
        f"{'in the bundle' if result.kept else 'left out: ' + result.reason} |"
        for result, part in zip(results, judged, strict=True)
    ]
    return "\n".join(rows)


def slice_table(results: Sequence[Parity]) -> str:
    """Return the evaluated model's figure by slice, and what each form that rounds makes of it."""
    forms = [one for one in results if one.accuracy and one.accuracy.slices]
    if not forms:
        return "The data have no attributes to tell slices by."
    rows = ["| slice | images | form | figure |", "|---|---:|---|---|"]
    rows += [
        f"| {part.column}: {part.value} | {part.num_images:,} | {one.name} "
        f"| {with_interval(part)} |"
        for one in forms
        if one.engine == TENSORFLOW or BY_ENGINE[one.engine].rounds
        for part in (one.accuracy.slices if one.accuracy else ())
    ]
    return "\n".join(rows)


def absent_lines(engines: Sequence[Engine]) -> list[str]:
    """Say what the bundle does without, where it could not even be compared."""
    lines = [
        f"- {BY_ENGINE[engine.name].label} is not in the bundle: {engine.reason}."
        for engine in engines
        if not engine.usable and not engine.num_images
    ]
    return ["", *lines] if lines else []


def weights_lines(trained: ModelInfo) -> list[str]:
    """Say whose weights the backbone began with, and under which licence they may be passed on."""
    if not trained.backbone:
        return ["None: every weight was learned from the data above."]
    digest = f"; SHA-256 `{trained.weights_sha256}`" if trained.weights_sha256 else ""
    return [
        f"- Backbone: {trained.backbone}",
        f"- Weights: {trained.weights}{digest}",
        f"- Source: {trained.weights_source or NOT_STATED}",
        f"- Licence: {trained.weights_licence or NOT_STATED}",
    ]


def lineage_lines(trained: ModelInfo, judged: EvaluationInfo) -> list[str]:
    """Say which files and seeds this model can be traced to."""
    return [
        f"- Model SHA-256: `{trained.model_sha256}`",
        f"- Dataset fingerprint: `{judged.dataset_fingerprint}`",
        f"- Recipe: {trained.recipe}; seed: {trained.seed}",
        *head_lines(trained),
        *started_from(trained),
    ]


def head_lines(trained: ModelInfo) -> list[str]:
    """Say which head stands on the features, and what its probabilities were divided by."""
    lines = []
    if head := trained.head:
        lines.append(f"- Head: {head.name}{head.model and f' ({head.model})'}. {head.reason}")
    if (found := trained.calibration) and found.temperature != 1:
        before, after = (f"{error:.4f}" for error in found.calibration_error if error is not None)
        lines.append(
            f"- Temperature: {found.temperature:.4f}, from {found.num_images:,} validation images; "
            f"their expected calibration error moved from {before} to {after}."
        )
    return lines


def started_from(trained: ModelInfo) -> list[str]:
    """Say which model this one began as."""
    if not (began := trained.started_from):
        return []
    return [f"- Began as version {began['version']}, model SHA-256: `{began['model_sha256']}`"]
