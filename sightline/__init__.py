"""Sightline: labelled images to a deployed, watched vision model."""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import the client when somebody asks for it: every stage and command imports this."""
    if name != "Client":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # By its name, since what this imports would count as imported by every room.
    from importlib import import_module

    return import_module("sightline.client.client").Client
