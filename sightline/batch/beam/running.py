"""The pipeline of Beam: the only module that imports it."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.runner import PipelineState

from sightline.batch.answering import Prediction
from sightline.batch.beam.errands import Errand, ready, run_errand
from sightline.ground.errors import DataError, UserError

# Beam's own default, Prism, is a program that it downloads.
HERE = "FnApiRunner"


class AnswerShards(beam.DoFn):
    """Answers shards with a model that is loaded once for all that an instance gets."""

    def __init__(self, prediction: Prediction, model: str) -> None:
        self._prediction, self._model = prediction, model

    def setup(self) -> None:
        """Load the model."""
        self._stack = ExitStack()
        self._answer = self._stack.enter_context(ready(self._prediction, self._model))

    def process(self, element: tuple[str, str]) -> Iterator[str]:
        """Answer one shard."""
        errand = Errand(*element)
        run_errand(errand, self._answer)
        yield errand.output

    def teardown(self) -> None:
        """End the processes that answer."""
        self._stack.close()


def run_errands(errands: Sequence[Errand], prediction: Prediction, model: str, flags: str) -> None:
    """Have Beam answer shards, and wait for the end.

    Args:
        errands: the shards.
        prediction: what answers.
        model: address of the model folder in a store; empty for that of `prediction`.
        flags: options of Beam and its runner, as on a command line.

    Raises:
        UserError: an option is wrong, or a worker failed; what was answered stays.
    """
    if not errands:
        return
    try:
        options = PipelineOptions(shlex.split(flags))
        runner = options.view_as(StandardOptions).runner or HERE
        pipeline = beam.Pipeline(runner=runner, options=options)
        shards = pipeline | "shards" >> beam.Create([tuple(one) for one in errands])
        # Without it, a runner may give all shards to the one worker that lists them.
        spread = shards | "spread" >> beam.Reshuffle()
        spread | "answer" >> beam.ParDo(AnswerShards(prediction, model))
        result = pipeline.run()
    except SystemExit as error:  # how Beam's parser of options ends
        raise UserError(
            f"--beam-options {flags!r}: expected options of Apache Beam; it refuses them above. "
            "Correct them."
        ) from error
    except Exception as error:  # runners raise what they like
        raise _told(error) from error
    _wait(result)


def _wait(result: "beam.runners.runner.PipelineResult") -> None:
    try:
        state = result.wait_until_finish()
    except KeyboardInterrupt:
        result.cancel()
        raise
    except Exception as error:
        raise _told(error) from error
    if state not in (PipelineState.DONE, None):
        raise DataError(f"Apache Beam: expected the job to be done, it is {state}. See its runner.")


def _told(error: Exception) -> UserError:
    """Say what a runner has to say: of a worker's traceback, the last line."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    said = lines[-1].partition(" [while running")[0].removeprefix("sightline.ground.errors.")
    return UserError(
        f"Apache Beam: expected answers to all shards, its runner says: {said.strip()} "
        "What was answered stays; mend it, and the same command goes on."
    )
