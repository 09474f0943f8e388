import io

from sightline.views.bar import bar


class Terminal(io.StringIO):
    """What is drawn on a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_many_are_done_and_what_is_left() -> None:
    terminal = Terminal()

    with bar("photos", 1_200, done=1_000, stream=terminal) as advance:
        for _ in range(100):
            advance()

    assert "photos 1,100/1,200, about 1 s left" in terminal.getvalue()


def test_a_file_gets_no_bar() -> None:
    stream = io.StringIO()

    with bar("photos", 2, stream=stream) as advance:
        advance()

    assert stream.getvalue() == ""


def test_a_bar_that_would_be_in_the_way_is_left_out() -> None:
    terminal = Terminal()

    with bar("photos", 2, drawn=False, stream=terminal) as advance:
        advance()

    assert terminal.getvalue() == ""
