"""Mutated files through both decoders: no process that must live ends, no pixel differs."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from components.ingest.inspection import inspect
from sightline.stage.children import ChildDiedError, Children
from sightline.stage.imaging import arrays
from sightline.stage.imaging.kinds.rule import refusal
from tests.sightline.stage.imaging.graph_child import graph_answers
from tests.sightline.stage.imaging.mutations import random_files

SEED, NUM_FILES = 12, 1_500
BOUNDS = {"memory_bytes": 2 << 30, "cpu_seconds": 20}


@pytest.mark.slow
def test_random_files_give_the_same_pixels_in_both_decoders_or_are_refused(
    tmp_path: Path,
) -> None:
    files = dict(random_files(SEED, NUM_FILES))
    with (
        Children(partial(inspect, max_pixels=1e6), **BOUNDS) as inspecting,
        Children(arrays.decode, **BOUNDS) as decoding,
    ):
        inspected = dict(zip(files, inspecting.call_each(list(files.values())), strict=True))
        accepted = [name for name in files if not isinstance(inspected[name], Exception)]
        pixels = dict(
            zip(accepted, decoding.call_each([files[name] for name in accepted]), strict=True)
        )
    allowed = {name: files[name] for name in accepted if not refusal(files[name])}

    answers = graph_answers(allowed, tmp_path)

    dead = [name for name, told in inspected.items() if isinstance(told, ChildDiedError)]
    lost = [name for name, found in pixels.items() if isinstance(found, Exception)]
    different = [
        name
        for name, answer in answers.items()
        if answer.pixels is not None and not np.array_equal(answer.pixels, pixels[name])
    ]
    for number, name in enumerate([*dead, *lost, *different]):
        (tmp_path / f"failed-{number}.image").write_bytes(files[name])
    assert len(accepted) > NUM_FILES / 10
    assert [dead, lost, different] == [[], [], []], f"files are kept in {tmp_path}"
