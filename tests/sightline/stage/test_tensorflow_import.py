import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

SCRIPT = """
import os, sys
from pathlib import Path
from sightline.stage.threads import bound_threads
bound_threads(os.environ, usable=3, seen=8)
from sightline.stage.tensorflow_import import import_tensorflow
import_tensorflow()
import_tensorflow()
assert "keras" in sys.modules
print([name for name in ("sklearn", "pandas", "matplotlib") if name in sys.modules])
import sklearn.metrics, matplotlib.figure
print(sklearn.metrics.accuracy_score([1], [1]))
import tensorflow as tf
list(tf.data.Dataset.range(9).map(lambda number: number + 1, tf.data.AUTOTUNE))
names = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
print(names.count("tf_Compute"))
"""


def test_tensorflow_comes_without_extras_and_with_the_threads_of_a_quota() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["[]", "1.0", "3"]
