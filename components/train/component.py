from kfp import dsl

from sightline.package.component import container


@dsl.container_component
def train(
    records: dsl.Input[dsl.Dataset],
    model: dsl.Output[dsl.Model],
    metrics: dsl.Output[dsl.Metrics],
    report: dsl.Output[dsl.HTML],
    recipe: str = "auto",
    backbone: str = "MobileNetV2",
    weights: str = "imagenet",
    epochs: int = 40,
    batch_size: int = 32,
    learning_rate: float = 0.001,
    patience: int = 6,
    hidden_units: int = 0,
    dropout: float = 0.2,
    weight_decay: float = 0.0001,
    label_smoothing: float = 0.1,
    class_weights: str = "auto",
    augment: str = "auto",
    horizontal_flip: bool = True,
    fine_tune_layers: int = 30,
    fine_tune_epochs: int = 10,
    fine_tune_learning_rate: float = 2e-05,
    seed: int = 7,
) -> dsl.ContainerSpec:
    """Train a model on the records.

    Args:
        records: What preprocess wrote.
        model: The Keras model, its class list, contract, history and logs.
        metrics: Training and validation figures.
        report: The recipe, why it was chosen, and the curves.
        recipe: A small CNN from scratch, a head on a frozen backbone, or fine-tuning after the
            head; auto chooses and says why.
        backbone: Name of a keras.applications model.
        weights: imagenet, none, or a path or URI of a weights file for the backbone without its
            top.
        epochs: Most epochs to train the head or the small CNN; early stopping may end sooner.
        batch_size: Images per step.
        learning_rate: Peak learning rate of the head or the small CNN.
        patience: Epochs without a better validation loss before training stops.
        hidden_units: Units of a dense layer between features and classes; 0 means none.
        dropout: Share of features dropped before the last layer while training.
        weight_decay: Weight decay of the optimiser.
        label_smoothing: Share of each label's probability spread over all classes.
        class_weights: Weigh rare classes up; auto does so when the most common class has over 1.5
            times the rarest.
        augment: Random changes to training images; auto takes light for scratch and fine_tune, none
            for frozen features.
        horizontal_flip: Whether augmentation may mirror images; turn it off for digits, text and
            other things with a direction.
        fine_tune_layers: How many of the backbone's last layers fine_tune trains.
        fine_tune_epochs: Most epochs of fine-tuning after the head.
        fine_tune_learning_rate: Learning rate while fine-tuning.
        seed: Seed of every random choice in training.
    """
    return container("components.train")
