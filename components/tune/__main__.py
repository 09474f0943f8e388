import os

from components.tune.stage import tune
from sightline.stage.command import run

# TensorFlow reads it when it is imported, and says much that no user can act on.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

if __name__ == "__main__":
    run(tune)
