"""Packages that are installed beside Sightline, for processes of their own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Environment:
    """Where packages are installed beside Sightline."""

    packages: Path

    def python(
        self, *arguments: object, cwd: Path | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(self.packages)},
            capture_output=True,
            text=True,
            check=False,
        )

    def sightline(self, *arguments: object, cwd: Path) -> str:
        done = self.python("-m", "sightline", *arguments, cwd=cwd)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refusal(self, *arguments: object, cwd: Path) -> str:
        done = self.python("-m", "sightline", *arguments, cwd=cwd)
        assert done.returncode, done.stdout
        return " ".join((done.stdout + done.stderr).split())

    def install(self, name: str, entry_points: dict[str, dict[str, str]], **files: str) -> None:
        """Put a package where installers do, with its entry points."""
        for path, text in files.items():
            file = self.packages / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        about = self.packages / f"{name.replace('-', '_')}-1.0.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        groups = (
            "\n".join([f"[{group}]", *(f"{name} = {value}" for name, value in names.items())])
            for group, names in entry_points.items()
        )
        (about / "entry_points.txt").write_text("\n".join(groups) + "\n")
