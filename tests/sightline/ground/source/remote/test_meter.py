import pytest

from sightline.ground.source.remote.meter import Meter, PastBoundError


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_size_that_is_announced_is_refused_before_a_byte_comes() -> None:
    with pytest.raises(PastBoundError, match="1,001 bytes"):
        Meter(1_000).set_size(1_001)


def test_bytes_past_the_bound_end_a_download_that_announced_nothing() -> None:
    meter = Meter(1_000)
    meter.set_size(None)
    meter.relative_update(1_000)

    with pytest.raises(PastBoundError, match="more than 1,000 bytes"):
        meter.relative_update(1)


def test_a_server_that_drips_is_left() -> None:
    clock = Clock()
    meter = Meter(1_000_000_000, clock=clock)
    clock.seconds = 59
    meter.relative_update(1)
    clock.seconds = 90

    with pytest.raises(PastBoundError, match="only 2 bytes in 90 seconds"):
        meter.relative_update(1)


def test_a_large_file_may_take_its_time_while_it_keeps_coming_but_an_image_not_for_ever() -> None:
    clock = Clock()
    archive = Meter(10**12, clock=clock)
    image = Meter(10**12, max_seconds=3_600, clock=clock)
    clock.seconds = 3_601

    archive.relative_update(10**8)
    with pytest.raises(PastBoundError, match="in 3,601 seconds"):
        image.relative_update(10**8)
