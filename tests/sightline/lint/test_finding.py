from sightline.lint.finding import (
    count_problems,
    counted_findings,
    format_findings,
    problem,
    warning,
)

LONG = "expected something that takes many words to say, and received another thing altogether"


def test_problems_come_first_with_their_remedy_below() -> None:
    findings = [
        warning("size", "package", "too large", "Make it smaller."),
        problem("accelerator", "train", "expected a GPU; received TPU_V3", "Set resources."),
    ]

    text = format_findings(findings)

    assert text.splitlines() == [
        "problem  accelerator  train: expected a GPU; received TPU_V3",
        "         Set resources.",
        "warning  size  package: too large",
        "         Make it smaller.",
    ]


def test_the_same_finding_in_several_places_is_written_once() -> None:
    findings = [problem("image", task, "not pushed", "Push it.") for task in ("ingest", "train")]

    text = format_findings(findings)

    assert text.splitlines() == [
        "problem  image  ingest, train: not pushed",
        "         Push it.",
    ]
    assert counted_findings(findings) == "1 problem, 0 warnings"
    assert count_problems(findings) == 1


def test_findings_with_the_same_remedy_share_it() -> None:
    findings = [problem("image", task, f"{task} is old", "Push.") for task in ("ingest", "train")]

    text = format_findings(findings)

    assert text.splitlines() == [
        "problem  image  ingest: ingest is old",
        "problem  image  train: train is old",
        "         Push.",
    ]


def test_long_lines_wrap_at_80_columns_below_their_text() -> None:
    text = format_findings([problem("name", "run name", LONG, f"{LONG}.")])

    assert max(map(len, text.splitlines())) <= 80
    assert all(line.startswith("         ") for line in text.splitlines()[1:])


def test_no_finding_is_no_text() -> None:
    assert format_findings([]) == ""
