import os
from pathlib import Path

from sightline.targets.local.cleaning.space import freed_bytes


def test_a_file_that_something_else_links_to_frees_nothing(tmp_path: Path) -> None:
    going, staying = tmp_path / "going", tmp_path / "staying"
    going.mkdir()
    staying.mkdir()
    (going / "own").write_bytes(b"x" * 10)
    (going / "shared").write_bytes(b"x" * 100)
    os.link(going / "shared", staying / "shared")

    assert freed_bytes({"runs": [going]}) == {"runs": 10}
    assert freed_bytes({"runs": [going, staying]}) == {"runs": 110}


def test_a_link_counts_as_itself(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 1000)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/link").symlink_to(tmp_path / "large")

    assert freed_bytes({"runs": [tmp_path / "folder"]})["runs"] < 1000
