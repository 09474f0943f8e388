"""The parameters that a run or a schedule is sent: Kubeflow's pages show and compare only those."""

from collections.abc import Mapping

from sightline.lint.parameters import size_of
from sightline.runs.records import Value

LONGEST_DEFAULT = 200
"""Bytes; the package has a longer one, and Kubeflow takes 20,000 bytes for one run."""


def sent_parameters(defaults: Mapping[str, Value], given: Mapping[str, Value]) -> dict[str, Value]:
    """Return what a run sets, and the package's defaults for the rest as far as they are short."""
    short = {name: value for name, value in defaults.items() if size_of(value) <= LONGEST_DEFAULT}
    return {**short, **given}
