"""How much each pixel counts for an answer, through the library saliency."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from sightline.stage.imaging.arrays import Floats, Pixels

STEPS = 25
"""From a baseline to the image, as the book has them."""
MOST_STEPS = 4 * STEPS
LARGE_ERROR = 0.1
"""Above it, steps are doubled."""
BATCH_SIZE = 9
"""Gradients of a whole path at once would take gigabytes."""
WHITE = 255.0
SHOWN_SHARE = 0.3
"""Of an image that XRAI ranks regions of; the rest is told apart no further."""
Call = Callable[[Floats], tuple[Floats, Floats]]
"""Returns what a batch of images is answered [n] and its gradient by the pixels [n, h, w, c]."""
Ask = Callable[[Floats, int, float], tuple[Floats, Floats]]
"""The same for the number at a place of the output, times 1 or -1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """What every pixel adds to an answer, as the mean over several baselines."""

    values: Floats
    """[h, w, c]; below 0, the pixel speaks against it."""
    steps: int
    error: float
    """By how much the sum is not what the answer changes by, as a share of that."""


def require_library() -> None:
    """Say early that the library is missing, before a network is loaded for nothing.

    Raises:
        ModuleNotFoundError: it is.
    """
    import_module("saliency.core")


def integrated_gradients(pixels: Pixels, call: Call, *, steps: int, seed: int) -> Attribution:
    """Integrate from black, white and noise to the image."""
    image = pixels.astype(np.float32)
    starts = baselines(image, seed)
    answers, _ = call(np.stack([image, *starts]))
    changes = answers[0] - answers[1:]
    parts = [_integrated(image, start, call, steps) for start in starts]
    gaps = np.abs(np.array([part.sum() for part in parts]) - changes)
    return Attribution(
        values=np.mean(parts, axis=0, dtype=np.float32),
        steps=steps,
        error=float(gaps.sum() / max(float(np.abs(changes).sum()), 1e-6)),
    )


def baselines(image: Floats, seed: int) -> list[Floats]:
    """Return images that say nothing: what counts must not depend on which of them is meant."""
    noise = np.random.default_rng(seed).uniform(0, WHITE, image.shape)
    return [np.zeros_like(image), np.full_like(image, WHITE), np.asarray(noise, np.float32)]


def regions(pixels: Pixels, attribution: Attribution) -> Floats:
    """Rank regions of a photograph by what their pixels add (XRAI): float [h, w], high counts."""
    from saliency.core.xrai import XRAI, XRAIParameters

    found = XRAI().GetMask(
        pixels.astype(np.float32),
        None,
        base_attribution=attribution.values,
        extra_parameters=XRAIParameters(steps=attribution.steps, area_threshold=SHOWN_SHARE),
    )
    return np.asarray(found, np.float32)


def _integrated(image: Floats, start: Floats, call: Call, steps: int) -> Floats:
    from saliency.core.base import INPUT_OUTPUT_GRADIENTS
    from saliency.core.integrated_gradients import IntegratedGradients

    def called(batch: Any, call_model_args: Any, expected_keys: Sequence[str]) -> dict[str, Any]:
        return {INPUT_OUTPUT_GRADIENTS: call(np.asarray(batch, np.float32))[1]}

    found = IntegratedGradients().GetMask(
        image, called, x_baseline=start, x_steps=steps, batch_size=BATCH_SIZE
    )
    return np.asarray(found, np.float32)


def asking(network: Any) -> Ask:
    """Return how to ask a Keras network for one number of its first output."""
    import tensorflow as tf

    def gradients(images: Any, index: Any, sign: Any) -> Any:
        # Its weights are not asked about.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(images)
            outputs = network(images, training=False)
            first = outputs[0] if isinstance(outputs, list | tuple) else outputs
            columns = tf.reshape(first, (tf.shape(images)[0], -1))
            answer = sign * tf.gather(columns, index, axis=1)
        return answer, tape.gradient(answer, images)

    # Traced once, it takes less than half of the time; autograph would find nothing to convert.
    pixels = tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)
    scalars = tf.TensorSpec((), tf.int32), tf.TensorSpec((), tf.float32)
    traced = tf.function(gradients, input_signature=[pixels, *scalars], autograph=False)

    def ask(batch: Floats, index: int, sign: float) -> tuple[Floats, Floats]:
        answer, gradient = traced(tf.constant(batch), tf.constant(index), tf.constant(sign))
        return answer.numpy(), gradient.numpy()

    return ask
