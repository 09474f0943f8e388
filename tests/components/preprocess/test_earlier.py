"""Splits of an earlier run: kept, carried on, refused where they are none."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.preprocess.earlier import assignment_of, permanence
from components.preprocess.settings import PreprocessSettings
from components.preprocess.splits import Candidate, assign_splits
from sightline.ground.errors import DataError
from sightline.stage.formats.assignment import Assignment, read_assignment
from tests.components.preprocess.preprocessing import photos, run_preprocess, write_dataset

STEPS = st.lists(
    st.dictionaries(st.sampled_from(["cat", "dog", "eel", "fox"]), st.integers(1, 40), min_size=1),
    min_size=2,
    max_size=4,
)


def rules(**changes: object) -> PreprocessSettings:
    return PreprocessSettings.model_validate(changes)


def image(name: str, label: str, *, group: str = "", given: str | None = None) -> Candidate:
    return Candidate(group=group or name, stratum=label, given=given, image=name)


def many(count: int, label: str = "cat", *, first: int = 0) -> list[Candidate]:
    return [image(f"{label} {number}", label) for number in range(first, first + count)]


@given(steps=STEPS, stratify=st.sampled_from(["stable", "exact", "auto"]), in_front=st.booleans())
@settings(deadline=None)
def test_images_and_classes_that_come_later_move_none_across_the_size_where_the_rule_changes(
    steps: list[dict[str, int]], stratify: str, in_front: bool
) -> None:
    chosen = rules(stratify=stratify)
    images: list[Candidate] = []
    have: Counter[str] = Counter()
    earlier = Assignment()
    for step in steps:
        new = [one for name, n in step.items() for one in many(n, name, first=have[name])]
        have.update(step)
        images = [*new, *images] if in_front else [*images, *new]

        splits = assign_splits(images, chosen, earlier)

        now = {one.image: split for one, split in zip(images, splits, strict=True)}
        kept = {name: now[name] for name in earlier.rows}
        assert kept == {name: split for name, (_, split) in earlier.rows.items()}
        earlier = assignment_of(images, splits, chosen, earlier)


def test_where_later_data_moves_nothing_there_is_nothing_to_say() -> None:
    few, lots = many(5), many(5000)

    assert permanence(few, rules(stratify="stable"), None) == ""
    assert permanence(lots, rules(stratify="auto"), None) == ""
    assert "Elsewhere later data may move images" in permanence(few, rules(stratify="auto"), None)
    assert "Elsewhere later data may move images" in permanence(lots, rules(stratify="exact"), None)


@pytest.mark.parametrize("stratify", ["exact", "auto"])
def test_without_the_earlier_splits_the_same_images_would_move(stratify: str) -> None:
    chosen = rules(stratify=stratify)
    few, more = many(20), many(200)

    before, after = assign_splits(few, chosen), assign_splits(more, chosen)

    assert before != after[:20]


def test_what_is_kept_counts_towards_the_shares() -> None:
    few, chosen = many(20), rules(stratify="exact")
    earlier = assignment_of(few, assign_splits(few, chosen), chosen, None)

    splits = Counter(assign_splits(many(40), chosen, earlier))

    assert splits == {"train": 32, "test": 4, "validation": 4}


def test_an_image_that_left_and_comes_back_has_its_split_again() -> None:
    two, chosen = many(2), rules()
    first = assignment_of(two, ("test", "validation"), chosen, None)
    without = assignment_of(two[:1], assign_splits(two[:1], chosen, first), chosen, first)

    assert assign_splits(two, chosen, without) == ("test", "validation")


def test_images_that_become_a_group_go_where_the_one_to_protect_most_was() -> None:
    before = assignment_of(many(2), ("train", "test"), rules(), None)
    burst = [image(f"cat {number}", "cat", group="burst") for number in range(3)]

    assert assign_splits(burst, rules(), before) == ("test",) * 3


@pytest.mark.parametrize("named_after", ["cat 0", "cat 1"])
def test_a_group_named_after_one_of_its_images_goes_to_the_split_to_protect_most(
    named_after: str,
) -> None:
    before = assignment_of(many(2), ("train", "test"), rules(), None)
    alike = [image(f"cat {number}", "cat", group=named_after) for number in range(2)]

    assert assign_splits(alike, rules(), before) == ("test", "test")


def test_a_new_image_of_a_known_group_goes_to_it() -> None:
    burst = [image("a", "cat", group="burst")]
    before = assignment_of(burst, ("validation",), rules(), None)

    assert assign_splits([image("b", "cat", group="burst")], rules(), before) == ("validation",)


def test_a_split_of_the_source_comes_before_an_earlier_one() -> None:
    before = assignment_of(many(2), ("test", "test"), rules(), None)
    given = [image("cat 0", "cat", given="validation"), image("x", "cat", given="test")]

    assert assign_splits(given, rules(), before) == ("validation", "test")
    # The source has a test of its own by now.
    trained = [image("cat 1", "cat", given="train"), *given]
    assert assign_splits(trained, rules(), before)[0] == "train"


def test_records_carry_their_splits_to_the_next_run(tmp_path: Path) -> None:
    examples = photos({"cats": 24, "dogs": 24})
    first = write_dataset(tmp_path / "first", examples[::2])
    second = write_dataset(tmp_path / "second", examples)
    chosen = {"image_size": 8, "stratify": "exact"}

    one, page, _ = run_preprocess(first, tmp_path / "one", **chosen)
    two, later_page, _ = run_preprocess(second, tmp_path / "two", **chosen, splits_from=str(one))

    before, after = read_assignment(one).rows, read_assignment(two).rows
    assert set(before) == {item.id for item in examples[::2]}
    assert set(after) == {item.id for item in examples}
    assert {name: after[name] for name in before} == before
    assert "These are the first splits." in page.read_text()
    assert "24 of 48 images keep the splits of an earlier run" in later_page.read_text()


def test_a_stable_split_without_earlier_ones_promises_to_stay(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", photos({"cats": 30, "dogs": 30}))

    _, page, _ = run_preprocess(dataset, tmp_path, image_size=8, stratify="stable")

    assert "These are the first splits" not in page.read_text()


def test_other_shares_make_new_splits_and_the_page_says_so(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", photos({"cats": 24}))
    chosen = {"image_size": 8, "stratify": "exact"}
    one, _, _ = run_preprocess(dataset, tmp_path / "one", **chosen)

    two, page, facts = run_preprocess(
        dataset, tmp_path / "two", **chosen, splits_from=str(one), test_share=0.25
    )

    assert facts["records"]["num_test"] == 6
    assert read_assignment(two).rules["test_share"] == 0.25
    assert "another split_salt, test_share or validation_share" in page.read_text()


def test_no_earlier_splits_can_be_asked_for(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", photos({"cats": 24}))

    folder, _, _ = run_preprocess(dataset, tmp_path, image_size=8, splits_from="none")

    assert len(read_assignment(folder).rows) == 24


def test_a_place_without_earlier_splits_is_refused(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", photos({"cats": 2}))

    with pytest.raises(DataError, match=r"assignment.parquet: expected the splits of an earlier"):
        run_preprocess(dataset, tmp_path, splits_from=str(tmp_path))


def test_a_file_that_is_no_assignment_is_refused(tmp_path: Path) -> None:
    text, table = tmp_path / "a.txt", tmp_path / "a.parquet"
    text.write_text("cat,test")
    pq.write_table(pa.table({"image": ["a"], "split": ["test"]}), table)

    with pytest.raises(DataError, match=r"a.txt: expected sightline.assignment version 1"):
        read_assignment(text)
    with pytest.raises(DataError, match=r"its columns are image, split\)"):
        read_assignment(table)
