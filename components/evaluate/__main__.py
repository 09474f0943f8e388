import os

# Read by TensorFlow's C++ part when it loads: its start-up notes are not events of the stage.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from components.evaluate.stage import evaluate
from sightline.stage.command import run

if __name__ == "__main__":
    run(evaluate)
