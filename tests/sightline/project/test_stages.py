from sightline.project.sections import PipelineSection
from sightline.project.stages import locations, setting_name, settings_class, stage_names


def test_stages_are_found_by_their_folder() -> None:
    assert {"ingest", "label_check", "train"} <= set(stage_names())
    assert settings_class("label_check").__name__ == "LabelCheckSettings"


def test_locations_are_known_by_component_and_parameter() -> None:
    found = locations()

    assert found["ingest", "source"] == found["fingerprint", "source"]
    assert found["train", "weights"].words == ("", "auto", "imagenet", "none")
    assert found["deploy", "folder"].access == "write"
    assert found["train", "backbone"] == found["backbone", "backbone"]


def test_only_a_model_file_makes_a_backbone_a_location() -> None:
    backbone = locations()["train", "backbone"]

    assert backbone.is_place("models/own.keras")
    assert backbone.is_place("https://host/own.keras?signature=x")
    for name in ("MobileNetV2", "ResNet5", "own.h5", ""):
        assert not backbone.is_place(name)


def test_every_setting_is_described() -> None:
    for settings in (PipelineSection, *map(settings_class, stage_names())):
        for name, field in settings.model_fields.items():
            assert field.description, f"{settings.__name__}.{name}"


def test_a_section_takes_the_settings_of_every_component_in_its_folder() -> None:
    fields = list(settings_class("ingest").model_fields)

    assert settings_class("ingest").__name__ == "IngestSettings"
    assert fields[:4] == ["source", "table_hosts", "label_names", "corrections"]
    assert fields[-1] == "cache_max_age"
    assert settings_class("ingest").model_fields["workers"].description


def test_a_variable_is_no_place() -> None:
    webhook = locations()["notify", "webhook"]

    assert [webhook.is_place(text) for text in ("", "env:SLACK", "/secrets/slack")] == [
        False,
        False,
        True,
    ]


def test_parameters_are_written_as_settings_also_of_stages_with_two_words() -> None:
    assert setting_name("train_learning_rate") == "train.learning_rate"
    assert setting_name("label_check_fail_on") == "label_check.fail_on"
    assert setting_name("somebody_elses") == "somebody_elses"
