from pathlib import Path

import pytest

from sightline.ground.errors import DataError
from sightline.ground.models.formats import LITERT, ONNX
from sightline.problems import problem_of
from sightline.stage.answering.litert import LiteRTModel
from sightline.stage.answering.pixel_models import PixelServable, open_model
from sightline.stage.formats.bundle import read_info
from sightline.stage.parallel import map_ordered
from tests.sightline.serving.served import grey, lay_version


@pytest.mark.parametrize("content", [b"", b"no model at all", None])
def test_what_is_no_litert_model_says_what_was_expected(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "model.tflite"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError, match=r"model\.tflite: expected a LiteRT model .* Export the"):
        LiteRTModel(path)


def test_threads_that_ask_side_by_side_get_their_own_answers(tmp_path: Path) -> None:
    place = lay_version(tmp_path, 1)
    info = read_info(place)
    serving = problem_of(info.problem).serving
    model = PixelServable(LITERT, place / "model.tflite", serving, info.classes, info.contract)
    levels = [0, 255] * 50

    answers = list(
        map_ordered(lambda level: model.give([grey(level)])[0].answer, levels, workers=4)
    )

    assert [answer.class_index for answer in answers] == [level // 255 for level in levels]


@pytest.mark.parametrize("content", [b"", b"no model at all", None])
def test_what_is_no_onnx_model_says_what_was_expected(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "model.onnx"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError, match=r"model\.onnx: expected an ONNX model .* Export the"):
        open_model(ONNX, path)
