"""A copy of the project to add something to, and what the project then makes of it."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
FOLDERS = ("components", "containers", "docs", "pipelines", "sightline", "tests/components")
FILES = ("Makefile", "pyproject.toml", "tests/__init__.py")
GENERATED = ("__pycache__", ".pytest_cache", ".import_linter_cache")


@dataclass(frozen=True, slots=True)
class Scratch:
    """The copy in `root`; commands run in it see its code instead of the project's."""

    root: Path

    def insert(self, path: str, after: str, text: str) -> None:
        """Write `text` behind the one place in a file that says `after`."""
        file = self.root / path
        before = file.read_text(encoding="utf-8")
        assert before.count(after) == 1, f"{path}: expected {after!r} once"
        file.write_text(before.replace(after, after + text), encoding="utf-8")

    def add(self, path: str, source: Path) -> None:
        """Copy a file or folder to a path where there is none yet."""
        target = self.root / path
        assert not target.exists(), path
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(*GENERATED))
        else:
            shutil.copy(source, target)

    def python(self, *arguments: object) -> str:
        """Run `python ARGUMENTS` in the copy and return what it printed."""
        return self._run(sys.executable, *arguments)

    def sightline(self, *arguments: object) -> str:
        """Run `sightline ARGUMENTS` in the copy and return what it printed."""
        return self.python("-m", "sightline", *arguments)

    def make_docs(self) -> None:
        """Run `make docs` in the copy, with this environment in place of its own."""
        installed = f"{sys.prefix}/.installed"
        self._run("make", f"--old-file={installed}", f"VENV={sys.prefix}", "docs")

    def changed(self) -> set[str]:
        """Name the files that are new, or differ from the project's."""
        return {
            str(name)
            for name in (file.relative_to(self.root) for file in self._files())
            if not (REPOSITORY / name).is_file()
            or (REPOSITORY / name).read_bytes() != (self.root / name).read_bytes()
        }

    def _files(self) -> list[Path]:
        found = [self.root / name for name in FILES]
        for folder in FOLDERS:
            found += [path for path in (self.root / folder).rglob("*") if path.is_file()]
        return [path for path in found if not set(GENERATED) & set(path.parts)]

    def _run(self, *command: object) -> str:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self.root,
            # Bytecode is kept: the commands after the first one would compile everything again.
            env={**os.environ, "PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def scratch_copy(root: Path) -> Scratch:
    """Copy what defines the project into a folder that does not exist yet."""
    for folder in FOLDERS:
        shutil.copytree(
            REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns(*GENERATED)
        )
    for file in FILES:
        shutil.copy(REPOSITORY / file, root / file)
    return Scratch(root)
