import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.data import photo_folder
from tests.sightline.client.lookalikes import ModelServer, TensorFlowServingLike
from tests.sightline.command_line import Ended, sightline
from tests.sightline.serving.running import running


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ModelServer, str]]:
    monkeypatch.chdir(tmp_path)
    photo_folder(tmp_path / "photos", cats=3, dogs=2)
    server = TensorFlowServingLike()
    with running(server.application()) as url:
        yield server, url


def ask(url: str, *words: object) -> Ended:
    return sightline("predict", *words, "--url", url, "--name", "photos")


def test_a_server_of_others_answers_photos_by_the_name_of_its_model(
    serving: tuple[ModelServer, str],
) -> None:
    ended = ask(serving[1], "photos/cats/0.jpg")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("photos/cats/0.jpg: ")


def test_json_keeps_its_fields(serving: tuple[ModelServer, str]) -> None:
    ended = ask(serving[1], "photos/cats/0.jpg", "absent.jpg", "--json")

    answered, refused = json.loads(ended.out)
    assert ended.code == 2
    assert list(answered) == [
        *("photo", "class_name", "class_index", "probability", "probabilities"),
        *("version", "error"),
    ]
    assert (answered["version"], answered["error"]) == (3, None)
    assert list(refused) == ["photo", "version", "error"]


def test_folders_become_a_table_in_the_order_of_their_files(
    serving: tuple[ModelServer, str],
) -> None:
    ended = ask(serving[1], "photos", "--recursive", "--csv", "out.csv", "--batch", 2)

    rows = list(csv.DictReader(Path("out.csv").read_text("utf-8-sig").splitlines()))
    assert (ended.code, ended.out) == (0, "out.csv: 5 photos.\n")
    assert [row["uri"] for row in rows] == [
        *("photos/cats/0.jpg", "photos/cats/1.jpg", "photos/cats/2.jpg"),
        *("photos/dogs/0.jpg", "photos/dogs/1.jpg"),
    ]


def test_lines_of_json_have_the_columns_of_the_table(serving: tuple[ModelServer, str]) -> None:
    ask(serving[1], "photos/cats", "--jsonl", "out.jsonl", "--csv", "out.csv")

    lines = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    header = Path("out.csv").read_text("utf-8-sig").splitlines()[0].split(",")
    assert [list(line) for line in lines] == [header] * 3
    assert header[:2] == ["id", "uri"]
    assert {"class_name", "probability", "version", "error"} <= set(header)


def test_a_table_that_is_done_asks_nobody(serving: tuple[ModelServer, str]) -> None:
    server, url = serving
    ask(url, "photos/cats", "--csv", "out.csv")
    server.asked = []

    ended = ask(url, "photos/cats", "--csv", "out.csv")

    assert (ended.code, ended.out) == (0, "out.csv: 3 photos.\n")
    assert server.asked == []


def test_a_photo_without_an_answer_is_a_row_and_the_command_says_so_again(
    serving: tuple[ModelServer, str],
) -> None:
    Path("photos/cats/1.jpg").write_bytes(b"hello")

    first = ask(serving[1], "photos/cats", "--csv", "out.csv")
    again = ask(serving[1], "photos/cats", "--csv", "out.csv")

    assert (first.code, again.code) == (2, 2)
    assert first.out == again.out == "out.csv: 3 photos, 1 of them without an answer.\n"


def test_a_server_that_is_away_leaves_no_table_and_is_asked_again(
    serving: tuple[ModelServer, str],
) -> None:
    words = ("photos/cats", "--csv", "out.csv")

    ended = ask("http://127.0.0.1:9", *words)

    assert ended.code == 2
    assert "Start one with `sightline serve`" in ended.err
    assert not Path("out.csv").exists()
    assert ask(serving[1], *words).out == "out.csv: 3 photos.\n"


def test_nothing_that_others_wrote_reaches_the_terminal_as_a_command(
    serving: tuple[ModelServer, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tests.sightline.client.lookalikes.CLASSES", ("\x1b]0;a\x07", "\x1b]0;b\x07")
    )
    photo = Path("photos/cats/0.jpg").rename("photos/\x1b[2J\n\u202egpj.jpg")

    ended = ask(serving[1], photo)

    assert ended.out.endswith("\n")
    assert ended.out[:-1].isprintable()
    assert "\\x1b[2J\\n\\u202egpj.jpg: \\x1b]0;" in ended.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a.jpg", "--csv", "a", "--json"), "expected files or --json"),
        (("a.jpg", "--version", "2", "--url", "http://127.0.0.1:9"), "is for a model folder"),
        (("a.csv", "b.jpg", "--url", "http://127.0.0.1:9"), "a table, an archive or a URI alone"),
        (("a.jpg", "--name", "photos"), "expected --url with them"),
        (("*.gif", "--url", "http://127.0.0.1:9"), "found none"),
    ],
)
def test_words_that_do_not_go_together_are_refused(words: tuple[str, ...], message: str) -> None:
    ended = sightline("predict", *words)

    assert ended.code == 2
    assert message in ended.err
