"""A bundle that is signed again: other names, signatures, forms and words, the same answers."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from components.export.measuring.again import Resigned, ask_again
from components.export.resign import renaming, resign, revised_card
from components.export.resign_settings import ResignSettings
from sightline.ground.errors import DataError, SettingsError
from sightline.problems import problem_of
from sightline.stage.formats import model as models
from sightline.stage.formats.bundle import check_files, read_golden, read_info
from tests.artifacts import load_servable
from tests.bundles import bundle_info
from tests.data import encoded, photograph

SERVING = problem_of("classification").serving
CARD = """---
license: "not stated"
model-index:
- name: "flowers"
---

# flowers

## Intended use

not stated

## Data

- Classes, in their order: dark, light

## Lineage

- Recipe: scratch
"""


def test_names_change_in_their_order_and_others_stay() -> None:
    assert renaming(("dark", "light"), ["light=bright day"]) == {
        "dark": "dark",
        "light": "bright day",
    }
    assert renaming(("a", "a=b"), ["a=b=c"]) == {"a": "a", "a=b": "c"}


@pytest.mark.parametrize("label", ["grey=x", "dark", "dark=", "dark=light", "dark=a\nb"])
def test_a_name_that_cannot_be_given_says_what_was_expected(label: str) -> None:
    with pytest.raises(SettingsError, match=r"resign: `labels`: expected"):
        renaming(("dark", "light"), [label])


def test_the_card_says_the_new_words_and_where_the_bundle_comes_from() -> None:
    settings = ResignSettings(
        model_name="petals", licence='"MIT" \\1', intended_use="Sorting.\nNothing else."
    )

    card = revised_card(CARD, bundle_info("d1"), ("night", "day"), settings)

    assert yaml.safe_load(card.split("---\n")[1]) == {
        "license": '"MIT" \\1',
        "model-index": [{"name": "petals"}],
    }
    assert "\n# petals\n" in card
    assert "\n## Intended use\n\nSorting.\nNothing else.\n\n## Data\n" in card
    assert "- Classes, in their order: night, day\n" in card
    assert card.endswith("- Signed again from the bundle `d1`; its classes: dark, light\n")


def test_a_card_keeps_what_nobody_changes() -> None:
    card = revised_card(CARD, bundle_info("d1"), ("dark", "light"), ResignSettings())

    assert card.startswith(CARD.rstrip())


@pytest.fixture(scope="module")
def resigned(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("resigned") / "bundle"
    first = read_info(bundle).classes[0]
    settings = ResignSettings(
        labels=(f"{first}=something new",), signatures=("keys",), formats=("litert-float16",)
    )
    resign(bundle=bundle, resigned=place, settings=settings)
    return place


@pytest.mark.slow
def test_a_bundle_that_is_signed_again_is_whole_and_has_the_same_model(
    bundle: Path, resigned: Path
) -> None:
    before, after = read_info(bundle), read_info(resigned)

    check_files(resigned, after)
    assert after.classes == ("something new", before.classes[1])
    assert (resigned / "labels.txt").read_text().splitlines() == list(after.classes)
    assert models.read_info(resigned).classes == after.classes
    assert after.model_sha256 == before.model_sha256
    assert after.digest != before.digest
    assert after.lineage["signed_from"] == before.digest
    assert [one.name for one in after.engines if one.usable] == [
        "litert",
        "tensorflow",
        "litert-float16",
        "litert-int8",
    ]


@pytest.mark.slow
def test_its_answers_are_those_of_before_under_the_new_names(bundle: Path, resigned: Path) -> None:
    images = [encoded(photograph(seed)) for seed in (3, 4)]
    info = read_info(resigned)

    before = load_servable(bundle / "saved_model").answer(images)
    servable = load_servable(resigned / "saved_model", info.classes)
    after = servable.answer(images)

    assert SERVING.same(before, after).largest.max() == 0
    assert [one.class_name for one in after] == [info.classes[one.class_index] for one in before]
    assert sorted(servable.signatures) == ["serving_default", "serving_keys", "serving_pixels"]
    named = {request.expected["class_name"] for request in read_golden(resigned)}
    assert named <= set(info.classes)


@pytest.mark.slow
def test_a_bundle_keeps_its_signatures_where_nobody_asks_for_others(
    bundle: Path, resigned: Path, tmp_path: Path
) -> None:
    from components.export.forms.saved_model import read_signatures

    best, again = tmp_path / "best", tmp_path / "again"
    settings = ResignSettings(signatures=("top_k", "filenames"), top_k=1)
    resign(bundle=resigned, resigned=best, settings=settings)

    resign(bundle=best, resigned=again, settings=ResignSettings())

    assert read_signatures(resigned / "saved_model") == ("keys",)
    assert read_signatures(best / "saved_model") == ("top_k", "filenames")
    assert read_signatures(again / "saved_model") == ("top_k", "filenames")
    assert [read_info(one).top_k for one in (best, again)] == [1, 1]
    check_files(again, read_info(again))


@pytest.fixture
def flipped(bundle: Path, tmp_path: Path) -> Resigned:
    """A bundle with forms of a network that says the other class."""
    from components.export.forms.conversion import Source, write_further
    from sightline.stage.conversion.graph import freeze

    place, network, before = tmp_path / "new", models.load_keras(bundle), read_info(bundle)
    shutil.copytree(bundle, place)
    frozen = freeze(lambda pixels: network(pixels)[:, ::-1], network.input_shape[1:])
    source = Source(frozen=frozen, outputs=SERVING.outputs)
    assert write_further(source, place, ["litert-float16", "onnx"]) == {}
    demanding = [
        replace(one, required_agreement=one.required_agreement and 0.95) for one in before.engines
    ]
    return Resigned(
        bundle=bundle,
        resigned=place,
        before=replace(before, engines=tuple(demanding)),
        trained=models.read_info(bundle),
        problem=problem_of("classification"),
        names={},
        added=["litert-float16"],
        left_out={},
    )


@pytest.mark.slow
def test_an_added_form_that_rounds_and_answers_otherwise_is_left_out(flipped: Resigned) -> None:
    engines = ask_again(flipped)

    (found,) = (one for one in engines if one.name == "litert-float16")
    assert (found.file, found.usable, found.required_agreement) == ("", False, 0.95)
    assert "gives the same answer on 0.0%" in found.reason
    assert not (flipped.resigned / "model_float16.tflite").exists()
    assert all("litert-float16" not in one.engines for one in read_golden(flipped.resigned))


@pytest.mark.slow
def test_an_added_form_that_does_not_round_and_answers_otherwise_is_refused(
    flipped: Resigned,
) -> None:
    with pytest.raises(DataError, match="Expected the form ONNX to repeat"):
        ask_again(replace(flipped, added=["onnx"]))


@pytest.mark.slow
def test_int8_and_damaged_bundles_are_refused(bundle: Path, tmp_path: Path) -> None:
    from tests.artifacts import CLASSES

    whole = tmp_path / "whole"
    shutil.copytree(bundle, whole)
    info = read_info(whole)
    assert info.classes == CLASSES
    (whole / "labels.txt").write_text("a\nb\n")

    with pytest.raises(DataError, match="expected the"):
        resign(bundle=whole, resigned=tmp_path / "new", settings=ResignSettings())
    assert not (tmp_path / "new").exists()
