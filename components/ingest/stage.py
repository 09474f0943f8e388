import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from components.ingest.corrections.corrected import DROPPED, Corrected, open_corrections
from components.ingest.inspection import ImageFacts, inspect
from components.ingest.lost_classes import LostClasses
from components.ingest.page import write_report
from components.ingest.quarantine import QuarantineWriter, check_share
from components.ingest.sampling import Sampled, take_per_class
from components.ingest.settings import IngestSettings
from components.ingest.survey import Survey
from components.ingest.thumbnail import thumbnail
from components.ingest.to_read import ToRead, rows_to_read
from components.ingest.value_range import range_of
from sightline.ground.ports import Facts, OutputDataset, OutputReport
from sightline.ground.source.reading import Source, open_source
from sightline.ground.source.refusals import ENDS_ITS_DECODER, Refusal, RefusedError
from sightline.ground.source.rows import Row
from sightline.ground.source.targets import Target
from sightline.problems import problem_of
from sightline.problems.targets import Targets
from sightline.stage import log
from sightline.stage.children import ChildDiedError, Children
from sightline.stage.formats.dataset import DatasetInfo, DatasetWriter, Example
from sightline.stage.imaging.allocation import memory_to_decode, seconds_to_decode
from sightline.stage.imaging.contract import Range
from sightline.stage.parallel import map_ordered
from sightline.stage.sources.listing import PARTIAL

REMOTE_WORKERS = 8
SAMPLES_PER_CLASS = 6
SAMPLES_WITHOUT_CLASS = 48
MOST_SAMPLES = 2_000
# Sixteen bits in each of three channels, without compression, need no more than this.
BYTES_PER_PIXEL = 6
BATCH = 8
BATCHES_AHEAD = 2
NOT_LISTED = (
    "The table names images on web servers or in many folders, which are not listed before every "
    "run: an image that changes behind the same address is not read again while this result may be "
    "reused. Set ingest.cache_max_age, or give changed images new names."
)


@dataclass(frozen=True, slots=True)
class Task:
    """One row to read, and whether to show its image."""

    wanted: ToRead
    is_sample: bool


@dataclass(frozen=True, slots=True)
class Read:
    """One row with its bytes."""

    row: Row
    data: bytes
    is_sample: bool


Outcome = tuple[Example, ImageFacts, bytes | None] | Refusal
"""An image with its thumbnail where it is shown, or why there is none."""


def ingest(
    *,
    dataset: OutputDataset,
    quarantine: OutputDataset,
    report: OutputReport,
    fingerprint: str,
    settings: IngestSettings,
) -> Facts:
    """Read images and labels from anywhere into one immutable dataset.

    `fingerprint` stands for the state of the source; it is here so that a changed source is
    another call to every cache.

    Raises:
        DataError: the source cannot be read, or more of it is refused than the settings allow.
    """
    survey, lost = Survey(), LostClasses()
    problem = problem_of(settings.problem, settings.about)
    with (
        open_source(settings, problem.reader) as whole,
        DatasetWriter(
            dataset,
            slices=whole.slices,
            problem=problem.name,
            target=problem.targets.column(),
            value_range=range_of(settings.value_range),
            about=problem.about,
        ) as images,
        QuarantineWriter(quarantine) as refused,
    ):
        corrected = open_corrections(settings, whole, problem.reader)
        sampled = sample(whole, settings)
        source = sampled.source
        fill(source, settings, images, refused, survey, lost, corrected, problem.targets)
        num_good = survey.num_images + sampled.num_left_out + corrected.counts[DROPPED]
        check_share(refused, num_good, source, settings.max_refused_share)
        without = lost.names(survey.classes, settings.classes)
        # A class without images stays one, so that label_check stops a run that would forget it.
        classes = sorted({*(settings.classes or survey.classes), *without})
        info = images.finish(
            classes=classes,
            source=source.files.location,
            corrections=corrected.finish(left_out=sampled.num_left_out),
        )
        refused.finish(num_accepted=survey.num_images)
    log_survey(survey, refused, source, sampled.num_left_out)
    write_report(report, info, survey, refused, source, lost=lost.say(without), corrected=corrected)
    if fingerprint.startswith(PARTIAL):
        log.warning(NOT_LISTED)
    return facts_of(info, survey, refused, fingerprint)


def fill(
    source: Source,
    settings: IngestSettings,
    images: DatasetWriter,
    refused: QuarantineWriter,
    survey: Survey,
    lost: LostClasses,
    corrected: Corrected,
    targets: Targets,
) -> None:
    """Read all images of the source; keep and count those that are good, put aside the others."""
    log.event(
        "reading",
        source=source.files.location,
        kind=source.kind,
        rows=source.num_rows,
        taken=" ".join(source.taken),
    )
    outcomes = read_images(source, settings)
    for outcome in log.progress(outcomes, what="images", total=source.num_rows):
        if isinstance(outcome, Refusal):
            refused.add(outcome)
            lost.add(outcome)
        elif example := corrected.apply(outcome[0]):
            images.add(example)
            title = targets.title(Target(example.labels, example.target))
            survey.add(example, *outcome[1:], title=title)


def read_images(source: Source, settings: IngestSettings) -> Iterator[Outcome]:
    """Read and decode every row in parallel; yield examples and refusals in the source's order."""
    max_pixels = settings.max_megapixels * 1e6
    max_bytes, workers = max_bytes_of(settings), workers_for(source, settings)
    value_range = range_of(settings.value_range)
    tasks = plan(source, settings.classes, max_bytes)
    with Children(
        partial(inspect, max_pixels=max_pixels, has_range=value_range is not None),
        workers=workers,
        memory_bytes=memory_to_decode(max_pixels),
        cpu_seconds=seconds_to_decode(max_pixels),
    ) as children:
        read = partial(read_batch, children=children, max_bytes=max_bytes, value_range=value_range)
        batches = map_ordered(read, in_batches(tasks), workers=workers, ahead=BATCHES_AHEAD)
        yield from itertools.chain.from_iterable(batches)


def sample(source: Source, settings: IngestSettings) -> Sampled:
    """Leave out what `images_per_class` says."""
    if not settings.images_per_class:
        return Sampled(source, 0)
    return take_per_class(
        source,
        settings.images_per_class,
        classes=settings.classes,
        max_bytes=max_bytes_of(settings),
        workers=workers_for(source, settings),
    )


def max_bytes_of(settings: IngestSettings) -> int:
    """Return the size of the largest file that the settings accept."""
    return int(settings.max_megapixels * 1e6 * BYTES_PER_PIXEL)


def workers_for(source: Source, settings: IngestSettings) -> int:
    """Return how many threads read; 0 is one per core."""
    return settings.workers or (REMOTE_WORKERS if source.remote else 0)


def plan(source: Source, classes: tuple[str, ...], max_bytes: int) -> Iterator[Task | Refusal]:
    """Yield what the workers shall do, and which images of a class the page shows."""
    shown: Counter[str] = Counter()
    for one in rows_to_read(source, classes, max_bytes):
        if isinstance(one, Refusal):
            yield one
            continue
        label = one.row.target.title
        most = SAMPLES_PER_CLASS if label else SAMPLES_WITHOUT_CLASS
        is_sample = shown[label] < most and shown.total() < MOST_SAMPLES
        shown[label] += is_sample
        yield Task(one, is_sample)


def in_batches(tasks: Iterator[Task | Refusal]) -> Iterator[list[Task | Refusal]]:
    """Yield a few at a time: together, they cost less on their way to another process."""
    while batch := list(itertools.islice(tasks, BATCH)):
        yield batch


def read_batch(
    tasks: list[Task | Refusal],
    *,
    children: Children[ImageFacts],
    max_bytes: int,
    value_range: Range | None,
) -> list[Outcome]:
    """Read a few images, and decode them in a process that may die of one."""
    read = [read_bytes(task, max_bytes) for task in tasks]
    inspected = iter(children.call_each([one.data for one in read if isinstance(one, Read)]))
    return [
        one if isinstance(one, Refusal) else outcome_of(one, next(inspected), value_range)
        for one in read
    ]


def read_bytes(task: Task | Refusal, max_bytes: int) -> Read | Refusal:
    """Read one image, or tell why that cannot be."""
    if isinstance(task, Refusal):
        return task
    try:
        data = task.wanted.read(max_bytes=max_bytes)
    except RefusedError as error:
        return task.wanted.row.refused(error)
    return Read(task.wanted.row, data, task.is_sample)


def outcome_of(read: Read, facts: ImageFacts | Exception, value_range: Range | None) -> Outcome:
    """Return the example of an image that was inspected, or why it is refused."""
    row, data = read.row, read.data
    if isinstance(facts, ChildDiedError):
        facts = RefusedError(ENDS_ITS_DECODER, str(facts))
    if isinstance(facts, RefusedError):
        return row.refused(facts)
    if isinstance(facts, Exception):
        raise facts
    digest = hashlib.sha256(data).hexdigest()
    example = Example(
        id=digest,
        uri=row.files.uri(row.path),
        image=data,
        labels=row.target.labels,
        target=row.target.value,
        split=row.split,
        width=facts.width,
        height=facts.height,
        mode=facts.mode,
        format=facts.format,
        group=row.group or digest,
        slices=row.slices,
    )
    return example, facts, thumbnail(data, value_range) if read.is_sample else None


def log_survey(
    survey: Survey, refused: QuarantineWriter, source: Source, num_left_out: int
) -> None:
    """Log what came in, in one event."""
    log.event(
        "ingested",
        images=survey.num_images,
        classes=len(survey.classes),
        refused=dict(refused.counts),
        animated_first_frame_only=survey.num_animated,
        rotated_by_exif=survey.num_rotated,
        refused_by_other_servers=survey.num_not_elsewhere,
        ignored_files=len(source.ignored),
        left_out=num_left_out,
    )


def facts_of(
    info: DatasetInfo, survey: Survey, refused: QuarantineWriter, fingerprint: str
) -> Facts:
    """Return what the pipeline's metadata says about the outputs."""
    num_refused = refused.counts.total()
    corrections = {f"num_{name}": count for name, count in (info.corrections or {}).items()}
    return {
        "dataset": {
            **corrections,
            "num_images": info.num_examples,
            **({"num_classes": len(info.classes)} if info.classes else {}),
            "num_refused": num_refused,
            "num_refused_by_other_servers": survey.num_not_elsewhere,
            "num_bytes": survey.num_bytes,
            "fingerprint": info.fingerprint,
            "source": info.source,
            "source_fingerprint": fingerprint,
        },
        "quarantine": {"num_refused": num_refused, "num_accepted": info.num_examples},
    }
