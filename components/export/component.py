from kfp import dsl

from sightline.package.component import container


@dsl.container_component
def export(
    model: dsl.Input[dsl.Model],
    records: dsl.Input[dsl.Dataset],
    dataset: dsl.Input[dsl.Dataset],
    evaluation: dsl.Input[dsl.Artifact],
    bundle: dsl.Output[dsl.Model],
    report: dsl.Output[dsl.HTML],
    litert: bool = True,
    model_name: str = "model",
    parity_images: int = 100,
    parity_tolerance: float = 0.02,
    calibration_images: int = 50,
    min_int8_agreement: float = 0.9,
    golden_requests: int = 8,
    licence: str = "not stated",
    intended_use: str = "not stated",
) -> dsl.ContainerSpec:
    """Turn a model into a servable bundle that answers like what was evaluated.

    Args:
        model: What train wrote.
        records: Training images that calibrate int8.
        dataset: The cleaned dataset: original bytes for parity and golden requests.
        evaluation: What evaluate wrote: the answers to repeat.
        bundle: SavedModel, LiteRT, labels, golden requests, parity and model card.
        report: Sizes, parity and the model card.
        litert: Also write LiteRT models: float, and int8 calibrated on training images.
        model_name: Name in the model card and the serving address.
        parity_images: Test images whose answers are compared with those of the trained model.
        parity_tolerance: Largest difference of any probability between the SavedModel and the
            trained model.
        calibration_images: Training images that set the ranges of the int8 model.
        min_int8_agreement: Smallest share of images on which int8 must name the same class; below
            it the bundle leaves int8 out.
        golden_requests: Real requests with their answers that every deployment must repeat.
        licence: Licence of the model, for the model card.
        intended_use: What the model is meant for, for the model card.
    """
    return container("components.export")
