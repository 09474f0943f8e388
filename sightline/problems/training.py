"""What a network ends in, what it learns by, and what is said about every epoch."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sightline.problems._costs.costs import Costs
from sightline.problems.about import About, Informed
from sightline.stage.formats.records import RecordsInfo

if TYPE_CHECKING:
    import keras

    from sightline.problems.linear import LinearModel

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Objective:
    """What Keras minimises and what it counts beside."""

    loss: Any
    """A keras.losses.Loss, or a function of goals and answers that gives the losses of examples."""
    metrics: Sequence[Any]
    """keras.metrics, named like `Training.figures`; examples count by their weight."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Thresholds that were chosen by costs."""

    about: About = field(default_factory=dict)
    """What the kind of problem knows from now on, in every artifact made of the model."""
    rows: Sequence[tuple[str, float | str, str]] = ()
    """Of what, the threshold or what is in its place, and why this one."""


class Training(Informed, ABC):
    """The questions about learning; train asks them. Whatever the kind, the loss is monitored.

    TensorFlow is imported inside functions.
    """

    figures: tuple[str, ...] = ()
    """Names of the metrics beside the loss."""
    higher_is_better: bool = True
    """Whether the first of them is; of the loss, lower always is."""
    takes: Literal["vector", "map"] = "vector"
    """What the last layers take: pooled features [n, f] or the feature map [n, h, w, f]."""
    weighs: bool = True
    """Whether images of rare classes, or other parts that splits balance by, may count for more."""

    mixes: bool = False
    """Whether goals may be blended as the pixels of two images are: train's mixup asks."""

    @abstractmethod
    def check(self, info: RecordsInfo) -> None:
        """Refuse records that no model can learn from.

        Raises:
            DataError: says what is missing.
        """

    @abstractmethod
    def last_layers(self, num_classes: int) -> "list[keras.layers.Layer]":
        """Return what comes behind the features, and behind a hidden layer if there is one."""

    def differs(self, earlier: About) -> str:
        """Say why an earlier model of this kind answers another question; empty if it is the same.

        `earlier` is what that model knows of its images together.
        """
        return ""

    def inherited(
        self,
        weights: Sequence[Array],
        *,
        classes: Sequence[str],
        earlier_classes: Sequence[str],
        earlier: About,
    ) -> list[Array]:
        """Return the last layers' weights for these classes, made of an earlier model's.

        Answers to a class go with its name. A new one begins without an opinion, and no likelier
        than the rarest: the others are answered nearly as they were.

        Args:
            weights: of what `last_layers` returned for the earlier classes, answers last.
            classes: those to answer now.
            earlier_classes: those that the earlier model answers.
            earlier: what the earlier model knows of its images together.
        """
        places = {name: place for place, name in enumerate(earlier_classes)}
        known = [(now, places[name]) for now, name in enumerate(classes) if name in places]
        nows, earlier_ones = [now for now, _ in known], [before for _, before in known]
        changed = []
        for array in weights:
            begin = 0.0 if array.ndim > 1 else min(0.0, float(array.min(initial=0.0)))
            moved = np.full((*array.shape[:-1], len(classes)), begin, array.dtype)
            moved[..., nows] = array[..., earlier_ones]
            changed.append(moved)
        return changed

    @abstractmethod
    def objective(self, *, label_smoothing: float) -> Objective:
        """Return what is minimised."""

    def losses(self, answers: Any, goals: Any, *, label_smoothing: float = 0.0) -> Array:
        """Return what each example loses, float32 [n].

        A loss may give a number for each answer of an example; their mean is minimised.
        """
        loss = self.objective(label_smoothing=label_smoothing).loss
        # Given on as they are: of a softmax or sigmoid Keras knows what went into it.
        found = np.asarray(getattr(loss, "call", loss)(goals, answers), np.float32)
        return np.asarray(found.mean(axis=tuple(range(1, found.ndim))))

    @abstractmethod
    def goals(self, targets: Any, num_classes: int) -> Any:
        """Turn a batch of decoded targets into what the loss compares answers with."""

    def weights(self, targets: Any, class_weights: Any) -> Any:
        """Return how much each example of a batch counts, float32 [n]; of kinds that weigh none, 1.

        `class_weights` is float32, one value per class or other part that splits balance by.
        """
        import tensorflow as tf

        return tf.ones(tf.shape(targets)[:1])

    def chance(self, info: RecordsInfo) -> dict[str, float]:
        """Return what always giving the most frequent answer reaches on validation images.

        By name of the figure that is a share of right answers; most kinds have none. Without a
        validation split it is that of training images.
        """
        return {}

    def move(self, targets: Any, transforms: Any) -> Any:
        """Return the targets of a batch after augmentation; most stay what they are.

        `transforms` float32 [n, 8] map a pixel of the result to its place in the image, as
        TensorFlow's ImageProjectiveTransformV3 takes them.
        """
        return targets

    costs: tuple[str, ...] = ()
    """Settings of train about costs that the kind's answers depend on."""

    def decide(
        self, answers: Array, goals: Array, classes: Sequence[str], costs: Costs, *, seed: int
    ) -> Decided:
        """Choose thresholds by what wrong answers cost; nothing where the costs leave them open.

        answers, goals: of validation images [n, ...], as the loss compares them.
        """
        return Decided()

    def linear_model(self) -> "LinearModel | None":
        """Return what may stand in place of a trained dense layer; None where nothing does."""
        return None

    def calibration_error(self, answers: Any, goals: Any) -> float | None:
        """Return how far probabilities [n, k] are from what comes true.

        None where answers are no probabilities. Where they are, of softmax or sigmoid, train may
        divide what goes into these by a temperature.
        """
        return None
