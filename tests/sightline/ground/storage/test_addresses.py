import json
import pickle

import pytest

from sightline.ground.errors import SettingsError, UserError
from sightline.ground.settings import StageSettings
from sightline.ground.storage.addresses import (
    Address,
    from_environment,
    revealed,
    to_environment,
)
from sightline.ground.storage.redaction import redact, redact_words
from sightline.project.stages import location_of, settings_class, stage_names

WHOLE = "https://bob:hunter2@host/a.zip?id=5&X-Amz-Signature=abc"
SHOWN = "https://hidden@host/a.zip?id=5&X-Amz-Signature=hidden"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (WHOLE, SHOWN),
        ("s3://KEY:SECRET@bucket/photos", "s3://hidden@bucket/photos"),
        ("https://token@host/x", "https://hidden@host/x"),
        ("https://bob:pass/word@host/x", "https://hidden@host/x"),
        ("https://host/a b.jpg?sig=se cr et", "https://host/a b.jpg?sig=hidden"),
        ("https://host/a?%73ig=abc", "https://host/a?%73ig=hidden"),
        ("https://[broken/a?sig=abc", "https://[broken/a?sig=hidden"),
        ("https://host/#access_token=abc", "https://host/#access_token=hidden"),
        ("https://host:8080/@people/1.jpg?page=2", "https://host:8080/@people/1.jpg?page=2"),
        ("gs://bucket/a@b.jpg", "gs://bucket/a@b.jpg"),
        ("photos/key=1.jpg", "photos/key=1.jpg"),
    ],
)
def test_an_address_is_shown_without_password_and_signature(address: str, shown: str) -> None:
    assert redact(address) == shown
    assert f"{Address(address)}" == json.loads(json.dumps(Address(address))) == shown


def test_addresses_among_words_are_shown_without_their_secrets() -> None:
    said = redact_words(f"expected '{WHOLE}', received (s3://a:b@c) and 2 more")

    assert said == f"expected '{SHOWN}', received (s3://hidden@c) and 2 more"
    assert str(UserError(f"{WHOLE}: nothing there.")) == f"{SHOWN}: nothing there."


def test_a_long_text_is_looked_through_at_once() -> None:
    assert redact_words("a" * 200_000 + "://" + ":" * 20_000 + "?" * 20_000)


def test_an_address_opens_what_was_given_also_in_another_process() -> None:
    address = pickle.loads(pickle.dumps(Address(WHOLE)))

    assert revealed(address) == WHOLE
    assert from_environment({"source": SHOWN}, to_environment([address]))["source"] == SHOWN
    again = from_environment({"source": SHOWN}, to_environment([address]))["source"]
    assert isinstance(again, Address)
    assert again.whole == WHOLE
    assert to_environment([Address("photos")]) == {}


def test_what_is_shown_opens_nothing() -> None:
    with pytest.raises(SettingsError, match="without its password or signature"):
        revealed(SHOWN)


def test_every_setting_that_names_a_place_is_an_address() -> None:
    for stage in stage_names():
        settings: type[StageSettings] = settings_class(stage)
        for name, field in settings.model_fields.items():
            place = location_of(field)
            if place is not None and (stage, name) != ("notify", "webhook"):
                ending = next(iter(place.endings), ".zip")
                required = {
                    other: "x" for other, one in settings.model_fields.items() if one.is_required()
                }
                made = settings.model_validate({**required, name: WHOLE.replace(".zip", ending)})
                assert isinstance(getattr(made, name), Address), f"{stage}.{name}"
                assert made.model_dump(mode="json")[name] == SHOWN.replace(".zip", ending)
