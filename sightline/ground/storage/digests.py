"""Digests of files and folders: by content, and by listing where content was seen before."""

import hashlib
from collections.abc import Iterator
from pathlib import Path


def content_digest(path: Path) -> str:
    """Hash the bytes of a file, or the relative names and bytes of all files in a folder."""
    if path.is_file():
        return _bytes_digest(path)
    total = hashlib.sha256()
    for name, file in _files(path):
        total.update(f"{name}\0{_bytes_digest(file)}\n".encode())
    return total.hexdigest()


def listing_digest(path: Path) -> str:
    """Hash the relative names, sizes and times of a file or of all files in a folder."""
    total = hashlib.sha256()
    for name, file in _files(path):
        status = file.stat()
        total.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return total.hexdigest()


def text_digest(text: str) -> str:
    """Hash a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield "", path
        return
    found = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
    for name in sorted(found):
        yield name, found[name]


def _bytes_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
