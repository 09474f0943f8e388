"""The backbones that settings can name, for whoever checks settings without TensorFlow."""

from sightline.ground.storage.addresses import ending_of

MODEL_FILE = ".keras"

BACKBONES = (
    *(f"ConvNeXt{size}" for size in ("Base", "Large", "Small", "Tiny", "XLarge")),
    *(f"DenseNet{layers}" for layers in (121, 169, 201)),
    *(f"EfficientNetB{number}" for number in range(8)),
    *(f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "L", "M", "S")),
    *("InceptionResNetV2", "InceptionV3"),
    *("MobileNet", "MobileNetV2", "MobileNetV3Large", "MobileNetV3Small"),
    *("NASNetLarge", "NASNetMobile"),
    *(f"ResNet{layers}{kind}" for layers in (50, 101, 152) for kind in ("", "V2")),
    *("VGG16", "VGG19", "Xception"),
)
"""The models of keras.applications."""


def is_model_file(backbone: str) -> bool:
    """Tell whether a backbone is a path or URI of a whole Keras model."""
    return ending_of(backbone) == MODEL_FILE
