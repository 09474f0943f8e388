"""Small pieces of the sentences that findings are made of."""

from sightline.ground.wording import counted


def images(count: int) -> str:
    """Write a number of images."""
    return counted(count, "image")


def joined(*parts: str) -> str:
    """Join what there is to say, such as counts; what is empty is left out."""
    return ", ".join(part for part in parts if part)


def classes(count: int) -> str:
    """Write a number of classes; nothing where the kind of problem has none."""
    return counted(count, "class", "classes") if count else ""


def verb(count: int, singular: str, plural: str) -> str:
    """Choose the verb that fits a number: `is` or `are`."""
    return singular if count == 1 else plural
