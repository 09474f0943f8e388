import pytest

from sightline.ground.wording import visible


@pytest.mark.parametrize("text", ["rose", "Größe 3\u202fm", "猫", "🐈", "a b"])
def test_text_that_a_terminal_shows_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07", r"\x1b]0;owned\x07"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x9b2J", r"\x9b2J"),
        ("gpj.\u202eexe", r"gpj.\u202eexe"),
        ("a\u2028b", r"a\u2028b"),
        ("a\udcff", r"a\udcff"),
    ],
)
def test_text_that_a_terminal_would_obey_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown
