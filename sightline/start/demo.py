"""The demo: scikit-learn's 1,797 handwritten digits as image files, with settings."""

from pathlib import Path

from sightline.ground.errors import UserError
from sightline.project.settings_file import FILE_NAME
from sightline.start.init import Choices, write_settings

CHOICES: Choices = {
    "ingest": {"source": "digits"},
    # Twice the digits' 8 pixels: at 32 the network is no better, and an epoch takes twice the time.
    "preprocess": {"image_size": 16, "channels": 1},
    "train": {
        "recipe": "scratch",
        "weights": "none",
        "epochs": 12,
        "learning_rate": 0.003,
        "horizontal_flip": False,
    },
    "evaluate": {"min_accuracy": 0.95},
    "export": {
        "licence": "CC BY 4.0, the licence of the digits data set",
        "intended_use": "showing how Sightline works",
    },
}
RESOURCES = """
resources:
  train: {gpu: any}  # on this machine any name stands for its GPUs
"""


def write_demo(folder: Path, *, gpu: bool = False) -> Path:
    """Write the images in class folders, and the settings; return the settings file.

    What is there already stays, so that a second demo finds unchanged images. With `gpu`, train
    asks for one.

    Raises:
        UserError: the folder holds something else.
    """
    file = folder / FILE_NAME
    if folder.exists() and any(folder.iterdir()) and not file.is_file():
        raise UserError(
            f"{folder}: expected a new folder or an earlier demo; found other files. "
            "Choose another with --folder."
        )
    write_digits(folder / "digits")
    if not file.is_file():
        write_settings(file, name="digits", chosen=CHOICES)
    if gpu and "\nresources:" not in file.read_text(encoding="utf-8"):
        with file.open("a", encoding="utf-8") as settings:
            settings.write(RESOURCES)
    return file


def write_digits(folder: Path) -> None:
    """Write each digit as an 8 x 8 grey PNG, in the folder of its class.

    The data set is the test part of "Optical Recognition of Handwritten Digits",
    UCI Machine Learning Repository, as scikit-learn ships it: values 0 (paper) to 16 (ink).
    """
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    for index, (values, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        path = folder / str(label) / f"{index:04d}.png"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((values * 15.9375).astype("uint8")).save(path)
