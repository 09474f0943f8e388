"""What a rule finds, and how it is written."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sightline.ground.wording import counted

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


def count_problems(findings: Sequence[Finding]) -> int:
    """Count problems as `format_findings` writes them: the same one in nine tasks is one."""
    groups = _groups([finding for finding in findings if finding.severity == "problem"])
    return sum(len(places) for places in groups.values())


def counted_findings(findings: Sequence[Finding]) -> str:
    """Count findings as `format_findings` writes them, such as `1 problem, 2 warnings`."""
    written = [severity for (severity, *_), places in _groups(findings).items() for _ in places]
    num_problems, num_warnings = written.count("problem"), written.count("warning")
    return f"{counted(num_problems, 'problem')}, {counted(num_warnings, 'warning')}"


def format_findings(findings: Sequence[Finding]) -> str:
    """Write findings in 80 columns, problems first.

    What is the same in several places is written once, and so is a remedy that several share.
    """
    return "\n".join(
        "\n".join([*_headlines(severity, rule, places), _wrap(remedy, INDENT)])
        for (severity, rule, remedy), places in _groups(findings).items()
    )


def _groups(findings: Sequence[Finding]) -> dict[tuple[str, str, str], dict[str, list[str]]]:
    """Sort findings by severity, rule and remedy; in each, say where every message applies."""
    ordered = sorted(findings, key=lambda finding: finding.severity != "problem")
    groups: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for finding in ordered:
        same = (finding.severity, finding.rule, finding.remedy)
        groups.setdefault(same, {}).setdefault(finding.message, []).append(finding.where)
    return groups


def _headlines(severity: str, rule: str, places: Mapping[str, Sequence[str]]) -> list[str]:
    return [
        _wrap(f"{severity:<8} {rule}  {', '.join(where)}: {message}", "")
        for message, where in places.items()
    ]


def _wrap(text: str, indent: str) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
