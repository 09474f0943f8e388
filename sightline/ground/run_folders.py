"""How engines lay out what the tasks of a run leave: `<task>/<maybe uuid>/<artifact>/...`."""

import re

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Kubeflow puts one between a task and its artifacts for each execution."""

ASSIGNMENT = "assignment.parquet"
"""File in an artifact that says which image is in which split, for later runs to keep."""


def split_output(path: str) -> tuple[str, str, str]:
    """Split a path below a run into the task's folder, the execution or nothing, and the rest."""
    task, _, below = path.partition("/")
    first, _, rest = below.partition("/")
    return (task, first, rest) if UUID.fullmatch(first) else (task, "", below)
