import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

SCRIPT = """
import sys
from sightline.stage.tensorflow_import import import_tensorflow
import_tensorflow()
import_tensorflow()
assert "keras" in sys.modules
print([name for name in ("sklearn", "pandas", "matplotlib") if name in sys.modules])
import sklearn.metrics, matplotlib.figure
print(sklearn.metrics.accuracy_score([1], [1]))
"""


def test_tensorflow_comes_without_the_extras_of_keras_and_they_still_import_later() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["[]", "1.0"]
