"""Photos, model and answers in S3 and Cloud Storage, as `sightline predict` takes them."""

from pathlib import Path
from typing import Any

import pandas
import pytest

from sightline.batch.stored import table_of
from sightline.ground.errors import UserError
from sightline.ground.storage.stores import open_store, path_in_store
from tests.sightline.command_line import sightline
from tests.sightline.serving.served import grey, lay_version


def stored(folder: Path, address: str) -> Any:
    """A folder of this machine, in a store."""
    store = open_store(address.partition(":")[0])
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            store.put_file(str(path), f"{path_in_store(address)}/{name}")
    return store


def test_photos_model_and_answers_may_lie_in_a_store(
    store_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here = tmp_path / "laid"
    for number, inverted in ((1, False), (2, True)):
        lay_version(here / "models", number, inverted=inverted)
    (here / "photos").mkdir()
    for name, level in (("black", 0), ("white", 255)):
        (here / f"photos/{name}.png").write_bytes(grey(level))
    (here / "photos/broken.png").write_bytes(b"none")
    store = stored(here, store_address)
    model, photos = f"{store_address}/models", f"{store_address}/photos"
    csv, parquet = f"{store_address}/out/a.csv", f"{store_address}/out/a.parquet"
    asked = ("predict", photos, "--folder", model, "--version", 1, "--csv", csv)

    ended = sightline(*asked, "--parquet", parquet)
    again = sightline(*asked, "--parquet", parquet)
    live = sightline("predict", str(here / "photos/white.png"), "--folder", model)
    other = sightline("predict", photos, "--folder", model, "--jsonl", f"{model}/1/labels.txt")

    assert (ended.code, again.code) == (2, 2), ended.err
    assert f"{csv}, {parquet}: 3 photos, 1 of them without an answer." in ended.out
    with store.open(path_in_store(parquet)) as file:
        table = pandas.read_parquet(file).set_index("uri")
    assert table.loc[f"{photos}/white.png", "class_name"] == "light"
    assert table.loc[f"{photos}/black.png", "version"] == "1"
    with store.open(path_in_store(csv)) as file:
        assert len(pandas.read_csv(file)) == 3
    assert "white.png: dark" in live.out
    assert (other.code, "expected a new file, or answers" in other.err) == (2, True)


def test_a_store_without_the_version_that_is_asked_for_says_which_there_are(
    store_address: str, tmp_path: Path
) -> None:
    lay_version(tmp_path / "models", 3)
    stored(tmp_path / "models", store_address)
    photo = tmp_path / "a.png"
    photo.write_bytes(grey(0))

    absent = sightline("predict", photo, "--folder", store_address, "--version", 4)
    none = sightline("predict", photo, "--folder", f"{store_address}/none")

    assert f"{store_address}: expected one of the versions 3; received 4." in absent.err
    assert f"{store_address}/none: expected a model folder with a version" in none.err


@pytest.mark.parametrize("name", ["./a.csv", "out//a.csv", "file://{folder}/a.csv"])
def test_a_table_at_a_path_of_this_machine_is_no_table_of_a_store(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lay_version(tmp_path / "models", 1)
    (tmp_path / "out").mkdir()
    (tmp_path / "a.png").write_bytes(grey(255))
    named = name.format(folder=tmp_path)

    ended = sightline("predict", "a.png", "--folder", "models", "--csv", named)

    assert (ended.code, ended.err) == (0, "")
    assert f"{named}: 1 photo." in ended.out
    assert len(pandas.read_csv(named.removeprefix("file://"))) == 1


@pytest.mark.parametrize("name", ["gs://flowers", "gs://flowers/", "s3://flowers/out/"])
def test_a_table_is_no_folder_of_a_store(name: str) -> None:
    with pytest.raises(UserError, match=r"ends with a file.*/answers\.csv"):
        table_of(name, "csv")
