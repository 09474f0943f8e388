import os
import shutil
from pathlib import Path

import pytest

from sightline.ground.errors import UserError
from sightline.images.content import Context, context_files, copied_files, image_content
from sightline.images.recipes import Recipe, find_stages, stage_recipes

REPOSITORY = Path(__file__).parents[3]
STAGES = find_stages(REPOSITORY)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of what images are made from."""
    let_through = (REPOSITORY / ".dockerignore").read_text().splitlines()
    rooms = [line[1:] for line in let_through if line.startswith("!sightline/")]
    folders = [name for name in rooms if (REPOSITORY / name).is_dir()]
    for name in ("components", "containers", *folders):
        shutil.copytree(
            REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in (".dockerignore", "sightline/__init__.py"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    return tmp_path


def contents(repository: Path) -> dict[str, str]:
    context = Context.of(repository)
    return {stage: image_content(repository, stage, context=context) for stage in STAGES}


def changed(repository: Path, before: dict[str, str]) -> set[str]:
    """The stages whose content is another one than before."""
    after = contents(repository)
    return {stage for stage in STAGES if after[stage] != before[stage]}


def append(path: Path, text: str = "\n# more\n") -> None:
    path.write_text(path.read_text() + text)


def small_recipe(folder: Path, *lines: str) -> Recipe:
    dockerfile = folder / "components/trial/Dockerfile"
    dockerfile.parent.mkdir(parents=True)
    dockerfile.write_text("\n".join(["FROM python", *lines]) + "\n")
    return Recipe("trial", dockerfile)


def test_a_content_is_twelve_hexadecimal_digits_and_every_stage_has_its_own() -> None:
    found = contents(REPOSITORY)

    assert all(len(content) == 12 and int(content, 16) >= 0 for content in found.values())
    assert len(set(found.values())) == len(STAGES)


def test_a_copy_elsewhere_at_another_time_has_the_same_content(repository: Path) -> None:
    for path in repository.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(path.stat().st_mode & ~0o077)

    assert contents(repository) == contents(REPOSITORY)


def test_what_dockerignore_keeps_out_does_not_count(repository: Path) -> None:
    before = contents(repository)
    (repository / "components/train/__pycache__").mkdir()
    (repository / "components/train/__pycache__/stage.cpython-311.pyc").write_bytes(b"bytecode")
    append(repository / "components/train/component.py")
    append(repository / "components/train/README.md")
    (repository / "notes.txt").write_text("not for images")

    assert changed(repository, before) == set()


@pytest.mark.parametrize(
    ("path", "stages"),
    [
        ("components/train/stage.py", {"train", "tune"}),
        ("components/tune/stage.py", {"tune"}),
        ("components/ingest/Dockerfile", {"ingest"}),
        ("components/__init__.py", set(STAGES)),
        ("sightline/ground/storage/addresses.py", set(STAGES)),
        ("sightline/stage/formats/dataset.py", set(STAGES)),
        ("sightline/problems/classification/targets.py", set(STAGES) - {"notify"}),
        ("containers/requirements.lock", set(STAGES)),
        ("containers/install.sh", set(STAGES)),
        ("containers/locked.sh", set(STAGES)),
        ("containers/data.Dockerfile", set(STAGES)),
        ("containers/tensorflow.in", {"train", "tune", "evaluate", "export"}),
        ("containers/tune.in", {"tune"}),
        ("containers/deploy.in", {"deploy"}),
        ("sightline/clouds/google/problems.py", {"deploy"}),
        ("containers/evaluate.in", {"evaluate"}),
        ("containers/export.in", {"export"}),
        ("containers/tensorflow-cuda.lock", set()),
    ],
)
def test_a_file_changes_the_content_of_the_stages_made_from_it(
    repository: Path, path: str, stages: set[str]
) -> None:
    before = contents(repository)

    append(repository / path)

    assert changed(repository, before) == stages


def test_a_new_a_renamed_and_a_removed_file_change_the_content(repository: Path) -> None:
    found = [image_content(repository, "train")]
    extra = repository / "components/train/extra.py"

    extra.write_text("")
    found.append(image_content(repository, "train"))
    extra = extra.rename(extra.with_name("other.py"))
    found.append(image_content(repository, "train"))
    extra.unlink()
    found.append(image_content(repository, "train"))

    assert len(set(found)) == 3
    assert found[0] == found[3]


def test_the_right_to_run_a_file_counts(repository: Path) -> None:
    before = contents(repository)

    (repository / "containers/install.sh").chmod(0o644)

    assert changed(repository, before) == set(STAGES)


def test_the_python_image_counts() -> None:
    public = image_content(REPOSITORY, "ingest")

    assert image_content(REPOSITORY, "ingest", "mirror.example/python:3.11") != public


def test_an_image_for_gpus_is_another_one(repository: Path) -> None:
    plain, before = contents(repository), image_content(repository, "train", gpu=True)

    append(repository / "containers/tensorflow-cuda.lock")

    assert before not in plain.values()
    assert image_content(repository, "train", gpu=True) != before


def test_a_link_counts_as_the_link_that_it_is(repository: Path) -> None:
    link = repository / "components/train/notes"
    link.symlink_to("../ingest")
    to_ingest = image_content(repository, "train")
    append(repository / "components/ingest/stage.py")
    unchanged = image_content(repository, "train")
    link.unlink()
    link.symlink_to("../export")

    assert unchanged == to_ingest
    assert image_content(repository, "train") != to_ingest


def test_copy_lines_may_have_options_and_go_on_in_the_next_line(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path, "COPY --chown=1000 a/ \\", "  b.txt /there/", "copy ./c /c")
    context = ["a/one", "a/two", "ab", "b.txt", "c", "cd"]

    assert copied_files(recipe, context) == ["a/one", "a/two", "b.txt", "c"]


def test_a_dot_copies_everything(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path, "COPY . .")

    assert copied_files(recipe, ["a/one", "b"]) == ["a/one", "b"]


@pytest.mark.parametrize("source", ["absent/", "a*", "--from=other /x"])
def test_a_copy_line_that_names_no_file_is_refused(tmp_path: Path, source: str) -> None:
    recipe = small_recipe(tmp_path, f"COPY {source} /there/")

    with pytest.raises(UserError, match=r"trial/Dockerfile: COPY names .*without wildcards"):
        copied_files(recipe, ["a/one"])


def test_the_context_is_what_the_build_is_given(repository: Path) -> None:
    (recipe,) = stage_recipes(repository, ["ingest"])

    context = context_files(repository)

    assert set(copied_files(recipe, context)) < set(context)
    assert "components/ingest/stage.py" in context
    assert "components/ingest/component.py" not in context
    assert "containers/python_base.sh" not in context


def test_without_dockerignore_everything_is_in_the_context(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.txt").touch()

    assert context_files(tmp_path) == ["a/b.txt"]
