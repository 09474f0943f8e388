"""Sightline: labelled images to a deployed, watched vision model."""

__version__ = "0.1.0"
