"""Renew the golden packages and show what changed: `python -m tests.pipelines.golden`."""

import tempfile
from pathlib import Path

import typer

from sightline.package.diff import package_diff
from tests.pipelines.golden.packages import TARGETS, compile_golden, golden


def main() -> None:
    """Compile every target and put its package in the old one's place."""
    with tempfile.TemporaryDirectory() as folder:
        for target in TARGETS:
            compiled = compile_golden(target, Path(folder, f"{target}.yaml"))
            old = golden(target)
            changes = package_diff(old, compiled) if old.exists() else "new"
            old.write_bytes(compiled.read_bytes())
            typer.echo(f"{target}: {changes or 'unchanged'}")


if __name__ == "__main__":
    main()
