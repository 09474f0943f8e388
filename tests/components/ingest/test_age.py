from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from components.ingest.age import parse_age, period
from components.ingest.fingerprint import fingerprint
from components.ingest.settings import FingerprintSettings
from sightline.ground.source.files import Entry
from sightline.stage.sources.listing import hash_listing
from tests.data import photo_folder

MOMENTS = st.datetimes(
    min_value=datetime(1971, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)
)


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("P7D", timedelta(days=7)),
        ("P1W", timedelta(days=7)),
        ("PT12H", timedelta(hours=12)),
        ("P1DT12H30M", timedelta(days=1, hours=12, minutes=30)),
        ("PT1M", timedelta(minutes=1)),
    ],
)
def test_durations_of_fixed_length_are_read(text: str, age: timedelta) -> None:
    assert parse_age(text) == age


@pytest.mark.parametrize(
    "text",
    ["P1M", "P1Y", "P1Y7D", "7 days", "3600", "12:00", "-P1D", "P", "PT", "P0D", "PT30S", "p7d",
     "P999999999999D", "P1.2.3D", "P٧D", " P7D"],
)  # fmt: skip
def test_everything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValidationError, match=r"such as P7D or PT12H; received .*Write a month"):
        FingerprintSettings(source="photos", cache_max_age=text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert parse_age(text) >= timedelta(minutes=1)
    except ValueError as error:
        assert "expected an ISO 8601 duration" in str(error)


@given(MOMENTS, st.sampled_from(["PT1H", "P1D", "P7D"]), st.floats(0, 2))
def test_two_moments_of_one_period_are_closer_than_its_length(
    moment: datetime, text: str, lengths: float
) -> None:
    later = moment + lengths * parse_age(text)

    if period(text, moment) == period(text, later):
        assert later - moment < parse_age(text)
    if lengths >= 1:
        assert period(text, moment) != period(text, later)


def test_a_day_begins_at_midnight_utc() -> None:
    evening = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)

    assert period("P1D", evening) == period("P1D", evening - timedelta(hours=23))
    assert period("P1D", evening) != period("P1D", evening + timedelta(seconds=1))


def test_another_period_gives_another_hash_of_the_same_listing() -> None:
    listing = [Entry("cats/1.jpg", 10, "stamp")]

    first = hash_listing(listing, during="P1D 1")

    assert first == hash_listing(listing, during="P1D 1")
    assert first[0] != hash_listing(listing, during="P1D 2")[0]
    assert first[0] != hash_listing(listing, during="")[0]


def test_a_limit_changes_the_fingerprint_and_none_leaves_it(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=2)

    def digest(age: str) -> str:
        settings = FingerprintSettings(source=str(source), cache_max_age=age)
        fingerprint(digest=tmp_path / "digest", settings=settings)
        return (tmp_path / "digest").read_text()

    assert digest("") == digest("")
    assert digest("P3650D") == digest("P3650D") != digest("")


def test_weeks_begin_with_the_first_day_of_1970() -> None:
    assert period("P7D", datetime(1970, 1, 7, 23, 59, tzinfo=UTC)) == "P7D 0"
    assert period("P7D", datetime(1970, 1, 8, tzinfo=UTC)) == "P7D 1"
