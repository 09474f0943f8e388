"""Names as Kubeflow takes them."""

from sightline.ground.errors import UserError

LONGEST = 128


def run_title(name: str) -> str:
    """Return the name of a run if Kubeflow takes it.

    Raises:
        UserError: it is blank or too long.
    """
    return _title(name, "run")


def schedule_title(name: str) -> str:
    """Return the name of a schedule if Kubeflow takes it.

    Raises:
        UserError: it is blank or too long.
    """
    return _title(name, "schedule")


def _title(name: str, of: str) -> str:
    if not name.strip() or len(name) > LONGEST:
        raise UserError(
            f"Name of a {of}: expected 1 to {LONGEST} characters that are not all blank; received "
            f"{len(name)}: {name[:LONGEST]!r}. Choose another."
        )
    return name
