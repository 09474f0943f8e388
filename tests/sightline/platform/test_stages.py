from sightline.platform.sections import PipelineSection
from sightline.platform.stages import locations, settings_class, stage_names


def test_stages_are_found_by_their_folder() -> None:
    assert {"ingest", "label_check", "train"} <= set(stage_names())
    assert settings_class("label_check").__name__ == "LabelCheckSettings"


def test_locations_are_known_by_component_and_parameter() -> None:
    found = locations()

    assert found["ingest", "source"] == found["fingerprint", "source"]
    assert found["train", "weights"].words == ("", "imagenet", "none")
    assert found["deploy", "folder"].access == "write"
    assert ("train", "backbone") not in found


def test_every_setting_is_described() -> None:
    for settings in (PipelineSection, *map(settings_class, stage_names())):
        for name, field in settings.model_fields.items():
            assert field.description, f"{settings.__name__}.{name}"
