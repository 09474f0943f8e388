"""The signatures of a SavedModel: the ways in which clients of other servers may ask it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf

from components.export.settings import EMBEDDING, EXPLANATION, FILENAMES, KEYS, TOP_K
from sightline.ground.models.signatures import BEST, FILES, FROM_FILES, FROM_PIXELS, KEY, WITH_KEYS
from sightline.problems.serving import Serving
from sightline.stage.answering.best import best_in_graph
from sightline.stage.conversion.graph import FrozenGraph
from sightline.stage.imaging.contract import PreprocessingContract
from sightline.stage.imaging.graph import preprocess_batch

OF_EMBEDDING = "serving_embedding"
FROM_FILENAMES = "serving_filenames"
XAI_PREPROCESS = "xai_preprocess"
XAI_MODEL = "xai_model"
SQUARES, IMAGES = "pixels", "input_images"
"""Names of further arguments."""
CHOSEN_BY = {
    WITH_KEYS: KEYS,
    BEST: TOP_K,
    OF_EMBEDDING: EMBEDDING,
    XAI_PREPROCESS: EXPLANATION,
    XAI_MODEL: EXPLANATION,
    FROM_FILENAMES: FILENAMES,
}
"""What settings ask for a signature by; every SavedModel has the others."""
Answer = dict[str, Any]


def chosen(names: Iterable[str]) -> tuple[str, ...]:
    """Return what settings would ask for, to have these signatures."""
    return tuple(dict.fromkeys(CHOSEN_BY[name] for name in CHOSEN_BY if name in set(names)))


class Signatures:
    """Traces signatures around one network and one way to decode."""

    def __init__(
        self,
        frozen: FrozenGraph,
        serving: Serving[Any],
        *,
        classes: Sequence[str],
        contract: PreprocessingContract,
        top_k: int,
    ) -> None:
        """Trace what all signatures share."""
        self._serving, self._top_k = serving, top_k
        self._names = tf.constant(list(classes), tf.string)
        self._side = (None, contract.image_size, contract.image_size, contract.channels)
        self._network = frozen.function()
        self._has_embedding = len(frozen.outputs) > len(serving.outputs)
        self._files = tf.TensorSpec((None,), tf.string, FILES)
        # Traced once: the rule of which files to refuse is most of the work.
        self._decode = _traced(
            lambda image_bytes: preprocess_batch(image_bytes, contract), self._files
        )

    def of(self, wanted: Sequence[str]) -> dict[str, Any]:
        """Return the signatures that every SavedModel has, and those that are wanted.

        What the network or the kind of problem has nothing for is left out.
        """
        images = tf.TensorSpec(self._side, tf.float32, IMAGES)
        squares = tf.TensorSpec(self._side, tf.uint8, SQUARES)
        key, names = (tf.TensorSpec((None,), tf.string, name) for name in (KEY, "filenames"))
        known: dict[str, tuple[Callable[..., Any], *tuple[tf.TensorSpec, ...]]] = {
            FROM_FILES: (self._from_files, self._files),
            FROM_PIXELS: (self._from_pixels, squares),
            WITH_KEYS: (self._with_keys, self._files, key),
            BEST: (self._best, self._files),
            OF_EMBEDDING: (self._embedding, self._files),
            XAI_PREPROCESS: (self._xai_preprocess, self._files),
            XAI_MODEL: (self._from_images, images),
            FROM_FILENAMES: (self._from_filenames, names),
        }
        return {
            name: _traced(*traced)
            for name, traced in known.items()
            if (name not in CHOSEN_BY or CHOSEN_BY[name] in wanted) and self._can(name)
        }

    def _can(self, name: str) -> bool:
        if name == BEST:
            return self._has_ranks()
        return name != OF_EMBEDDING or self._has_embedding

    def _outputs(self, pixels: Any) -> dict[str, Any]:
        given = self._network(pixels)[: len(self._serving.outputs)]
        return dict(zip(self._serving.outputs, given, strict=True))

    def _answer(self, pixels: Any) -> Answer:
        return self._serving.signature(self._outputs(pixels), self._names)

    def _pixels(self, image_bytes: Any) -> Any:
        return tf.cast(self._decode(image_bytes), tf.float32)

    def _from_files(self, image_bytes: Any) -> Answer:
        return self._answer(self._pixels(image_bytes))

    def _from_pixels(self, pixels: Any) -> Answer:
        return self._answer(tf.cast(pixels, tf.float32))

    def _with_keys(self, image_bytes: Any, key: Any) -> Answer:
        """Return the client's keys beside the answers."""
        return {**self._from_files(image_bytes), KEY: key}

    def _has_ranks(self) -> bool:
        shapes = [tensor.shape[1:] for tensor in self._network.structured_outputs]
        return self._ranked([tf.zeros((1, *shape)) for shape in shapes]) is not None

    def _ranked(self, outputs: Any) -> Any:
        given = dict(zip(self._serving.outputs, outputs, strict=False))
        return self._serving.ranked(given, self._names)

    def _best(self, image_bytes: Any) -> Answer:
        """Return the most probable classes by name, the best first."""
        ranked = self._ranked(self._network(self._pixels(image_bytes)))
        return best_in_graph(ranked, self._names, self._top_k)

    def _embedding(self, image_bytes: Any) -> Answer:
        return {"embedding": self._network(self._pixels(image_bytes))[-1]}

    def _xai_preprocess(self, image_bytes: Any) -> Answer:
        """Return what `xai_model` takes, under the name that it takes it by."""
        return {IMAGES: self._pixels(image_bytes)}

    def _from_images(self, input_images: Any) -> Answer:
        return self._answer(input_images)

    def _from_filenames(self, filenames: Any) -> Answer:
        """Read files of the machine that serves, or of a store that TensorFlow reads."""
        read = tf.map_fn(tf.io.read_file, filenames, fn_output_signature=tf.string)
        return {**self._from_files(read), "filenames": filenames}


def _traced(function: Callable[..., Any], *arguments: tf.TensorSpec) -> Any:
    """Trace a function into a graph; names of its arguments and of their specs must be equal."""
    return tf.function(
        function, input_signature=list(arguments), autograph=False
    ).get_concrete_function()
