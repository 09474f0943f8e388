import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.ground.source.local_files import LocalFiles
from sightline.ground.source.refusals import Refusal
from sightline.ground.source.settings import SourceSettings
from sightline.ground.source.tables import jsonl_table
from sightline.problems import problem_of

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    *("imageGcsUri", "classificationAnnotation", "classificationAnnotations"),
                    *("displayName", "dataItemResourceLabels", jsonl_table.ML_USE),
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.lists(JSON, min_size=1, max_size=4))
def test_any_json_becomes_a_row_or_a_refusal(tmp_path_factory: object, lines: list[object]) -> None:
    assert isinstance(tmp_path_factory, pytest.TempPathFactory)
    folder = tmp_path_factory.mktemp("table")
    (folder / "t.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    files = LocalFiles(folder)

    rows = list(
        jsonl_table.read_rows(
            files,
            "t.jsonl",
            problem_of("classification").reader,
            SourceSettings(source="t.jsonl"),
        )
    )

    assert len(rows) == len(lines)
    for row in rows:
        assert row.text if isinstance(row, Refusal) else row.labels
    jsonl_table.find_slices(files, "t.jsonl")
