from datetime import date, datetime, time, timedelta

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.ground.errors import UserError
from sightline.schedules.cron import Cron

BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def ranges(low: int, high: int) -> st.SearchStrategy[str]:
    ends = st.tuples(st.integers(low, high), st.integers(low, high)).map(sorted)
    plain = ends.map(lambda pair: f"{pair[0]}-{pair[1]}")
    steps = st.integers(1, min(high, 6) - low)
    plain = plain | st.integers(low, high).map(str)
    return plain | st.tuples(plain, steps).map(lambda both: f"{both[0]}/{both[1]}")


def fields(low: int, high: int) -> st.SearchStrategy[str]:
    item = st.integers(low, high).map(str) | ranges(low, high)
    lists = st.lists(item, min_size=1, max_size=4).map(",".join)
    stars = st.integers(1, min(high, 6) - low).map(lambda step: f"*/{step}")
    return st.just("*") | stars | lists


@st.composite
def expressions(draw: st.DrawFn) -> str:
    minute, hour, _, month, weekday = (draw(fields(low, high)) for low, high in BOUNDS)
    return " ".join((minute, hour, draw(fields(1, 28)), month, weekday))


def refusal(text: str) -> str:
    with pytest.raises(UserError) as caught:
        Cron.parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("30 2 * * *", "30 2 * * *"),
        ("  05 02 * * * ", "5 2 * * *"),
        ("0 9 * * mon-FRI", "0 9 * * 1-5"),
        ("0 9 * jan,Dec *", "0 9 * 1,12 *"),
        ("0 9 * * 7", "0 9 * * 0"),
        ("0 9 * * fri-sun", "0 9 * * 0,5-6"),
        ("0 9 * * 5-7", "0 9 * * 0,5-6"),
        ("0 9 * * 1-7/2", "0 9 * * 0-1,3,5"),
        ("0 9 * * sun-tue", "0 9 * * 0-2"),
        ("0 9 * * sun-sun", "0 9 * * 0"),
        ("0 9 * * 7/2", "0 9 * * 0,2,4,6"),
        ("5/15 * * * *", "5-50/15 * * * *"),
        ("59/15 * * * *", "59 * * * *"),
        ("*/15,7 * * * *", "0-45/15,7 * * * *"),
        ("*/1 * * * *", "* * * * *"),
        ("0 0 29 2 *", "0 0 29 2 *"),
        ("0 0 30 2 mon", "0 0 30 2 1"),
        ("@daily", "0 0 * * *"),
        ("@Weekly", "0 0 * * 0"),
        ("@annually", "0 0 1 1 *"),
    ],
)
def test_an_expression_is_written_so_that_every_engine_reads_it_alike(
    text: str, meaning: str
) -> None:
    assert Cron.parse(text).expression == meaning


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 30 2 * * *", ["received six", "Seconds are not supported; drop the first field"]),
        ("30 2 * *", ["expected five fields", "received 4", "`30 2 * * *`"]),
        ("", ["expected five fields", "received 0"]),
        ("60 * * * *", ["minute: expected 0-59; received `60`"]),
        ("* 24 * * *", ["hour: expected 0-23; received `24`"]),
        ("* * 0 * *", ["day of month: expected 1-31; received `0`"]),
        ("* * * 13 *", ["month: expected 1-12 or jan to dec; received `13`"]),
        ("* * * * 8", ["day of week: expected 0-7 (0 and 7 are Sunday)", "received `8`"]),
        ("* * * * mno", ["received `mno`", "Did you mean mon?"]),
        ("* * * febr *", ["received `febr`", "Did you mean feb?"]),
        ("0 0 30 2 *", ["day 30", "month 2", "never fire", "earlier day"]),
        ("0 0 31 4,jun *", ["day 31", "month 4,6", "never fire"]),
        ("0 0 30 feb */2", ["never fire"]),
        ("*/90 * * * *", ["step from 1 to 59", "would mean 0 only"]),
        ("*/0 * * * *", ["step from 1 to 59"]),
        ("*/x * * * *", ["step from 1 to 59"]),
        ("0 0 * * fri-mon", ["from low to high", "Write 5-6,0-1"]),
        ("0 20-4 * * *", ["from low to high", "Write 20-23,0-4"]),
        ("0 0 ? * *", ["Write * instead of ?"]),
        ("0 0 L * *", ["L, W and # are not known to every engine"]),
        ("0 0 * * 1#2", ["L, W and # are not known to every engine"]),
        ("0 0 1,*/2 * 1", ["day of month: expected `*` alone or a list without it"]),
        ("1--2 * * * *", ["minute: expected 0-59; received `1--2`"]),
        ("1, * * * *", ["minute: expected 0-59; received `1,`"]),
        ("@dayly", ["received @dayly", "Did you mean @daily?"]),
        ("@reboot", ["expected one of @yearly", "@hourly"]),
        ("TZ=Asia/Tokyo 0 2 * * *", ["Leave out `TZ=Asia/Tokyo`", "--time-zone Asia/Tokyo"]),
        ("CRON_TZ= 0 2 * * *", ["received also a time zone", "--time-zone NAME"]),
    ],
)
def test_a_mistake_is_named_with_its_remedy(text: str, words: list[str]) -> None:
    message = refusal(text)

    assert message.startswith(f"Cron expression {text!r}: ")
    assert [word for word in words if word not in message] == []


@settings(max_examples=50)
@given(expressions())
def test_what_is_sent_means_what_was_written(text: str) -> None:
    cron = Cron.parse(text)

    sent = Cron.parse(cron.expression)

    assert sent.expression == cron.expression
    for field in ("minute", "hour", "day", "month", "weekday"):
        written, read = getattr(cron, field), getattr(sent, field)
        assert (read.values, read.star) == (written.values, written.star)


@given(fields(1, 31), fields(0, 7), st.dates(date(2024, 1, 1), date(2028, 1, 1)))
def test_a_day_matches_exactly_when_cronsim_fires_on_it(day: str, weekday: str, when: date) -> None:
    cron = Cron.parse(f"0 0 {day} * {weekday}")
    midnight = datetime.combine(when, time())

    fire = next(CronSim(cron.expression, midnight - timedelta(minutes=1)))

    assert cron.matches_day(midnight) == (fire == midnight)


@given(st.text(alphabet="0123456789*/,-? @TZ=janmofriLW#٣", max_size=24))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        cron = Cron.parse(text)
    except UserError as error:
        assert str(error).startswith("Cron expression ")
    else:
        assert next(CronSim(cron.expression, datetime(2026, 1, 1))) > datetime(2026, 1, 1)


def test_a_number_that_is_far_too_long_is_refused() -> None:
    text = f"{'9' * 5000} * * * *"

    assert "minute: expected 0-59" in refusal(text)
