"""Shards answered by Apache Beam: on this machine, or wherever its runner has workers."""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread

from sightline.batch.answering import Answerer, Prediction
from sightline.batch.beam.errands import Errand
from sightline.batch.beam.exchange import Exchange
from sightline.batch.engine import Engine, Task
from sightline.ground.errors import UserError
from sightline.ground.storage.addresses import Address, is_local
from sightline.ground.wording import visible

LOOK_EVERY_SECONDS = 2.0
MISSING = (
    "Apache Beam: expected its package in this environment, found none. It wants an older pyarrow "
    "and pillow than Sightline and so has an environment or image of its own: `make beam` in a "
    "checkout, then `.venv-beam/bin/python -m sightline predict ... --engine beam`; or "
    "`sightline images build beam`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamOptions:
    """How Beam is to run."""

    flags: str = ""
    """Options of Beam and its runner as on a command line; without a runner, this machine works."""
    folder: str = ""
    """Folder or gs:// or s3:// address that workers on other machines reach."""


def require_beam() -> None:
    """Hold that Beam can be imported.

    Raises:
        UserError: it is not installed.
    """
    if importlib.util.find_spec("apache_beam") is None:
        raise UserError(MISSING)


def beam_engine(
    prediction: Prediction,
    answerer: Answerer,
    options: BeamOptions,
    told: Callable[[Task], None] = lambda _: None,
) -> Engine:
    """Return Beam as an engine: each shard is an element, each worker has loaded the model once.

    Args:
        prediction: what workers answer with.
        answerer: the same model as this process sees it; names what it answered.
        options: where and how.
        told: hears of each shard once its answers are here, from a thread of its own.

    Raises:
        UserError: workers elsewhere could not read the source, or Beam is not installed.
    """
    _check_reach(prediction, options)
    require_beam()

    def answer(tasks: Sequence[Task]) -> None:
        from sightline.batch.beam.running import run_errands

        if not options.folder:
            errands = [Errand.of(task.shard, str(task.output)) for task in tasks]
            with _looking(_Arrivals(tasks, lambda task: task.output.exists(), told)):
                run_errands(errands, prediction, "", options.flags)
            return
        exchange = Exchange(options.folder, answerer.mark)
        arrivals = _Arrivals(tasks, exchange.bring, told)
        arrivals.look()
        errands = [Errand.of(one.shard, exchange.place_of(one)) for one in arrivals.awaited]
        model = exchange.send_model(prediction.folder, prediction.version)
        with _looking(arrivals):
            run_errands(errands, prediction, model, options.flags)
        arrivals.look()
        exchange.clear(tasks)

    return answer


class _Arrivals:
    """The shards whose answers are not here yet."""

    def __init__(
        self,
        tasks: Sequence[Task],
        is_here: Callable[[Task], bool],
        told: Callable[[Task], None],
    ) -> None:
        self.awaited = list(tasks)
        self._is_here, self._told = is_here, told

    def look(self) -> None:
        """Tell of those that have come since."""
        for task in [one for one in self.awaited if self._is_here(one)]:
            self.awaited.remove(task)
            self._told(task)


@contextmanager
def _looking(arrivals: _Arrivals) -> Iterator[None]:
    """Look for answers again and again while a runner is at work."""
    ended = Event()

    def look() -> None:
        while not ended.wait(LOOK_EVERY_SECONDS):
            with suppress(Exception):  # the look at the end says what is wrong
                arrivals.look()

    thread = Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _check_reach(prediction: Prediction, options: BeamOptions) -> None:
    """Refuse what workers on other machines could not read."""
    if not options.folder or is_local(options.folder):
        return
    source = prediction.source.source if prediction.source else ""
    if not source or is_local(source):
        raise UserError(
            f"{visible(source) or 'files of this machine'}: expected a source that workers on "
            "other machines reach, such as gs:// or s3://, since --beam-folder is in a store. Put "
            "the images there, and their table beside them."
        )
    if Address(source).has_secret:
        raise UserError(
            f"{Address(source)}: expected an address without a secret, for Beam's runner and its "
            "pages show what workers are told. Give workers the credentials of the store."
        )
