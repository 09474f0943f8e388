"""What benchmarks share: where data lies, what processes have used, and what figures hold for."""

import os
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
DATA = REPOSITORY.parent / "shared" / "data"
WEIGHTS = DATA / "weights" / "mobilenet_v2_1.0_224_notop.weights.h5"


def conditions(**said: object) -> dict[str, Any]:
    """Return what a benchmark says of its conditions, and those of the machine."""
    return {
        **said,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "date": time.strftime("%Y-%m-%d"),
    }


def children_seconds() -> float:
    """Return the processor seconds of the processes that were waited for so far."""
    return sum(os.times()[2:4])


def processor_seconds() -> float:
    """Return those of this process and of the processes that were waited for so far."""
    return sum(os.times()[:4])


def labelled_photos(folder: Path) -> tuple[list[Path], list[int]]:
    """Return the photos in class folders, and the place of each one's class."""
    files = sorted(folder.glob("*/*.jpg"))
    classes = sorted({file.parent.name for file in files})
    return files, [classes.index(file.parent.name) for file in files]
