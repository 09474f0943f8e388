import hashlib
import json
import math
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.train.race.choose import choose_backbone
from components.train.settings import TrainSettings
from components.tune.judgement import Comparison, best_of, compare
from components.tune.page import write_report
from components.tune.settings import TuneSettings
from components.tune.space import Axis, Value, default_space
from sightline.ground.errors import DataError, SettingsError
from sightline.ground.ports import (
    Facts,
    InputArtifact,
    InputDataset,
    OutputMetrics,
    OutputReport,
    OutputText,
    ResumableArtifact,
)
from sightline.stage.formats.records import RecordsInfo, damage_named, read_info
from sightline.stage.formats.schema import write_document
from sightline.stage.log import audible, event, quiet
from sightline.stage.tensorflow_import import import_tensorflow

if TYPE_CHECKING:
    from components.train.fitting.features import FeatureSource
    from components.tune.search import Done, Search
    from components.tune.trial import Losses, Trials

SCHEMA, VERSION = "sightline.tuning", 1
FILE = "tuning.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search came to."""

    axes: tuple[Axis, ...]
    trials: "tuple[Done, ...]"
    best: "Done"
    comparison: Comparison | None
    """None where train's own settings are the best."""

    @property
    def own(self) -> "Done":
        """The trial of train's own settings."""
        return self.trials[0]

    @property
    def passed_on(self) -> dict[str, Value]:
        """The settings that train takes in place of its own."""
        return self.best.settings if self.comparison and self.comparison.holds else {}


def tune(
    *,
    records: InputDataset,
    features: InputArtifact,
    best: ResumableArtifact,
    tuned: OutputText,
    metrics: OutputMetrics,
    report: OutputReport,
    settings: TuneSettings,
) -> Facts:
    """Search the settings of train that give the lowest validation loss.

    Raises:
        DataError: there are no validation images, or the loss of train's own settings is infinite.
        SettingsError: there is nothing to search.
    """
    info = read_info(records)
    check_validation(records, info)
    axes = settings.space or default_space(settings)
    if not axes or not settings.trials:
        raise SettingsError(
            "tune: expected trials above 0 and a setting to search; received "
            f"{settings.trials} trials of {len(axes)} settings. Set tune.trials and tune.space."
        )
    check_head(settings, axes)
    with damage_named(records):
        own, _ = choose_backbone(records, features, info, train_settings(settings))
    import_tensorflow()
    from components.train.fitting.checkpoints import Checkpoints
    from components.tune.search import Search

    best.mkdir(parents=True, exist_ok=True)
    attempt = Checkpoints(best / "search", search_key(records, own, axes))
    base = {axis.setting: getattr(own, axis.setting) for axis in axes}
    search = Search(attempt.folder, axes, base, settings.seed)
    if search.done or search.num_interrupted:
        event("resumed", trials=len(search.done), interrupted=search.num_interrupted)
    with training_trials(records, features, info, own, attempt.folder) as trials, audible("tuning"):
        found = run_search(search, trials, own, settings, axes)
    for needed_once in ("logs", "features"):
        shutil.rmtree(attempt.folder / needed_once, ignore_errors=True)
    write_best(best, found)
    tuned.write_text(json.dumps(found.passed_on), encoding="utf-8")
    write_report(report, found=found, search=search, num_images=info.num_images("validation"))
    return {"best": facts_of(found), "metrics": figures_of(found)}


def check_validation(records: Path, info: RecordsInfo) -> None:
    """Refuse records without validation images: trials would be judged by what they learned.

    Raises:
        DataError: there are none.
    """
    if not info.num_images("validation"):
        raise DataError(
            f"{records}: expected validation images, by which trials are compared; received none. "
            "Raise preprocess.validation_share, or set tune.trials to 0."
        )


def check_head(settings: TuneSettings, axes: tuple[Axis, ...]) -> None:
    """Refuse to search what a linear head does not learn by.

    Raises:
        SettingsError: train asks for one, and the space for no other.
    """
    if settings.head == "linear" and not any(axis.setting == "head" for axis in axes):
        raise SettingsError(
            "tune: expected a head that is trained by epochs; received train.head linear, which "
            "has no rate, epochs or layers to search. Set train.head to auto or dense, or "
            "tune.trials to 0."
        )


def train_settings(settings: TuneSettings) -> TrainSettings:
    """Return train's own settings, from which every trial begins."""
    return TrainSettings.model_validate(
        {name: getattr(settings, name) for name in TrainSettings.model_fields}
    )


def search_key(records: Path, own: TrainSettings, axes: tuple[Axis, ...]) -> str:
    """Tell searches apart: trials serve only the one that asked for them.

    Trials and minutes are no part of it: a search goes on with more of them.
    """
    digest = hashlib.sha256((records / "records.json").read_bytes())
    wanted = {axis.setting: axis.written() for axis in axes}
    digest.update(json.dumps([own.model_dump(mode="json"), wanted]).encode())
    return digest.hexdigest()


@contextmanager
def training_trials(
    records: Path, features: Path, info: RecordsInfo, own: TrainSettings, folder: Path
) -> "Iterator[Trials]":
    """Give what trains one trial after the other, on features where train would use them."""
    from components.train.fitting.given import given_features
    from components.train.planning.plan import make_plan
    from components.train.stage import own_features
    from components.tune.trial import Trials

    with ExitStack() as stack:
        with damage_named(records):
            given, reason = given_features(features, records, info, own)
        plan, backbone = make_plan(info, own, has_features=given is not None)
        source: FeatureSource | None = given
        if backbone is not None and given is None:
            event("features are computed anew", reason=reason)
            source, _ = own_features(info, own, folder, stack)
            if source is None:
                raise SettingsError(
                    f"tune: expected features of {own.backbone} from LiteRT, which cannot have "
                    "it; each trial would compute them anew. Set tune.trials to 0, or choose "
                    "another train.backbone."
                )
        on = "features" if backbone is not None else "images: a trial is a whole training"
        event("search", recipe=plan.recipe, on=on)
        with damage_named(records):
            yield Trials(records, info, source if backbone is not None else None, folder)


def run_search(
    search: "Search",
    trials: "Trials",
    own: TrainSettings,
    settings: TuneSettings,
    axes: tuple[Axis, ...],
) -> Found:
    """Try until trials or minutes are used up; what an earlier attempt did counts."""
    kept: dict[int, Losses] = {}
    while not is_over(done := search.done, settings):
        kept |= run_trial(search, trials, own)
        say_progress(search.done, settings.trials)
    best, first = best_of(done), done[0]
    comparison = None
    if best.number != first.number:
        losses = [
            kept[one.number] if one.number in kept else losses_of(trials, own, one)
            for one in (first, best)
        ]
        comparison = compare(losses[0], losses[1], len(done))
    return Found(axes=axes, trials=tuple(done), best=best, comparison=comparison)


def is_over(done: "list[Done]", settings: TuneSettings) -> bool:
    """Tell whether the budget is used up; train's own settings are tried in any case."""
    if not done:
        return False
    used = sum(one.seconds for one in done)
    return len(done) >= settings.trials or used >= 60 * settings.minutes


def run_trial(search: "Search", trials: "Trials", own: TrainSettings) -> "dict[int, Losses]":
    """Run the next trial; return its losses by its number where it came to its end.

    Raises:
        DataError: train's own settings give an infinite loss.
    """
    from components.tune.search import Hopeless

    asked = search.ask(dense=trials.on_features and own.head == "auto")
    start = time.perf_counter()
    seen: list[float] = []

    def report(epoch: int, loss: float) -> None:
        seen.append(loss)
        asked.report(epoch, loss)

    try:
        with quiet():
            tried = trials.run(with_settings(own, asked.settings), report)
    except Hopeless:
        search.tell_hopeless(asked, epochs=len(seen), seconds=time.perf_counter() - start)
        return {}
    except DataError:
        if not search.done:
            raise
        search.tell_hopeless(asked, epochs=len(seen), seconds=time.perf_counter() - start)
        return {}
    search.tell(
        asked,
        loss=tried.loss,
        epochs=tried.epochs,
        best_epoch=tried.best_epoch,
        seconds=time.perf_counter() - start,
    )
    return {asked.trial.number: tried.losses}


def with_settings(own: TrainSettings, changed: dict[str, Value]) -> TrainSettings:
    """Return train's settings with those of a trial."""
    return TrainSettings.model_validate({**dict(own), **changed})


def losses_of(trials: "Trials", own: TrainSettings, done: "Done") -> "Losses":
    """Train anew what an attempt before this one has tried, for its loss on each image."""
    with quiet():
        return trials.run(with_settings(own, done.settings), lambda epoch, loss: None).losses


def say_progress(done: "list[Done]", total: int) -> None:
    """Say how far the search is, and the best loss so far."""
    best = best_of(done)
    event("progress", what=f"trials, best loss {best.loss:.4f}", done=len(done), total=total)


def write_best(folder: Path, found: Found) -> None:
    """Write `tuning.json`."""
    content = {
        "settings": found.passed_on,
        "best": asdict(found.best),
        "own": asdict(found.own),
        "gain": found.comparison.gain if found.comparison else 0.0,
        "noise": found.comparison.noise if found.comparison else None,
        "space": {axis.setting: axis.written() for axis in found.axes},
        "trials": [_written(one) for one in found.trials],
    }
    write_document(folder / FILE, SCHEMA, VERSION, content)


def _written(done: "Done") -> dict[str, Any]:
    # JSON has no infinity: a trial that came to no number has no loss.
    return {**asdict(done), "loss": done.loss if math.isfinite(done.loss) else None}


def figures_of(found: Found) -> dict[str, float]:
    """Return the figures that pipeline UIs compare runs by."""
    return {
        "trials": len(found.trials),
        "trials_ended_early": sum(not one.complete for one in found.trials),
        "best_validation_loss": found.best.loss,
        "own_validation_loss": found.own.loss,
    }


def facts_of(found: Found) -> dict[str, Any]:
    """Return what metadata says of the settings that are passed on."""
    return {
        "num_trials": len(found.trials),
        "passed_on": bool(found.passed_on),
        **{name: value for name, value in found.passed_on.items()},
    }
