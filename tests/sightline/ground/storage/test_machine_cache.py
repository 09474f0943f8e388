import os
import subprocess
from pathlib import Path

from sightline.ground.storage.machine_cache import (
    MachineCache,
    cache_folder,
    contents,
    half_written_entries,
)


def write(folder: Path, size: int = 100) -> None:
    folder.mkdir()
    (folder / "content").write_bytes(b"x" * size)


def test_the_folder_is_the_one_given_else_the_users_cache() -> None:
    home = {"HOME": "/home/ann"}

    assert cache_folder({**home, "SIGHTLINE_CACHE": "/fast"}) == Path("/fast")
    assert cache_folder({**home, "XDG_CACHE_HOME": "/c"}) == Path("/c/sightline")
    assert cache_folder(home) == Path("/home/ann/.cache/sightline")
    assert cache_folder({**home, "SIGHTLINE_CACHE": "off"}) is None
    assert cache_folder({}) is None


def test_an_entry_is_found_by_its_key(tmp_path: Path) -> None:
    cache = MachineCache(tmp_path / "cache", most_bytes=1000)

    assert cache.find("one") is None
    assert cache.keep("one", write)

    found = cache.find("one")
    assert found is not None
    assert (found / "content").read_bytes() == b"x" * 100
    cache.forget("one")
    assert cache.find("one") is None


def test_entries_that_were_used_last_stay_within_the_bound(tmp_path: Path) -> None:
    cache = MachineCache(tmp_path, most_bytes=250)
    for number, key in enumerate(("first", "second")):
        cache.keep(key, write)
        os.utime(tmp_path / key, (number, number))
    cache.find("first")

    cache.keep("third", write)

    assert {path.name for path in tmp_path.iterdir()} == {"first", "third"}


def test_an_entry_larger_than_the_bound_stays_until_the_next(tmp_path: Path) -> None:
    cache = MachineCache(tmp_path, most_bytes=50)

    cache.keep("large", write)

    assert cache.find("large") is not None


def test_what_fails_leaves_no_entry(tmp_path: Path) -> None:
    cache = MachineCache(tmp_path, most_bytes=1000)

    def full(folder: Path) -> None:
        write(folder)
        raise OSError(28, "No space left on device")

    assert not cache.keep("one", full)
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_nothing_is_kept() -> None:
    cache = MachineCache(None, most_bytes=1000)

    assert not cache.keep("one", write)
    assert cache.find("one") is None


def test_only_what_nobody_writes_any_more_is_half_written(tmp_path: Path) -> None:
    kind = tmp_path / "backbones"
    ended = subprocess.Popen(["true"])
    ended.wait()
    names = {name: f".{name}.{pid}.1.partial" for name, pid in
             (("left", ended.pid), ("now", os.getpid()), ("old", os.getpid()))}  # fmt: skip
    for name in names.values():
        (kind / name).mkdir(parents=True)
    os.utime(kind / names["old"], (0, 0))
    write(kind / "whole")

    assert half_written_entries(tmp_path) == [kind / names["left"], kind / names["old"]]


def test_a_cache_says_what_it_holds(tmp_path: Path) -> None:
    assert contents(tmp_path / "none") == "nothing"

    (tmp_path / "backbones").mkdir()
    write(tmp_path / "backbones/one", 200_000)

    assert contents(tmp_path) == "backbones 1 (0.2 MB)"
