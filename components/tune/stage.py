import hashlib
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.train.planning.refusals import check_records
from components.train.race.choose import choose_backbone
from components.train.settings import TrainSettings
from components.train.warm.champion import Champion
from components.tune.found import Found, facts_of, figures_of, write_best
from components.tune.judgement import best_of, compare
from components.tune.page import write_report
from components.tune.refusals import check_head, check_rate, check_validation
from components.tune.settings import TuneSettings
from components.tune.space import Axis, default_space
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
from sightline.stage.log import audible, event, quiet
from sightline.stage.tensorflow_import import import_tensorflow

if TYPE_CHECKING:
    from components.train.fitting.preparing import Prepared
    from components.tune.search import Done, Search
    from components.tune.trial import Losses, Trials


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
        DataError: there is nothing to learn from, no validation image, or an infinite loss of
            train's own settings.
        SettingsError: there is nothing to search.
    """
    info = read_info(records)
    check_records(records, info)
    check_validation(records, info)
    axes = settings.space or default_space(settings)
    if not axes or not settings.trials:
        raise SettingsError(
            "tune: expected trials above 0 and a setting to search; received "
            f"{settings.trials} trials of {len(axes)} settings. Set tune.trials and tune.space."
        )
    check_head(settings, axes)
    check_rate(settings, axes)
    with damage_named(records):
        own, finish = choose_backbone(records, features, info, train_settings(settings))
    import_tensorflow()
    from components.train.fitting.checkpoints import Checkpoints
    from components.train.fitting.preparing import prepare
    from components.tune.search import Search

    prepared = prepare(records, features, info, own)
    best.mkdir(parents=True, exist_ok=True)
    attempt = Checkpoints(best / "search", search_key(records, own, axes, prepared.plan.champion))
    base = {axis.setting: getattr(own, axis.setting) for axis in axes}
    search = Search(attempt.folder, axes, base, settings.seed)
    if search.done or search.num_interrupted:
        event("resumed", trials=len(search.done), interrupted=search.num_interrupted)
    with training_trials(prepared, records, info, own, attempt.folder) as trials, audible("tuning"):
        found = replace(run_search(search, trials, own, settings, axes), race=finish)
    shutil.rmtree(attempt.folder / "features", ignore_errors=True)
    write_best(best, found)
    tuned.write_text(json.dumps(found.passed_on), encoding="utf-8")
    write_report(report, found=found, search=search, num_images=info.num_images("validation"))
    return {"best": facts_of(found), "metrics": figures_of(found)}


def train_settings(settings: TuneSettings) -> TrainSettings:
    """Return train's own settings, from which every trial begins."""
    return TrainSettings.model_validate(
        {name: getattr(settings, name) for name in TrainSettings.model_fields}
    )


def search_key(
    records: Path, own: TrainSettings, axes: tuple[Axis, ...], champion: Champion | None
) -> str:
    """Tell searches apart: trials serve only the one that asked for them.

    Trials and minutes are no part of it: a search goes on with more of them.
    """
    digest = hashlib.sha256((records / "records.json").read_bytes())
    wanted = {axis.setting: axis.written() for axis in axes}
    told: list[Any] = [own.model_dump(mode="json"), wanted]
    if champion:
        # Another version may have gone live since.
        told.append(champion.info.model_sha256)
    digest.update(json.dumps(told).encode())
    return digest.hexdigest()


@contextmanager
def training_trials(
    prepared: "Prepared", records: Path, info: RecordsInfo, own: TrainSettings, folder: Path
) -> "Iterator[Trials]":
    """Give what trains one trial after the other, on features where train would use them."""
    from components.train.fitting.preparing import learned_from
    from components.tune.trial import Trials

    with learned_from(prepared, info, own, folder) as (source, _), damage_named(records):
        if prepared.backbone is not None and source is None:
            raise SettingsError(
                f"tune: expected features of {own.backbone} from LiteRT, which cannot have "
                "it; each trial would compute them anew. Set tune.trials to 0, or choose "
                "another train.backbone."
            )
        trials = Trials(records, info, source, folder, champion=prepared.plan.champion)
        on = "features" if trials.on_features else "images: a trial is a whole training"
        event("search", recipe=prepared.plan.recipe, on=on)
        yield trials


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
            tried = trials.run(own.with_changed(asked.settings), report)
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


def losses_of(trials: "Trials", own: TrainSettings, done: "Done") -> "Losses":
    """Train anew what an attempt before this one has tried, for its loss on each image."""
    with quiet():
        return trials.run(own.with_changed(done.settings), lambda epoch, loss: None).losses


def say_progress(done: "list[Done]", total: int) -> None:
    """Say how far the search is, and the best loss so far."""
    best = best_of(done)
    event("progress", what=f"trials, best loss {best.loss:.4f}", done=len(done), total=total)
