import re
from html.parser import HTMLParser
from pathlib import Path

from sightline.ground.pages import END_OF_FRONT, FRONT, NAVIGATION
from sightline.runs.facts import duration
from sightline.views.page import write_page
from tests.sightline.run_records import finished_run


class Links(HTMLParser):
    """Collects what a page refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [str(value) for name, value in attrs if name in {"href", "src"}]


def test_the_page_links_the_page_and_log_of_every_task(tmp_path: Path) -> None:
    record = finished_run(tmp_path)

    page = write_page(record)

    links = Links(page.read_text(encoding="utf-8")).found
    assert set(links) == {
        "report-train.html",
        "report-evaluate.html",
        "logs/train.log",
        "logs/evaluate.log",
    }
    assert all((page.parent / link).is_file() for link in links)


def test_the_page_needs_no_other_file_to_be_read(tmp_path: Path) -> None:
    text = write_page(finished_run(tmp_path)).read_text(encoding="utf-8")

    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"https?://|<script|<link|@import", text)


def test_the_page_says_decision_figures_times_settings_and_reasons(tmp_path: Path) -> None:
    text = write_page(finished_run(tmp_path)).read_text(encoding="utf-8")

    for expected in (
        "Decision: deploy",
        "Accuracy 0.975 is at least 0.95.",
        "0.950 to 0.990",
        "1 min 5 s",
        "1 of 2",
        "settings: epochs 5 -&gt; 6",
        "train.epochs",
        "/photos",
        "artifacts/train/model",
    ):
        assert expected in text
    assert "train.seed" not in text


def test_the_page_of_a_failed_run_says_why(tmp_path: Path) -> None:
    record = finished_run(tmp_path, status="failed", failure="train: no <images> left")

    text = write_page(record).read_text(encoding="utf-8")

    assert "train: no &lt;images&gt; left" in text


def test_writing_the_page_again_changes_nothing(tmp_path: Path) -> None:
    record = finished_run(tmp_path)
    before = write_page(record).read_text(encoding="utf-8")

    after = write_page(record).read_text(encoding="utf-8")

    assert after == before


def test_times_are_written_as_people_say_them() -> None:
    times = [duration(seconds) for seconds in (None, 0.04, 59.94, 61, 3720)]

    assert times == [None, "0.0 s", "59.9 s", "1 min 1 s", "1 h 2 min"]


def test_the_page_shows_what_tasks_warned_of_with_their_pages(tmp_path: Path) -> None:
    record = finished_run(tmp_path)
    report = record.tasks["train"].outputs.artifacts["report"]
    report.metadata = {"warnings": ["No <validation> split. Add images."]}

    text = write_page(record).read_text(encoding="utf-8")

    assert '<a href="report-train.html">train</a>: No &lt;validation&gt; split.' in text
    places = [text.index(part) for part in ("Decision: deploy", "No &lt;validation&gt;", "Times")]
    assert places == sorted(places)


def test_the_page_shows_the_front_of_a_tasks_page_before_tasks_and_times(tmp_path: Path) -> None:
    record = finished_run(tmp_path)
    source = Path(record.tasks["evaluate"].outputs.artifacts["report"].uri)
    source.write_text(f"A{FRONT}<p>the worst</p>{END_OF_FRONT}B{FRONT}next{END_OF_FRONT}C")

    text = write_page(record).read_text(encoding="utf-8")

    places = [text.index(part) for part in ("<p>the worst</p>", "next", "<h2>Tasks", "<h2>Times")]
    assert places == sorted(places)


def test_what_opens_a_part_of_a_tasks_page_leads_there_from_the_runs(tmp_path: Path) -> None:
    record = finished_run(tmp_path)
    source = Path(record.tasks["evaluate"].outputs.artifacts["report"].uri)
    button = '<button popovertarget="cell-0-1" title="truth a, prediction b: 3"></button>'
    source.write_text(f"{FRONT}{button}{END_OF_FRONT}")

    text = write_page(record).read_text(encoding="utf-8")

    assert 'href="report-evaluate.html#cell-0-1" title="truth a, prediction b: 3"></a>' in text
    assert "popovertarget" not in text


def test_a_tasks_page_links_back_to_the_run_and_the_artifact_stays_as_it_was(
    tmp_path: Path,
) -> None:
    record = finished_run(tmp_path)
    source = Path(record.tasks["evaluate"].outputs.artifacts["report"].uri)
    source.write_text(f"<body>{NAVIGATION}</body>")

    page = write_page(record)

    linked = (page.parent / "report-evaluate.html").read_text(encoding="utf-8")
    assert Links(linked).found == ["report.html", "report-train.html"]
    assert source.read_text(encoding="utf-8") == f"<body>{NAVIGATION}</body>"


def test_the_page_says_what_changed_in_the_data(tmp_path: Path) -> None:
    record = finished_run(tmp_path)

    text = write_page(record, changes=["Since run a;", "1 relabelled"]).read_text(encoding="utf-8")

    assert "Since run a; shares and sizes:" in text
    assert "<pre>1 relabelled\n</pre>" in text
    assert "What changed" not in write_page(record).read_text(encoding="utf-8")
