import weakref
from pathlib import Path

from sightline.stage.conversion.memory import available_bytes, give_back, shortage

GIGABYTE = 10**9


def test_a_network_that_memory_will_not_do_for_says_how_much_it_takes() -> None:
    assert shortage(2_000_000, GIGABYTE) == ""
    assert shortage(88_000_000, 4 * GIGABYTE).startswith(
        "converting 88,000,000 parameters to LiteRT takes about 5.3 GB of memory, 4.0 GB are free"
    )


def test_the_limit_of_a_container_counts_without_what_caches_files(tmp_path: Path) -> None:
    machine = tmp_path / "meminfo"
    machine.write_text("MemTotal: 9000 kB\nMemAvailable:    8000 kB\n")
    (tmp_path / "memory.current").write_text("3000000\n")
    (tmp_path / "memory.stat").write_text("anon 1000000\ninactive_file 500000\n")

    (tmp_path / "memory.max").write_text("5000000\n")
    assert available_bytes(tmp_path, machine) == 2_500_000

    (tmp_path / "memory.max").write_text("max\n")
    assert available_bytes(tmp_path, machine) == 8000 * 1024


def test_a_machine_that_tells_nothing_limits_nothing(tmp_path: Path) -> None:
    assert shortage(10**9, available_bytes(tmp_path, tmp_path / "none")) == ""


def test_this_machine_has_memory() -> None:
    assert available_bytes() > 0


class Circle:
    """Something that only Python's collector frees."""

    def __init__(self) -> None:
        self.itself = self


def test_what_lies_in_circles_is_given_back() -> None:
    left = weakref.ref(Circle())

    give_back()

    assert left() is None
