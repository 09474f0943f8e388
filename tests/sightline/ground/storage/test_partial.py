import os
from pathlib import Path

import pytest

from sightline.ground.storage.partial import final_path, is_partial, partial_path, partial_writer


@pytest.mark.parametrize("name", ["run.json", "model", "archive.tar.gz", ".hidden", "1.5"])
def test_a_partial_name_says_who_writes_what(name: str) -> None:
    path = Path("folder") / name

    mine = partial_path(path, one_writer=False)
    nested = partial_path(mine, one_writer=False)
    alone = partial_path(path, one_writer=True)

    assert all(is_partial(one.name) for one in (mine, nested, alone))
    assert partial_writer(mine.name) == os.getpid()
    assert partial_writer(alone.name) is None
    assert final_path(mine) == final_path(nested) == final_path(alone) == path


@pytest.mark.parametrize("name", ["partial", "model.partial", ".partial", "run.json"])
def test_other_names_are_what_they_are(name: str) -> None:
    assert not is_partial(name)
    assert final_path(Path(name)) == Path(name)
