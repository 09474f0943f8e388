from pathlib import Path

from components.predict.survey import survey_of
from sightline.batch.items import Item
from sightline.batch.rows import Row, write_rows
from sightline.client.answers import Answer, refused

CELLS = {"class_name": "dark", "probability": 0.75}


def test_a_shard_of_refusals_alone_leaves_answers_classes(tmp_path: Path) -> None:
    answer = Answer(photo="a.png", title="dark", confidence=0.75, cells=CELLS, version=1)
    paths = [tmp_path / "0.parquet", tmp_path / "1.parquet"]
    for path, one in zip(paths, (refused("b.png", "it is no image"), answer), strict=True):
        rows = [Row(Item(uri=one.photo), "", one)]
        write_rows(path, rows, example=CELLS, columns=(), mark="")

    survey = survey_of(paths, num_least_sure=1)

    assert survey.numbers == {}
    assert survey.answers == {"dark": 1}
    assert survey.num_refused == 1
