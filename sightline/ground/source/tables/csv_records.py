"""CSV text to records, where one bad line never swallows the good ones after it."""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

MOST_LINES_PER_RECORD = 50
DELIMITERS = ",;\t"
SEP_LINE = re.compile(r'"?sep=(.|\\t)"?', re.IGNORECASE)
"""What Excel reads and writes before a table."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a table."""

    line: int
    """Where it begins, from 1."""
    cells: tuple[str, ...]
    problem: str = ""
    """Why there are no cells."""
    several: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """The words of cells that hold a list, by their place."""


def read_records(lines: Iterable[str]) -> Iterator[Record]:
    """Yield records; blank lines are left out.

    A quote that is never closed costs the line that it begins on. The csv module alone would
    take every line after it for one cell.
    """
    feed = _Feed(lines)
    first = feed.peek()
    if told := SEP_LINE.fullmatch(first.strip("\ufeff\r\n")):
        next(feed)
    delimiter = told[1].replace("\\t", "\t") if told else _delimiter(first)
    while True:
        line = feed.line
        feed.begin()
        try:
            cells = next(csv.reader(feed, delimiter=delimiter, skipinitialspace=True))
        except StopIteration:
            return
        except csv.Error as error:
            yield Record(line, (), str(error))
            continue
        if feed.ran_out:
            feed.give_back()
            yield Record(line, (), "a quote that is never closed")
        elif any(cell.strip() for cell in cells):
            yield Record(line, tuple(cells))


class _Feed:
    """Hands lines to a csv reader and takes back those that it should not have taken."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self.ran_out = False
        self.line = 1
        """The number of the line that comes next."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        text = None
        if len(self._taken) < MOST_LINES_PER_RECORD:
            text = self._waiting.popleft() if self._waiting else next(self._lines, None)
        if text is None:
            self.ran_out = bool(self._taken)
            raise StopIteration
        self._taken.append(text)
        self.line += 1
        return text

    def peek(self) -> str:
        """Return the first line without taking it."""
        first = next(self._lines, None)
        if first is None:
            return ""
        self._waiting.append(first)
        return first

    def begin(self) -> None:
        """Begin a record."""
        self._taken, self.ran_out = [], False

    def give_back(self) -> None:
        """Keep the first line of the record alone."""
        self._waiting.extendleft(reversed(self._taken[1:]))
        self.line -= len(self._taken) - 1


def _delimiter(first_line: str) -> str:
    return max(DELIMITERS, key=first_line.count)
