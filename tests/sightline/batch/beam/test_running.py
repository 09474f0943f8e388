import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import s3fs

from tests.conftest import Once
from tests.data import encoded, photograph
from tests.sightline.command_line import sightline
from tests.sightline.serving.served import grey, lay_version

# An environment of its own, and processes that import Beam.
pytestmark = [pytest.mark.slow]

REPOSITORY = Path(__file__).parents[4]
FORMS = ("csv", "parquet", "jsonl")
NUM_PHOTOS = 25


@pytest.fixture(scope="session")
def beam_python(once: Once) -> Path:
    """Python with the packages of `containers/beam.lock`."""

    def make(_: Path) -> Path:
        subprocess.run(["make", "--silent", "beam"], cwd=REPOSITORY, check=True)
        return REPOSITORY / ".venv-beam/bin/python"

    return Path(once("beam_python", make))


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photos, one of them damaged and one no image, beside a slow model of light and dark."""
    monkeypatch.chdir(tmp_path)
    lay_version(tmp_path / "models", 1, num_slow_layers=40)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(NUM_PHOTOS):
        (folder / f"{number:02d}.png").write_bytes(grey(10 * number))
    (folder / "03.png").write_bytes(b"hello")
    whole = encoded(photograph(1))
    (folder / "12.png").write_bytes(whole[: len(whole) // 2])
    return folder


def words(source: object, name: str, *more: str) -> list[str]:
    outputs = [word for form in FORMS for word in (f"--{form}", f"{name}.{form}")]
    return ["predict", str(source), "--folder", "models", "--shard", "10", *outputs, *more]


def by_beam(python: Path, source: object, name: str, *more: str) -> list[str]:
    return [str(python), "-m", "sightline", *words(source, name, "--engine", "beam", *more)]


def ended(command: Iterable[str]) -> tuple[int, str, str]:
    done = subprocess.run(list(command), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def same(one: str, other: str) -> bool:
    """Whether tables are the same: to the byte, or as tables where the writer's version is in."""
    texts = [[Path(f"{name}.{form}").read_bytes() for name in (one, other)] for form in FORMS[::2]]
    tables = [pq.read_table(f"{name}.parquet") for name in (one, other)]
    return all(a == b for a, b in texts) and tables[0].equals(tables[1])


def test_beam_writes_what_the_plain_engine_writes(beam_python: Path, photos: Path) -> None:
    sightline(*words(photos, "plain"))

    code, said, _ = ended(by_beam(beam_python, photos, "beam"))

    assert (code, said) == (
        2,
        "beam.csv, beam.parquet, beam.jsonl: 25 photos, 2 of them without an answer.\n",
    )
    assert same("plain", "beam")


def test_the_plain_engine_goes_on_where_beam_was_killed(beam_python: Path, photos: Path) -> None:
    sightline(*words(photos, "plain"))
    process = subprocess.Popen(by_beam(beam_python, photos, "beam"), stderr=subprocess.DEVNULL)
    while not list(Path(".beam.csv.predicting").glob("answers/[0-9]*.parquet")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()

    done = sightline(*words(photos, "beam"))

    assert " of 25 photos were answered before; going on." in done.err
    assert same("plain", "beam")


def test_workers_elsewhere_get_the_model_and_leave_answers_through_a_bucket(
    beam_python: Path, photos: Path, s3_bucket: str
) -> None:
    store = s3fs.S3FileSystem()
    store.put(f"{photos}/", f"{s3_bucket}/photos/", recursive=True)
    source = f"s3://{s3_bucket}/photos"
    sightline(*words(source, "plain"))

    elsewhere = ("--beam-folder", f"s3://{s3_bucket}/beam")
    processes = ("--beam-options", "--direct_running_mode multi_processing")
    code, _, said = ended(by_beam(beam_python, source, "beam", *elsewhere, *processes))

    assert code == 2, said
    assert same("plain", "beam")
    left = [path.rpartition("/")[2] for path in store.find(f"{s3_bucket}/beam")]
    assert "bundle.json" in left
    assert not [name for name in left if name.endswith(".parquet")]


def test_what_a_worker_says_is_one_message_and_what_was_answered_stays(
    beam_python: Path, photos: Path
) -> None:
    options = ("--beam-options", "--runner Nonsense")

    code, _, said = ended(by_beam(beam_python, photos, "beam", *options))

    assert code == 2
    assert "Apache Beam: expected answers to all shards" in said
    assert "Nonsense" in said
    assert "Traceback" not in said
