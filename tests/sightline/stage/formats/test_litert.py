from pathlib import Path

import pytest

from sightline.ground.errors import DataError
from sightline.stage.formats.litert import LiteRTModel


@pytest.mark.parametrize("content", [b"", b"no model at all", None])
def test_what_is_no_litert_model_says_what_was_expected(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "model.tflite"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError, match=r"model\.tflite: expected a LiteRT model .* Export the"):
        LiteRTModel(path)
