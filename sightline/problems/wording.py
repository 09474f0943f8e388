"""Small pieces of the sentences that findings are made of."""


def quantity(count: int, singular: str, plural: str = "") -> str:
    """Write a number with its noun: `1 image`, `1,204 images`, `2 classes`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def images(count: int) -> str:
    """Write a number of images."""
    return quantity(count, "image")


def verb(count: int, singular: str, plural: str) -> str:
    """Choose the verb that fits a number: `is` or `are`."""
    return singular if count == 1 else plural
