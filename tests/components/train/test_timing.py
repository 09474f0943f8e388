"""What each phase took, and what it is said to have waited for."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # TensorFlow


@pytest.mark.parametrize(
    ("told", "bound"),
    [
        ({"seconds": 3.0}, "too short to tell"),
        ({"input_rate": 120.0}, "reading and changing images, which alone gives 120 a second"),
        ({"input_rate": 900.0, "processor_seconds": 39.0}, "the processor (1.9 of 2 cores"),
        ({"input_rate": 900.0, "on_gpu": True}, "the GPU (0.5 of 2 cores were busy): a larger"),
        ({"input_rate": 900.0}, "neither input nor processor (0.5 of 2 cores were busy)"),
        ({"processor_seconds": 40.0, "num_images": 0}, "the processor (2.0 of 2 cores"),
    ],
)
def test_what_bounded_a_phase_follows_from_what_was_measured(
    told: dict[str, float], bound: str
) -> None:
    from components.train.timing.spent import Spent

    plain = {"num_images": 2000, "seconds": 20.0, "processor_seconds": 10.0, "input_rate": None}
    found = Spent(**{"phase": "cnn", "cores": 2, "on_gpu": False, **plain, **told})  # type: ignore[arg-type]

    assert found.bound.startswith(bound)


def test_input_alone_gives_images(tmp_path: Path) -> None:
    import numpy as np

    from components.train.fitting.examples import InMemory
    from components.train.timing.spent import rate_of
    from tests.components.train.recording import order

    source = InMemory(np.zeros((64, 4, 4, 1), np.uint8), np.zeros(64, np.int64))

    assert rate_of(source, order()) > 64


def test_the_page_has_a_row_for_each_phase(tmp_path: Path) -> None:
    from components.train.timing.page import add_spent
    from components.train.timing.spent import Times, timed
    from sightline.stage.report.page import Page

    times, page = Times(on_gpu=False), Page(title="train", subtitle="")
    with timed() as clock:
        sum(range(1000))
    times.note("head", 0, clock)
    times.note("fine_tuning", 5_000, clock)

    add_spent(page, times.spent, str.upper)
    page.write(tmp_path / "page.html")

    written = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "HEAD" in written
    assert "5,000" in written
    assert "too short to tell" in written
