"""Import TensorFlow without what Keras imports beside itself for extras that stages do not use."""

import sys
from importlib import import_module

# Keras does without them when they are missing. On two cores, medians of three imports:
# 6.1 s with them, 3.9 s without.
EXTRAS = ("matplotlib", "pandas", "sklearn")


def import_tensorflow() -> None:
    """Import TensorFlow and Keras; call it before the first `import tensorflow` of a process."""
    if "tensorflow" in sys.modules:
        return
    hidden = [name for name in EXTRAS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # None means: not there
    try:
        import_module("tensorflow")
        import_module("keras")
    finally:
        for name in hidden:
            del sys.modules[name]
