from pathlib import Path

import pytest

from sightline.ground.errors import UserError
from sightline.project.settings import Project, load_project

MINIMAL = "ingest:\n  source: photos\n"


def project(folder: Path, text: str = MINIMAL, *overrides: str) -> Project:
    path = folder / "sightline.yaml"
    path.write_text(text, encoding="utf-8")
    return load_project(path, overrides)


def refusal(folder: Path, text: str = MINIMAL, *overrides: str) -> str:
    with pytest.raises(UserError) as caught:
        project(folder, text, *overrides)
    return str(caught.value)


def test_values_of_the_file_become_pipeline_parameters(tmp_path: Path) -> None:
    text = (
        f"{MINIMAL}  classes: [cat, dog]\n  csv_header: no\n"
        "train:\n  epochs: 5\n  learning_rate: 2e-5\n"
    )

    parameters = project(tmp_path, text).parameters()

    assert parameters["train_epochs"] == 5
    assert parameters["train_learning_rate"] == 2e-5
    assert parameters["ingest_classes"] == '["cat", "dog"]'
    assert parameters["ingest_csv_header"] == "no"
    assert parameters["preprocess_image_size"] == 224


def test_relative_locations_start_at_the_file(tmp_path: Path) -> None:
    parameters = project(tmp_path, f"{MINIMAL}train:\n  weights: w/top.h5\n").parameters()

    assert parameters["ingest_source"] == str(tmp_path / "photos")
    assert parameters["train_weights"] == str(tmp_path / "w/top.h5")


@pytest.mark.parametrize("weights", ["imagenet", "none", "gs://bucket/w.h5", "/absolute/w.h5"])
def test_words_uris_and_absolute_paths_stay(tmp_path: Path, weights: str) -> None:
    parameters = project(tmp_path, f"{MINIMAL}train:\n  weights: {weights}\n").parameters()

    assert parameters["train_weights"] == weights


def test_paths_in_set_start_at_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    parameters = project(tmp_path, MINIMAL, "ingest.source=new").parameters()

    assert parameters["ingest_source"] == str(tmp_path / "elsewhere" / "new")


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("train.epochs=7", "train_epochs", 7),
        ("train.horizontal_flip=false", "train_horizontal_flip", False),
        ("ingest.classes=[cat, dog]", "ingest_classes", '["cat", "dog"]'),
        ("export.licence=1.0", "export_licence", "1.0"),
        ("export.intended_use=a=b", "export_intended_use", "a=b"),
        ("ingest.label_separator=", "ingest_label_separator", ""),
    ],
)
def test_set_wins_over_the_file(tmp_path: Path, text: str, name: str, value: object) -> None:
    assert project(tmp_path, f"{MINIMAL}train:\n  epochs: 5\n", text).parameters()[name] == value


def test_model_name_and_folder_follow_the_project(tmp_path: Path) -> None:
    found = project(tmp_path, f"pipeline:\n  name: birds\n{MINIMAL}")

    assert found.parameters()["export_model_name"] == "birds"
    assert found.model_folder == tmp_path / ".sightline" / "models" / "birds"


def live_model(folder: Path, *versions: int) -> Path:
    for version in versions:
        (folder / str(version)).mkdir(parents=True)
        (folder / str(version) / "bundle.json").write_text("{}", encoding="utf-8")
        (folder / str(version) / "saved_model.pb").touch()
    return folder


def test_the_live_model_becomes_the_champion_and_this_is_said(tmp_path: Path) -> None:
    models = live_model(tmp_path / ".sightline/models/model", 1, 12)

    found = project(tmp_path)

    assert found.parameters()["evaluate_champion"] == str(models)
    assert "version 12" in found.notes[0]


@pytest.mark.parametrize("stage", ["train", "evaluate"])
def test_accelerators_that_would_stand_idle_are_refused(tmp_path: Path, stage: str) -> None:
    message = refusal(tmp_path, f"{MINIMAL}resources:\n  {stage}: {{gpu: T4, gpu_count: 2}}\n")

    assert f"resources.{stage}.gpu_count: expected 1" in message
    assert "received 2: all but one would stand idle" in message


def test_more_than_one_accelerator_is_refused_before_any_is_named(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"{MINIMAL}resources:\n  train: {{gpu_count: 17}}\n")

    assert "resources.train.gpu_count: expected 1" in message


def test_training_starts_from_the_live_model_only_where_it_is_asked_to(tmp_path: Path) -> None:
    models = live_model(tmp_path / ".sightline/models/model", 3)

    asked = project(tmp_path, f"{MINIMAL}train:\n  recipe: warm_start\n")
    other = project(tmp_path)

    assert asked.parameters()["train_champion"] == str(models)
    assert any("Training starts from the live model (version 3)" in note for note in asked.notes)
    # It would make every new version another training for the cache.
    assert other.parameters()["train_champion"] == ""


def test_without_a_live_model_there_is_nothing_to_start_from(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="recipe warm_start: expected a live model to start from"):
        project(tmp_path, f"{MINIMAL}train:\n  recipe: warm_start\n")


def test_what_is_live_in_a_store_is_the_champion_of_a_folder_there(tmp_path: Path) -> None:
    found = project(tmp_path, f"{MINIMAL}deploy:\n  folder: gs://bucket/models/flowers\n")

    assert found.parameters()["evaluate_champion"] == "gs://bucket/models/flowers"
    assert found.model_address == "gs://bucket/models/flowers"


def test_a_champion_set_to_nothing_stays_nothing(tmp_path: Path) -> None:
    live_model(tmp_path / ".sightline/models/model", 1)

    found = project(tmp_path, f'{MINIMAL}evaluate:\n  champion: ""\n')

    assert found.parameters()["evaluate_champion"] == ""
    assert found.notes == ()


def test_a_half_made_version_is_no_champion(tmp_path: Path) -> None:
    (tmp_path / ".sightline/models/model/3").mkdir(parents=True)

    assert project(tmp_path).parameters()["evaluate_champion"] == ""


def test_a_missing_file_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"found none. Write one with `sightline init PHOTOS`"):
        load_project(tmp_path / "sightline.yaml")


def test_a_setting_that_was_replaced_says_by_which(tmp_path: Path) -> None:
    in_file = refusal(tmp_path, f"{MINIMAL}evaluate:\n  max_accuracy_drop: 0.01\n")
    on_top = refusal(tmp_path, MINIMAL, "evaluate.max_error_rise=2")

    assert (
        "sightline.yaml:4: `evaluate.max_accuracy_drop` is no more: expected evaluate.ma" in in_file
    )
    assert "Set that instead, or remove it." in in_file
    assert "--set: `evaluate.max_error_rise` is no more: expected evaluate.margin" in on_top


def test_an_unknown_setting_names_the_nearest_and_the_line(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"{MINIMAL}train:\n  seed: 1\n  epoch: 5\n")

    assert "sightline.yaml:5: expected a known setting, received `train.epoch`" in message
    assert "Did you mean `train.epochs`?" in message


def test_a_setting_like_no_other_lists_what_there_is(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"{MINIMAL}deploy:\n  wwwwwwwwwwwww: 5\n")

    assert "Known: deploy.target, deploy.folder" in message


def test_an_unknown_section_names_the_nearest_and_the_line(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"{MINIMAL}trian:\n  epochs: 5\n")

    assert "sightline.yaml:3: expected one of pipeline," in message
    assert "Did you mean `train`?" in message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("epochs: many", "expected a whole number, at least 1; received 'many'"),
        ("epochs: 0", "expected a whole number, at least 1; received 0"),
        ("recipe: deep", "expected auto, dense, fine_tune, frozen, linear, one_hidden, "),
        ("dropout: 1", "expected a number, at least 0, less than 1; received 1"),
        ("horizontal_flip: maybe", "expected true or false; received 'maybe'"),
        ("weights: [a]", "expected a text; received ['a']"),
        ("epochs:", "expected a whole number, at least 1; received None"),
    ],
)
def test_a_wrong_value_says_what_was_expected(tmp_path: Path, line: str, expected: str) -> None:
    message = refusal(tmp_path, f"{MINIMAL}train:\n  {line}\n")

    assert f"sightline.yaml:4: `train.{line.split(':', maxsplit=1)[0]}`: {expected}" in message
    assert "remove it for the default" in message


def test_settings_that_do_not_go_together_are_named_with_the_line_of_their_section(
    tmp_path: Path,
) -> None:
    shares = "  validation_share: 0.6\n  test_share: 0.6\n"

    message = refusal(tmp_path, f"{MINIMAL}preprocess:\n{shares}")

    assert "sightline.yaml:3: `preprocess`: validation_share and test_share must leave" in message
    assert "received 0.6 + 0.6. Lower one of them." in message


def test_settings_of_the_command_that_do_not_go_together_do_not_blame_the_file_alone(
    tmp_path: Path,
) -> None:
    message = refusal(tmp_path, f"{MINIMAL}train:\n  epochs: 5\n", "train.folds=1")

    assert "sightline.yaml:3 with --set: `train`: folds 1: expected 0" in message


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ingest.problem=multilabel", "multi_label or regression; received 'multilabel'"),
        ("deploy.target=sagemaker", "expected kserve, local or vertex; received 'sagemaker'"),
    ],
)
def test_a_name_that_a_folder_makes_is_refused_like_any_other_choice(
    tmp_path: Path, given: str, expected: str
) -> None:
    message = refusal(tmp_path, MINIMAL, given)

    assert expected in message
    assert "Change the value or remove it for the default" in message


def test_a_broken_list_says_what_was_expected(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"{MINIMAL}  classes: cat, dog\n")

    assert ":3: `ingest.classes`: expected a list of texts, such as [cat, dog]" in message
    assert "remove it for the default, []." in message


def test_every_wrong_value_of_a_section_is_named(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"{MINIMAL}train:\n  epochs: 0\n  seed: x\n")

    assert "`train.epochs`" in message
    assert "`train.seed`" in message


def test_a_missing_source_is_asked_for(tmp_path: Path) -> None:
    message = refusal(tmp_path, "pipeline:\n  name: birds\n")

    assert "`ingest.source` is required" in message


def test_a_section_that_holds_no_settings_is_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"{MINIMAL}train: 5\n")

    assert ":3: expected settings below `train:`" in message


def test_resources_are_checked_per_stage(tmp_path: Path) -> None:
    found = project(tmp_path, f"{MINIMAL}resources:\n  train:\n    cpu: 2\n    memory: 4Gi\n")

    assert (found.resources["train"].cpu, found.resources["train"].memory) == ("2", "4Gi")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  trian:\n    cpu: 2\n", "Did you mean `train`?"),
        ("  train:\n    memory: lots\n", ":5: `resources.train.memory`: expected a text"),
        ("  train:\n    cpus: 2\n", "Did you mean `resources.train.cpu`?"),
        ("  train: 2\n", "expected settings below `train:`"),
    ],
)
def test_wrong_resources_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in refusal(tmp_path, f"{MINIMAL}resources:\n{text}")


def test_the_age_of_results_is_a_setting_of_ingest(tmp_path: Path) -> None:
    parameters = project(tmp_path, f"{MINIMAL}  cache_max_age: P7D\n").parameters()

    assert parameters["ingest_cache_max_age"] == "P7D"


def test_an_age_of_another_form_is_refused_with_an_example(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"{MINIMAL}  cache_max_age: 1 month\n")

    assert message.startswith(f"{tmp_path}/sightline.yaml:3: `ingest.cache_max_age`: expected an")
    assert "such as P7D or PT12H; received '1 month'. Write a month as P30D." in message


@pytest.mark.parametrize("given", ["yaml", "--set"])
def test_the_address_of_a_webhook_is_refused_without_being_repeated(
    tmp_path: Path, given: str
) -> None:
    address = "https://hooks.slack.com/services/T0/B0/xyzzy"
    if given == "yaml":
        message = refusal(tmp_path, f"{MINIMAL}notify:\n  webhook: {address}\n")
    else:
        message = refusal(tmp_path, MINIMAL, f"notify.webhook={address}")

    assert "`notify.webhook`: expected where the webhook's address is to be found" in message
    assert "xyzzy" not in message


def test_a_webhook_is_a_variable_or_a_file_and_the_project_has_its_name(tmp_path: Path) -> None:
    variable = project(tmp_path, f"{MINIMAL}notify:\n  webhook: env:SLACK\n  on: failure\n")
    file = project(tmp_path, f"{MINIMAL}pipeline:\n  name: cats\nnotify:\n  webhook: slack.txt\n")

    assert variable.parameters()["notify_webhook"] == "env:SLACK"
    assert variable.parameters()["notify_on"] == "failure"
    assert file.parameters()["notify_webhook"] == str(tmp_path / "slack.txt")
    assert file.parameters()["notify_name"] == "cats"


def test_what_is_part_of_the_package_cannot_be_set_for_one_run(tmp_path: Path) -> None:
    message = refusal(tmp_path, MINIMAL, "resources.train.gpu=L4")

    assert "expected a setting of a stage, such as train.epochs=5" in message
    assert "Section `resources` is part of the package" in message
