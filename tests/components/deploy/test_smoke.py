"""The smoke test: a version must repeat its golden answers where it lies."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from components.deploy.model_folder.changes import lay_out
from components.deploy.smoke import smoke_test
from sightline.ground.errors import DataError
from sightline.stage.answering.engine import TENSORFLOW_ALONE
from sightline.stage.formats.bundle import (
    GoldenRequest,
    hash_files,
    read_golden,
    read_info,
    write_golden,
    write_info,
)

pytestmark = pytest.mark.slow


def version(
    bundle: Path, folder: Path, change: Callable[[int, GoldenRequest], GoldenRequest]
) -> Path:
    """A version as deploy lays it out, with other golden answers."""
    lay_out(bundle, read_info(bundle), folder)
    golden = [change(index, one) for index, one in enumerate(read_golden(bundle))]
    return noted(folder, golden)


def noted(folder: Path, golden: list[GoldenRequest]) -> Path:
    """The version with these golden requests, as if export had written them."""
    write_golden(folder, golden)
    write_info(folder, replace(read_info(folder), files=hash_files(folder)))
    return folder


def answering(request: GoldenRequest, *probabilities: float) -> GoldenRequest:
    answer = {**request.expected, "probabilities": list(probabilities)}
    return replace(request, expected=answer, engines={"litert": answer})


def moved(request: GoldenRequest, by: float) -> GoldenRequest:
    first, second = request.expected["probabilities"]
    return answering(request, first + by, second - by)


def test_a_version_that_repeats_its_answers_passes_with_its_largest_difference(
    bundle: Path, tmp_path: Path
) -> None:
    folder = version(
        bundle, tmp_path / "1", lambda index, one: moved(one, 0.01 if index == 2 else 0.0)
    )

    passed = smoke_test(folder, 0.02)

    assert passed.engine == "litert"
    assert passed.num_requests == len(read_golden(bundle)) == 8
    assert passed.max_difference == pytest.approx(0.01, abs=1e-4)


def test_answers_that_differ_are_named_with_what_was_expected(bundle: Path, tmp_path: Path) -> None:
    folder = version(
        bundle, tmp_path / "1", lambda index, one: moved(one, 0.05 if index in (1, 3) else 0.0)
    )
    golden = read_golden(bundle)

    with pytest.raises(DataError) as raised:
        smoke_test(folder, 0.02)

    message = str(raised.value)
    assert "the 8 golden answers within 0.02" in message
    for index in range(8):
        assert (f"{golden[index].id[:12]} (expected" in message) == (index in (1, 3))
    assert "differs by 0.0500" in message


def test_an_answer_that_is_no_number_fails(bundle: Path, tmp_path: Path) -> None:
    folder = version(bundle, tmp_path / "1", lambda _, one: answering(one, float("nan"), 0.5))

    with pytest.raises(DataError, match="received others"):
        smoke_test(folder, 1.0)


def test_a_version_of_other_classes_fails_by_its_shape(bundle: Path, tmp_path: Path) -> None:
    folder = version(bundle, tmp_path / "1", lambda _, one: answering(one, 0.2, 0.3, 0.5))

    with pytest.raises(DataError, match=r"shape \(8, 3\), received \(8, 2\)"):
        smoke_test(folder, 1.0)


def test_a_version_without_golden_requests_is_refused(bundle: Path, tmp_path: Path) -> None:
    folder = noted(version(bundle, tmp_path / "1", lambda _, one: one), [])

    with pytest.raises(DataError, match="expected golden requests to test the version with"):
        smoke_test(folder, 0.01)


def test_largest_differences_are_of_any_class(bundle: Path, tmp_path: Path) -> None:
    def second_only(_: int, one: GoldenRequest) -> GoldenRequest:
        first, second = one.expected["probabilities"]
        return answering(one, first, second + 0.2)

    passed = smoke_test(version(bundle, tmp_path / "1", second_only), 0.5)

    assert passed.max_difference == pytest.approx(0.2, abs=1e-3)
    assert not np.isnan(passed.max_difference)


def test_a_bundle_of_an_older_version_is_asked_with_tensorflow(
    bundle: Path, tmp_path: Path
) -> None:
    folder = version(bundle, tmp_path / "1", lambda _, one: replace(one, engines={}))
    write_info(folder, replace(read_info(folder), engines=TENSORFLOW_ALONE))

    passed = smoke_test(folder, 0.001)

    assert passed.engine == "tensorflow"
