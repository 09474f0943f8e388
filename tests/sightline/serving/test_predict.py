import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline import Client
from sightline.client.answers import ServerError
from sightline.client.photos import photo_at
from sightline.ground.errors import DataError
from sightline.ground.models.model_folder import FolderError
from sightline.serving.predict import answer_batch, predict, stream
from sightline.stage.children import Children
from sightline.stage.formats.bundle import read_info
from tests.artifacts import Artifacts
from tests.bundles import add_version
from tests.data import encoded, photograph
from tests.sightline.serving.evaluated import compare_with_evaluation
from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import grey, lay_version

GUIDE = Path(__file__).parents[3] / "docs" / "guide.md"
ADDRESS_OF_GUIDE = "http://127.0.0.1:8501"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("models")
    lay_version(folder, 1)
    with serving_folder(folder, max_body_mb=4) as url:
        yield url


def photo(folder: Path, name: str, content: bytes | None = None) -> Path:
    path = folder / name
    path.write_bytes(encoded(photograph(1)) if content is None else content)
    return path


def test_a_server_of_ours_answers_with_all_classes_best_first(address: str, tmp_path: Path) -> None:
    black = photo(tmp_path, "black.png", encoded(photograph(1).point(lambda _: 0), "PNG"))

    answers = Client(address + "/").predict([black])

    assert (answers[0].said, answers[0].error) == ("dark (1.000)", None)
    assert list(answers[0].content["probabilities"].items()) == [("dark", 1.0), ("light", 0.0)]
    assert answers[0].version == 1


def test_a_server_of_another_kind_tells_the_named_class_only(address: str, tmp_path: Path) -> None:
    answers = Client(address, name="flowers").predict([photo(tmp_path, "a.jpg")])

    assert list(answers[0].content["probabilities"]) == [answers[0].content["class_name"]]
    assert answers[0].version == 1


def test_photos_without_an_answer_do_not_stop_the_others(address: str, tmp_path: Path) -> None:
    whole = encoded(photograph(1))
    photos = [
        photo(tmp_path, "a.jpg"),
        tmp_path / "absent.jpg",
        photo(tmp_path, "text.jpg", b"hello"),
        photo(tmp_path, "half.jpg", whole[: len(whole) // 2]),
        photo(tmp_path, "b.jpg"),
    ]

    answers = Client(address).predict(photos)

    assert [answer.error is None for answer in answers] == [True, False, False, False, True]
    assert "no such file" in str(answers[1].error)
    assert "5 bytes that are no image" in str(answers[2].error)
    assert "instance 0" in str(answers[3].error)


def test_a_model_that_our_server_does_not_know_is_an_error(address: str, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="expected a model 'birds'"):
        Client(address, name="birds").predict([photo(tmp_path, "a.jpg")])


def test_the_client_of_the_guide_answers(
    address: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (example,) = re.findall(
        r"```python\n(from sightline import Client\n.*?)```", GUIDE.read_text("utf-8"), re.DOTALL
    )
    assert ADDRESS_OF_GUIDE in example
    monkeypatch.chdir(tmp_path)
    photo(tmp_path, "cat.jpg", encoded(photograph(1).point(lambda _: 0)))

    exec(compile(example.replace(ADDRESS_OF_GUIDE, address), "guide.md", "exec"), {})

    answered, absent = capsys.readouterr().out.splitlines()
    assert answered == "cat.jpg dark 1"
    assert "no such file" in absent


def test_a_folder_without_a_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="expected a model folder with a version in it"):
        predict(tmp_path / "absent", [photo(tmp_path, "a.jpg")])


def test_a_version_that_is_not_there_is_refused(tmp_path: Path) -> None:
    add_version(tmp_path / "models", 2)

    with pytest.raises(FolderError, match="expected one of the versions 2; received 7"):
        predict(tmp_path / "models", [photo(tmp_path, "a.jpg")], version=7)


def test_photos_that_nobody_can_open_need_no_model(tmp_path: Path) -> None:
    lay_version(tmp_path / "models", 2, expects_inverted=True)

    photos = [tmp_path / "absent.jpg", photo(tmp_path, "text.jpg", b"hello"), tmp_path]
    answers = predict(tmp_path / "models", photos)

    assert [answer.version for answer in answers] == [2, 2, 2]
    assert "no such file" in str(answers[0].error)
    assert "5 bytes that are no image" in str(answers[1].error)
    assert "no regular file" in str(answers[2].error)


def test_a_version_that_does_not_repeat_its_golden_answers_says_nothing(tmp_path: Path) -> None:
    lay_version(tmp_path / "models", 2, expects_inverted=True)

    with pytest.raises(DataError, match="expected the 2 golden answers within"):
        predict(tmp_path / "models", [photo(tmp_path, "a.jpg")])


def test_many_photos_are_answered_in_their_order(tmp_path: Path) -> None:
    lay_version(tmp_path / "models", 1)
    levels = [255 * (number % 3 == 0) for number in range(60)]
    photos = [photo(tmp_path, f"{number}.png", grey(level)) for number, level in enumerate(levels)]

    answers = predict(tmp_path / "models", photos)

    assert [answer.photo for answer in answers] == [str(path) for path in photos]
    assert [answer.content["class_index"] for answer in answers] == [
        level // 255 for level in levels
    ]


def test_where_litert_answers_nothing_imports_tensorflow(tmp_path: Path) -> None:
    lay_version(tmp_path / "models", 1)
    whole = photo(tmp_path, "a.jpg")
    program = (
        "import sys; from pathlib import Path;"
        "from sightline.serving.predict import predict;"
        "from sightline.serving.soundness import examine;"
        "from components.deploy.smoke import smoke_test;"
        "models = Path(sys.argv[1]);"
        "(answer,) = predict(models, [Path(sys.argv[2])]);"
        "live, *_ = examine(models, ask=True);"
        "tested = smoke_test(models / '1', 0.01);"
        "print(answer.error, live.damage, tested.engine, 'tensorflow' in sys.modules, sep='|')"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "models"), str(whole)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.strip() == "None||litert|False", done.stderr


def end_at_once(data: bytes) -> str:
    """Die of a photo, as a decoder may."""
    if data == b"deadly":
        os.kill(os.getpid(), signal.SIGSEGV)
    return f"{len(data)} bytes"


def test_a_file_that_ends_its_decoder_has_its_reason_and_the_others_their_answers(
    tmp_path: Path,
) -> None:
    photos = [
        photo_at(str(photo(tmp_path, f"{index}.jpg", content)))
        for index, content in enumerate((b"harmless", b"deadly", b"harmless"))
    ]

    with Children(end_at_once) as children:
        (_, first), (_, second), (_, third) = answer_batch(photos, children=children)

    assert first == third == "8 bytes"
    assert "a decoder survives; the process that read it ended with SIGSEGV" in second


@pytest.mark.slow
def test_the_live_model_answers_photos(bundle: Path, made: Artifacts, tmp_path: Path) -> None:
    from tests.components.deploy.test_stage import put

    put(bundle, tmp_path / "models")

    whole = encoded(photograph(1))
    photos = [
        photo(tmp_path, "a.jpg"),
        tmp_path / "absent.jpg",
        photo(tmp_path, "half.jpg", whole[: len(whole) // 2]),
        photo(tmp_path, "b.jpg", encoded(photograph(2))),
        photo(tmp_path, "c.jpg"),
    ]
    listed = [photo_at(str(path)) for path in photos]

    answers = list(stream(tmp_path / "models", listed, batch=2))
    alone = predict(tmp_path / "models", photos[3:4])

    assert [answer.photo for answer in answers] == [str(path) for path in photos]
    assert [answer.error is None for answer in answers] == [True, False, False, True, True]
    assert {answer.version for answer in answers} == {1}
    assert answers[0].content == answers[4].content
    assert answers[3].content["probabilities"] == pytest.approx(alone[0].content["probabilities"])
    said = answers[0].content
    assert said["class_name"] == next(iter(said["probabilities"]))
    assert sum(said["probabilities"].values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_a_server_answers_original_files_as_they_were_evaluated(
    bundle: Path, made: Artifacts, tmp_path: Path
) -> None:
    from tests.components.deploy.test_stage import put

    put(bundle, tmp_path / "models")

    with serving_folder(tmp_path / "models") as address:
        name = read_info(bundle).model_name
        compared = compare_with_evaluation(address, name, made.dataset, made.evaluation)

    assert compared.num_images == 8
    assert compared.same_class == 1
    assert compared.largest_difference < 1e-3
