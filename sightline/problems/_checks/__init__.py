"""Checks of labels that kinds with named classes share."""
