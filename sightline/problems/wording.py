"""Small pieces of the sentences that findings are made of."""

from sightline.ground.wording import counted


def images(count: int) -> str:
    """Write a number of images."""
    return counted(count, "image")


def verb(count: int, singular: str, plural: str) -> str:
    """Choose the verb that fits a number: `is` or `are`."""
    return singular if count == 1 else plural
