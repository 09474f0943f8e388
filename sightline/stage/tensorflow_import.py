"""Import TensorFlow without what Keras imports beside itself for extras that stages do not use."""

import gc
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
    # What a module makes stays: looking through it for garbage again and again while it grows
    # takes 0.5 of 3.0 processor seconds, and 0.1 each time later.
    collecting = gc.isenabled()
    gc.disable()
    try:
        import_module("tensorflow")
        import_module("keras")
    finally:
        gc.freeze()
        if collecting:
            gc.enable()
        for name in hidden:
            del sys.modules[name]
