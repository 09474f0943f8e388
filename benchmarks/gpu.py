"""Images a second that are learned from on a GPU, beside the processor, and how alike both learn.

`python benchmarks/gpu.py [--side 96] [--images 512] [--rounds 3] [--on DEVICE]`: the same small
CNN, batches, seed and order, in turns. `--on CPU` has the processor stand for the GPU, which tries
everything but the device; without a GPU it says what it needs. One JSON line comes last.
"""

import argparse
import json
import statistics
import time
from collections.abc import Mapping
from typing import Any

from measuring import conditions

from sightline.project.gpus import gpus_here
from sightline.stage.tensorflow_import import import_tensorflow

TARGET = 3.0
"""Times as many images a second as on the processor, or a GPU is not worth its price."""
SEED, CLASSES, EPOCHS = 7, 4, 3
ALIKE = 0.02
"""Two devices round differently; losses of the same steps lie closer than that."""
NEEDS = (
    "It needs an NVIDIA GPU with its driver (`nvidia-smi` names it), and TensorFlow with CUDA: "
    "`pip install sightline-vision[gpu]`, or the image of `sightline images build --gpu train` "
    "with `docker run --gpus all`. `--on CPU` tries everything but the GPU."
)


def main() -> None:
    """Measure, and print the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--on", choices=("GPU", "CPU"), default="GPU")
    arguments = parser.parse_args()
    import_tensorflow()
    import tensorflow as tf

    if not tf.config.list_physical_devices(arguments.on):
        cuda = "with" if tf.test.is_built_with_cuda() else "without"
        seen = ", ".join(gpus_here()) or "none"
        print(f"TensorFlow {tf.__version__} {cuda} CUDA sees no GPU; nvidia-smi names {seen}.")
        print(NEEDS)
        print(json.dumps(result({}, {}, arguments)))
        return
    rates: dict[str, list[float]] = {"ours": [], "processor": []}
    losses: dict[str, float] = {}
    for _ in range(arguments.rounds):
        for name, device in (("processor", "CPU"), ("ours", arguments.on)):
            with tf.device(f"/{device}:0"):
                rate, losses[name] = trained(arguments.side, arguments.images)
            rates[name].append(rate)
    print(json.dumps(result(rates, losses, arguments)))


def trained(side: int, count: int) -> tuple[float, float]:
    """Train for some epochs; return images a second after the first one, and the last loss."""
    import keras
    import numpy as np

    from components.train import networks
    from components.train.fitting.examples import InMemory, Order, training_batches
    from components.train.fitting.fit import compile_model, phase_of
    from components.train.settings import TrainSettings
    from sightline.problems import problem_of
    from sightline.stage.imaging.contract import PreprocessingContract

    keras.backend.clear_session()
    keras.utils.set_random_seed(SEED)
    random, problem = np.random.default_rng(SEED), problem_of("classification")
    goals = np.arange(count) % CLASSES
    noise = random.integers(0, 60, (count, side, side, 3))
    images = InMemory((noise + 40 * goals[:, None, None, None]).astype(np.uint8), goals)
    shape = networks.HeadShape(problem.training, CLASSES, hidden_units=0, dropout=0.0)
    pixels = PreprocessingContract(
        image_size=side,
        resize_mode="squash",
        interpolation="bilinear",
        channels=3,
        mean=(100.0,) * 3,
        std=(50.0,) * 3,
    )
    model = networks.small_cnn(pixels, shape)
    settings = TrainSettings(seed=SEED, epochs=EPOCHS)
    order = Order(problem.targets, problem.training, CLASSES, 32, SEED, (1.0,) * CLASSES)
    batches = training_batches(images, order, first_epoch=0)
    compile_model(model, phase_of("cnn", settings), problem.training, batches.steps)
    data, steps = batches.dataset, batches.steps
    model.fit(data, steps_per_epoch=steps, epochs=1, shuffle=False, verbose=0)  # traces the graph
    start = time.perf_counter()
    told = model.fit(data, steps_per_epoch=steps, epochs=EPOCHS, shuffle=False, verbose=0)
    return EPOCHS * count / (time.perf_counter() - start), float(told.history["loss"][-1])


def result(
    rates: Mapping[str, list[float]], losses: Mapping[str, float], arguments: argparse.Namespace
) -> dict[str, Any]:
    """Return what the last line says; nothing holds where nothing was measured."""
    said = {"name": "gpu", "ours": None, "peer": None, "ratio": None, "target": TARGET}
    told = conditions(
        on=arguments.on,
        devices=gpus_here(),
        data=f"{arguments.images} generated images of {arguments.side} px",
        n=arguments.rounds,
        seeds=[SEED],
    )
    if not rates:
        return {**said, "holds": None, "needs": NEEDS, "conditions": told}
    ours, peer = (statistics.median(rates[name]) for name in ("ours", "processor"))
    pairs = zip(rates["ours"], rates["processor"], strict=True)
    ratio = statistics.median(mine / theirs for mine, theirs in pairs)
    apart = abs(losses["ours"] - losses["processor"])
    return {
        **said,
        "ours": round(ours),
        "peer": round(peer),
        "ratio": round(ratio, 2),
        "holds": ratio >= TARGET and apart <= ALIKE,
        "losses": losses,
        "conditions": told,
    }


if __name__ == "__main__":
    main()
