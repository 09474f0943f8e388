import json
from html import unescape
from pathlib import Path

import pytest

from sightline.ground.errors import DataError
from sightline.ground.source.tables import jsonl_table
from tests.components.ingest.ingesting import Ingested, ingest_source
from tests.data import encoded, photo_folder, photograph


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder `images` with 0.jpg to 5.jpg, beside which a test writes its table."""
    photo_folder(tmp_path / "photos", images=6)
    return tmp_path / "photos"


def ingest_text(photos: Path, text: str, name: str = "labels.csv", **settings: object) -> Ingested:
    (photos / name).write_text(text, encoding="utf-8")
    return ingest_source(photos / name, photos.parent, **settings)


def test_a_table_with_header_gives_labels_splits_and_slices(photos: Path) -> None:
    result = ingest_text(
        photos,
        "filename,label,split,camera\n"
        "images/0.jpg,cat,TRAINING,front\n"
        "images/1.jpg,dog,VALIDATE,front\n"
        "images/2.jpg,dog,test,\n"
        "images/3.jpg,cat,UNASSIGNED,rear\n",
    )

    assert result.labels == {"0.jpg": "cat", "1.jpg": "dog", "2.jpg": "dog", "3.jpg": "cat"}
    assert result.splits == {
        "0.jpg": "train",
        "1.jpg": "validation",
        "2.jpg": "test",
        "3.jpg": None,
    }
    assert result.info.slices == ("camera",)
    assert [one.slices["camera"] for one in result.examples] == ["front", "front", "", "rear"]


def test_a_table_without_header_takes_the_first_column_as_image(photos: Path) -> None:
    result = ingest_text(photos, "images/0.jpg,cat\nimages/1.jpg,dog\n")

    assert result.labels == {"0.jpg": "cat", "1.jpg": "dog"}


def test_vertex_ai_csv_may_begin_each_row_with_its_split(photos: Path) -> None:
    result = ingest_text(photos, "TRAINING,images/0.jpg,cat\nTEST,images/1.jpg,dog\n")

    assert result.labels == {"0.jpg": "cat", "1.jpg": "dog"}
    assert result.splits == {"0.jpg": "train", "1.jpg": "test"}


def test_settings_name_the_columns_and_the_group(photos: Path) -> None:
    result = ingest_text(
        photos,
        "patient;scan;finding;set\nanna;images/0.jpg;cat;dev\nanna;images/1.jpg;dog;train\n",
        image_column="scan",
        label_column="finding",
        split_column="set",
        group_column="patient",
    )

    assert result.labels == {"0.jpg": "cat", "1.jpg": "dog"}
    assert [one.group for one in result.examples] == ["anna", "anna"]
    assert result.splits["0.jpg"] == "validation"
    assert result.info.slices == ("patient",)


def test_columns_without_header_are_named_by_their_number(photos: Path) -> None:
    result = ingest_text(
        photos, "cat,x,images/0.jpg\ndog,y,images/1.jpg\n", image_column="3", label_column="1"
    )

    assert result.labels == {"0.jpg": "cat", "1.jpg": "dog"}


def test_columns_without_header_are_shown_as_settings_may_name_them(photos: Path) -> None:
    text = "cat,x,images/0.jpg\ndog,y,images/1.jpg\n"

    result = ingest_text(photos, text, image_column="column_3", label_column="column_1")

    assert result.labels == {"0.jpg": "cat", "1.jpg": "dog"}
    assert "Images from column 'column_3', labels from column 'column_1'." in unescape(
        result.report
    )


def test_beside_a_label_column_that_is_named_the_only_other_one_names_images(photos: Path) -> None:
    (photos / "images/0.jpg").rename(photos / "images/first")
    (photos / "images/1.jpg").rename(photos / "images/second")

    result = ingest_text(
        photos, "thing,kind\nimages/first,cat\nimages/second,dog\n", label_column="kind"
    )

    assert result.labels == {"first": "cat", "second": "dog"}


def test_one_cell_may_hold_several_labels(photos: Path) -> None:
    result = ingest_text(
        photos,
        "path,label\nimages/0.jpg,cat|outdoor\nimages/1.jpg, dog | dog |\n",
        label_separator="|",
    )

    assert [one.labels for one in result.examples] == [("cat", "outdoor"), ("dog",)]


def test_bad_rows_are_quarantined_with_their_line_and_the_others_stay(photos: Path) -> None:
    result = ingest_text(
        photos,
        "path,label,split\n"
        "images/0.jpg,cat,train\n"
        "images/1.jpg,,train\n"
        "images/absent.jpg,cat,train\n"
        ",cat,train\n"
        "images/2.jpg,cat,holdout\n"
        "images/3.jpg,cat,train,more\n"
        "\n"
        '"images/4.jpg,cat,train\n'
        "images/5.jpg,dog,train\n"
        "ftp://host/6.jpg,dog,train\n",
    )

    assert result.labels == {"0.jpg": "cat", "5.jpg": "dog"}
    assert {row["row"]: row["reason"] for row in result.refused} == {
        "3": "missing label",
        "4": "unreadable file: no such file",
        "5": "unreadable file: no path",
        "6": "unknown split: 'holdout'",
        "7": "unreadable row: expected 3 cells, received 4",
        "9": "unreadable row: a quote that is never closed",
        "11": "unsafe path: ftp:// is none of gs, s3 and https",
    }


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_tables_from_spreadsheets_are_read(photos: Path, encoding: str) -> None:
    text = "path\tlabel\r\nimages/0.jpg\tKätzchen\r\nimages/1.jpg\tHund\r\n"
    (photos / "labels.csv").write_bytes(text.encode(encoding))

    result = ingest_source(photos / "labels.csv", photos.parent)

    assert result.info.classes == ("Hund", "Kätzchen")


def test_a_label_that_is_no_utf8_is_quarantined(photos: Path) -> None:
    (photos / "labels.csv").write_bytes(b"path,label\nimages/0.jpg,K\xe4tzchen\nimages/1.jpg,b\n")

    result = ingest_source(photos / "labels.csv", photos.parent)

    assert result.reasons == {"images/0.jpg": r"invalid label: 'K\udce4tzchen'"}


def test_cells_with_control_characters_and_endless_paths_are_quarantined(photos: Path) -> None:
    result = ingest_text(
        photos, f"path,label\nimages/0.jpg,a\nimages/1.jpg,b\0\n\0,b\n{'x' * 5000},b\n"
    )

    assert result.labels == {"0.jpg": "a"}
    assert result.reasons == {
        "images/1.jpg": r"invalid label: 'b\x00'",
        r"\x00": "unreadable file: no path",
        "x" * 5000: "unreadable file: file name too long",
    }


def test_both_unicode_forms_of_a_label_are_one_class(photos: Path) -> None:
    result = ingest_text(photos, "path,label\nimages/0.jpg,caf\u00e9\nimages/1.jpg,cafe\u0301\n")

    assert result.info.classes == ("caf\u00e9",)


def test_absolute_paths_backslashes_and_parents_are_understood(photos: Path) -> None:
    (photos / "tables").mkdir()
    (photos / "tables/labels.csv").write_text(
        f"path,label\n{photos}/images/0.jpg,a\n..\\images\\1.jpg,b\n../images/2.jpg,c\n"
        f"file://{photos}/images/3.jpg,d\n"
    )

    result = ingest_source(photos / "tables/labels.csv", photos.parent)

    assert result.labels == {"0.jpg": "a", "1.jpg": "b", "2.jpg": "c", "3.jpg": "d"}


def test_a_folder_with_one_table_beside_its_images_takes_labels_from_it(photos: Path) -> None:
    (photos / "labels.csv").write_text("path,label\nimages/0.jpg,cat\nimages/1.jpg,dog\n")

    result = ingest_source(photos, photos.parent)

    assert result.info.classes == ("cat", "dog")


@pytest.mark.parametrize(("source_format", "label"), [("csv", "cat"), ("jsonl", "dog")])
def test_of_a_table_of_each_kind_in_a_folder_the_one_that_is_asked_for_is_taken(
    photos: Path, source_format: str, label: str
) -> None:
    line = {
        "imageGcsUri": "images/0.jpg",
        "classificationAnnotation": {"displayName": "dog"},
    }
    (photos / "labels.csv").write_text("image,label\nimages/0.jpg,cat\n")
    (photos / "labels.jsonl").write_text(json.dumps(line) + "\n")

    result = ingest_source(photos, photos.parent, source_format=source_format)

    assert result.labels == {"0.jpg": label}


def test_a_folder_with_several_tables_asks_which(photos: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (photos / name).write_text("path,label\nimages/0.jpg,cat\n")

    with pytest.raises(DataError, match=r"expected one table beside the images, received 2: a.csv"):
        ingest_source(photos, photos.parent)


def test_a_table_that_is_asked_for_and_absent_is_refused(photos: Path) -> None:
    with pytest.raises(DataError, match="expected one table beside the images, received none"):
        ingest_source(photos, photos.parent, source_format="csv")


def test_a_column_that_is_missing_is_named_with_those_that_are_there(photos: Path) -> None:
    with pytest.raises(DataError, match=r"column 'breed' is missing.*received path, label"):
        ingest_text(photos, "path,label\nimages/0.jpg,cat\n", label_column="breed")


def test_an_empty_table_is_refused(photos: Path) -> None:
    with pytest.raises(DataError, match="received an empty file"):
        ingest_text(photos, "")


def test_a_table_of_one_column_is_refused(photos: Path) -> None:
    with pytest.raises(DataError, match="expected a column of images and one of labels"):
        ingest_text(photos, "path\nimages/0.jpg\n")


def test_a_table_whose_only_columns_are_split_and_image_is_refused(photos: Path) -> None:
    with pytest.raises(DataError, match="a column of images and one of labels"):
        ingest_text(photos, "split,path\ntrain,images/0.jpg\n")


def vertex_line(uri: str, *labels: str, **attributes: str) -> str:
    named = [{"displayName": label} for label in labels]
    annotations: dict[str, object] = {"classificationAnnotations": named}
    if len(labels) == 1:
        annotations = {"classificationAnnotation": named[0]}
    return json.dumps({"imageGcsUri": uri, **annotations, "dataItemResourceLabels": attributes})


def test_vertex_ai_json_lines_give_labels_splits_and_slices(photos: Path) -> None:
    lines = [
        vertex_line("images/0.jpg", "cat", **{jsonl_table.ML_USE: "training"}, site="north"),
        vertex_line("images/1.jpg", "dog", "outdoor", **{jsonl_table.ML_USE: "test"}),
    ]

    result = ingest_text(photos, "\n".join(lines), "labels.jsonl", group_column="site")

    assert [one.labels for one in result.examples] == [("cat",), ("dog", "outdoor")]
    assert result.splits == {"0.jpg": "train", "1.jpg": "test"}
    assert [one.slices for one in result.examples] == [{"site": "north"}, {}]
    assert result.examples[0].group == "north"


def test_bad_json_lines_are_quarantined_and_the_others_stay(photos: Path) -> None:
    lines = [
        vertex_line("images/0.jpg", "cat"),
        "{not json",
        "[]",
        '{"imageGcsUri": 5}',
        '{"imageGcsUri": "images/1.jpg"}',
        '{"imageGcsUri": "images/1.jpg", "classificationAnnotation": {"displayName": 3}}',
        '{"imageGcsUri": "images/1.jpg", "classificationAnnotations": "cat"}',
        '{"imageGcsUri": "images/1.jpg", "dataItemResourceLabels": 3}',
        "[" * 20_000,
        vertex_line("images/2.jpg", "dog"),
    ]

    result = ingest_text(photos, "\n".join(lines), "labels.jsonl")

    assert result.labels == {"0.jpg": "cat", "2.jpg": "dog"}
    assert [row["row"] for row in result.refused] == [str(number) for number in range(2, 10)]
    assert {row["reason"].partition(":")[0] for row in result.refused} == {
        "unreadable row",
        "missing label",
    }


def test_a_line_number_points_at_the_line_that_a_person_sees(photos: Path) -> None:
    result = ingest_text(
        photos, 'path,label,note\nimages/0.jpg,cat,"two\nlines"\nimages/9.jpg,dog,\n'
    )

    assert [(row["location"], row["row"]) for row in result.refused] == [("images/9.jpg", "4")]


def test_images_with_any_name_are_found(photos: Path) -> None:
    (photos / "images/a b, c 花.jpg").write_bytes(encoded(photograph(7)))

    result = ingest_text(photos, 'path,label\n"images/a b, c 花.jpg",cat\nimages/0.jpg,dog\n')

    assert result.labels == {"a b, c 花.jpg": "cat", "0.jpg": "dog"}


def test_columns_are_found_by_their_usual_names_and_an_index_is_no_column(photos: Path) -> None:
    result = ingest_text(
        photos,
        ",image_path,Class Name\n0,images/0.jpg,cat\n1,images/1.jpg,dog\n2,images/2.jpg,cat\n",
    )

    assert result.labels == {"0.jpg": "cat", "1.jpg": "dog", "2.jpg": "cat"}
    assert "Images from column &#39;image_path&#39;" in result.report
    assert "labels from column &#39;Class Name&#39;" in result.report


def test_of_two_columns_with_usual_names_the_one_with_paths_names_the_image(photos: Path) -> None:
    result = ingest_text(
        photos, "image,file_name,label\n17,images/0.jpg,cat\n18,images/1.jpg,dog\n"
    )

    assert result.labels == {"0.jpg": "cat", "1.jpg": "dog"}


def test_a_column_of_numbered_rows_before_a_table_without_header_is_left_out(photos: Path) -> None:
    result = ingest_text(photos, "0,images/0.jpg,cat\n1,images/1.jpg,dog\n2,images/2.jpg,dog\n")

    assert result.labels == {"0.jpg": "cat", "1.jpg": "dog", "2.jpg": "dog"}


def test_what_a_labelling_tool_exports_takes_the_choice_and_no_identifier(photos: Path) -> None:
    result = ingest_text(
        photos,
        "annotation_id,annotator,choice,created_at,id,image\n"
        "9,1,cat,2026-01-01,1,images/0.jpg\n8,1,dog,2026-01-01,2,images/1.jpg\n",
    )

    assert result.labels == {"0.jpg": "cat", "1.jpg": "dog"}


@pytest.mark.parametrize("columns", ["width,height,species", "annotation_id,species", "width"])
def test_a_doubtful_label_column_is_asked_for(photos: Path, columns: str) -> None:
    cells = ",".join(str(64 + at) for at in range(columns.count(",") + 1))

    with pytest.raises(DataError, match=r"'\w+' \(64\).*Name the column.*ingest.label_column"):
        ingest_text(photos, f"image,{columns}\nimages/0.jpg,{cells}\nimages/1.jpg,{cells}\n")


def test_two_columns_that_name_images_are_asked_about(photos: Path) -> None:
    with pytest.raises(DataError, match=r"one column that names the images, received several"):
        ingest_text(photos, "left,right,label\nimages/0.jpg,images/1.jpg,cat\n")


def test_one_column_per_class_gives_labels(photos: Path) -> None:
    result = ingest_text(
        photos, "filename, cat, dog\nimages/0.jpg, 1, 0\nimages/1.jpg, 0, 1\nimages/2.jpg,0,1\n"
    )

    assert result.labels == {"0.jpg": "cat", "1.jpg": "dog", "2.jpg": "dog"}
    assert result.info.slices == ()
    assert "one column per class (cat, dog)" in result.report


@pytest.mark.parametrize(
    ("yes", "no"), [("1", "0"), ("1.0", "0.0"), ("true", "false"), (" TRUE ", "False")]
)
def test_yes_and_no_are_written_in_several_ways(photos: Path, yes: str, no: str) -> None:
    result = ingest_text(
        photos, f"filename,cat,dog\nimages/0.jpg,{yes},{no}\nimages/1.jpg,{no},{yes}\n"
    )

    assert result.labels == {"0.jpg": "cat", "1.jpg": "dog"}


def test_yes_and_no_that_may_be_no_classes_are_asked_about(photos: Path) -> None:
    with pytest.raises(DataError, match="columns of yes and no, and rows that say no to all"):
        ingest_text(photos, "image,flash,indoor\nimages/0.jpg,1,0\nimages/1.jpg,0,0\n")


@pytest.mark.parametrize("header", ["image,label,label", "image,site,label,site"])
def test_a_column_name_that_stands_twice_is_refused(photos: Path, header: str) -> None:
    cells = ",".join("a" for _ in header.split(",")[1:])

    with pytest.raises(DataError, match=r"every column name once.*Rename or remove"):
        ingest_text(photos, f"{header}\nimages/0.jpg,{cells}\n")


def test_letters_that_cannot_be_seen_make_no_class(photos: Path) -> None:
    letters = ("\u200b", "\u00ad", "\u200e", "\u200f", "\u2060", "\ufeff")
    for number, letter in enumerate(letters):
        (photos / f"folders/cat{letter}").mkdir(parents=True)
        (photos / f"folders/cat{letter}/0.jpg").write_bytes(encoded(photograph(number + 2)))
    photo_folder(photos / "folders", cat=1, dog=1)

    rows = [f"images/{n}.jpg,c{letter}at{letter}" for n, letter in enumerate(letters)]
    table = ingest_text(photos, "path,label\n" + "\n".join(rows))
    named = [vertex_line(f"images/{n}.jpg", f"cat{letter}") for n, letter in enumerate(letters)]
    lines = ingest_text(photos, "\n".join(named), "labels.jsonl")
    folders = ingest_source(photos / "folders", photos)

    assert table.info.class_counts == lines.info.class_counts == {"cat": len(letters)}
    assert folders.info.class_counts == {"cat": 1 + len(letters), "dog": 1}


def test_letters_that_join_others_stay_where_words_need_them(photos: Path) -> None:
    joined = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"

    result = ingest_text(
        photos, f"path,label\nimages/0.jpg,{joined}\nimages/1.jpg,a\u200cb\u200d\n"
    )

    assert set(result.info.classes) == {joined, "ab"}


def test_labels_that_turn_text_around_or_never_end_are_quarantined(photos: Path) -> None:
    result = ingest_text(
        photos, f"path,label\nimages/0.jpg,cat\nimages/1.jpg,a\u202eb\nimages/2.jpg,{'x' * 3000}\n"
    )

    assert result.labels == {"0.jpg": "cat"}
    assert result.reasons == {
        "images/1.jpg": r"invalid label: 'a\u202eb'",
        "images/2.jpg": "invalid label: 3,000 characters, at most 200 are",
    }


def test_words_for_no_label_are_no_class_unless_classes_name_them(photos: Path) -> None:
    words = ("NaN", "None", "NULL", "N/A", "NA", "<NA>", "null", "nan")
    photo_folder(photos, images=1 + len(words))
    labels = {"images/0.jpg": "cat"} | {f"images/{n}.jpg": w for n, w in enumerate(words, 1)}
    text = "path,label\n" + "".join(f"{image},{word}\n" for image, word in labels.items())

    result = ingest_text(photos, text)
    lines = ingest_text(
        photos, "\n".join(vertex_line(*item) for item in labels.items()), "labels.jsonl"
    )
    named = ingest_text(photos, text, classes=("cat", *words))

    missing = {
        image: f"missing label: '{word}' stands for none"
        for image, word in labels.items()
        if word != "cat"
    }
    assert result.reasons == lines.reasons == missing
    assert result.labels == lines.labels == {"0.jpg": "cat"}
    for row, word in zip(result.refused, words, strict=True):
        assert f"If '{word}' is a class, name it" in row["remedy"]
    assert named.labels == {Path(image).name: word for image, word in labels.items()}


def test_the_setting_of_classes_is_cleaned_as_labels_are(photos: Path) -> None:
    text = "path,label\nimages/0.jpg,H\u00e4her\nimages/1.jpg,cat\n"

    result = ingest_text(photos, text, classes=(" cat ", "Ha\u0308her\u200b", "cat", " "))

    assert result.info.classes == ("H\u00e4her", "cat")
    assert result.refused == []


def test_paths_that_windows_wrote_are_turned_and_drives_are_named(photos: Path) -> None:
    (photos / "images/a\\b.jpg").write_bytes(encoded(photograph(9)))

    result = ingest_text(
        photos,
        "path,label\nimages\\0.jpg,a\n./images\\1.jpg,b\nimages/a\\b.jpg,c\n"
        "C:\\photos\\2.jpg,a\nd:/photos/3.jpg,a\n",
    )

    assert set(result.labels) == {"0.jpg", "1.jpg", "a\\b.jpg"}
    assert set(result.reasons.values()) == {"unreadable file: a path on a drive of Windows"}
    assert "Write paths that start from the table" in result.refused[0]["remedy"]


def test_quotes_after_a_blank_are_no_part_of_a_cell(photos: Path) -> None:
    result = ingest_text(photos, '"path", "label"\n"images/0.jpg", "a, b"\n"images/1.jpg", "c"\n')

    assert result.labels == {"0.jpg": "a, b", "1.jpg": "c"}


@pytest.mark.parametrize("sep", [";", "|", ",", "\t"])
def test_a_line_that_names_the_separator_is_no_row(photos: Path, sep: str) -> None:
    lines = [f"sep={sep}", f"label{sep}image", f"a{sep}images/0.jpg", f"b{sep}images/9.jpg"]

    result = ingest_text(photos, "\ufeff" + "\r\n".join(lines))

    assert result.labels == {"0.jpg": "a"}
    assert [row["row"] for row in result.refused] == ["4"]


def test_no_cell_of_the_quarantine_is_a_formula(photos: Path) -> None:
    result = ingest_text(
        photos,
        "path,label\nimages/0.jpg,cat\n=cmd|' /C calc'!A0,@SUM(1)\n-2+3,+1\n plain-name.jpg,a=b\n",
    )

    assert [(row["location"], row["label"]) for row in result.refused] == [
        ("'=cmd|' /C calc'!A0", "'@SUM(1)"),
        ("'-2+3", "'+1"),
        ("plain-name.jpg", "a=b"),
    ]


@pytest.mark.parametrize("word", ["NA", "n/a", "NaN", "NULL", "<NA>", "unassigned", "none", ""])
def test_words_for_no_value_in_a_split_column_are_no_split(tmp_path: Path, word: str) -> None:
    photos = photo_folder(tmp_path / "photos", cats=1)
    (photos / "labels.csv").write_text(f"image,label,split\ncats/0.jpg,cat,{word}\n")

    assert ingest_source(photos / "labels.csv", tmp_path).splits == {"0.jpg": None}
