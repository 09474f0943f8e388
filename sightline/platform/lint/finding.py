"""What a rule finds, and how it is written."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["problem", "warning"]
WIDTH = 80
INDENT = " " * 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing about a package that its target rejects (problem) or ignores (warning)."""

    rule: str
    """Name of the rule, such as `accelerator`."""
    severity: Severity
    where: str
    """Task, setting, parameter or setting of the target."""
    message: str
    """What was expected and what was received."""
    remedy: str
    """What to do."""


def problem(rule: str, where: str, message: str, remedy: str) -> Finding:
    """Report what the target would reject."""
    return Finding(rule=rule, severity="problem", where=where, message=message, remedy=remedy)


def warning(rule: str, where: str, message: str, remedy: str) -> Finding:
    """Report what the target takes, but probably not as it is meant."""
    return Finding(rule=rule, severity="warning", where=where, message=message, remedy=remedy)


def format_findings(findings: Sequence[Finding]) -> str:
    """Write findings in 80 columns, problems first, with the remedy below those that share it."""
    ordered = sorted(findings, key=lambda finding: finding.severity != "problem")
    groups: dict[tuple[str, str, str], list[str]] = {}
    for finding in ordered:
        headline = f"{finding.severity:<8} {finding.rule}  {finding.where}: {finding.message}"
        same = (finding.severity, finding.rule, finding.remedy)
        groups.setdefault(same, []).append(_wrap(headline, ""))
    return "\n".join(
        "\n".join([*headlines, _wrap(remedy, INDENT)])
        for (_, _, remedy), headlines in groups.items()
    )


def _wrap(text: str, indent: str) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
