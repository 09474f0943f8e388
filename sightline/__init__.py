"""Sightline: labelled images to a deployed, watched vision model."""

__version__ = "0.1.0"


_WHERE = {"Client": "sightline.client.client", "Project": "sightline.notebook.project"}


def __getattr__(name: str) -> object:
    """Import what somebody asks for, when they do: every stage and command imports this."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # By its name, since what this imports would count as imported by every room.
    from importlib import import_module

    found: object = getattr(import_module(_WHERE[name]), name)
    return found
