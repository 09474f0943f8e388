"""Which installed libraries decide what comes out of a stage, beside our own code."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version

OF_EVERY_BUNDLE = ("ai-edge-litert", "keras")
"""Those that make what every bundle has, beside TensorFlow."""
OF_ONNX = ("tf2onnx", "onnxruntime")
"""Those that make ONNX and ask it; who wants none need not have them. They are imported by the same
names."""
TENSORFLOW = ("tensorflow-cpu", "tensorflow")
"""The second is for machines that the first is not made for."""
LIBRARIES = (
    *OF_EVERY_BUNDLE,
    *OF_ONNX,
    *TENSORFLOW,
    "numpy",
    "optuna",
    "pillow",
    "pyarrow",
    "scikit-learn",
)


@cache
def versions_of(libraries: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of those libraries that are installed."""
    found: dict[str, str] = {}
    for name in libraries:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
