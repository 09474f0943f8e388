"""The Python of the guide, run line by line against a server of ours."""

import re
from pathlib import Path

import pytest

from sightline.serving.application import build_application
from sightline.serving.batching import Batcher
from sightline.serving.versions import Versions
from tests.bundles import add_version
from tests.data import encoded, photograph
from tests.sightline.serving.brightness import load_brightness
from tests.sightline.serving.running import running

GUIDE = Path(__file__).parents[2] / "docs" / "guide.md"
ADDRESS = "http://127.0.0.1:8501"


def test_the_client_of_the_guide_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = re.findall(
        r"```python\n(from sightline import Client\n.*?)```", GUIDE.read_text("utf-8"), re.DOTALL
    )
    assert ADDRESS in example
    monkeypatch.chdir(tmp_path)
    Path("cat.jpg").write_bytes(encoded(photograph(1).point(lambda _: 0)))
    add_version(tmp_path / "models", 1)
    versions = Versions(tmp_path / "models", load=load_brightness)
    versions.start(poll_seconds=60)
    batcher = Batcher(workers=1)

    with running(build_application(versions, batcher, name="a", max_body_mb=4)) as url:
        exec(compile(example.replace(ADDRESS, url), "guide.md", "exec"), {})
    versions.stop()
    batcher.close()

    lines = capsys.readouterr().out.splitlines()
    answered, absent = (line for line in lines if line.startswith(("cat.jpg", "dog.jpg")))
    assert answered == "cat.jpg dark 1"
    assert "no such file" in absent
