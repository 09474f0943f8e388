"""Open what a source points at: a folder, a table or an archive, here or behind a URI."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sightline.ground.errors import DataError
from sightline.ground.source.archives.archives import is_archive, open_archive
from sightline.ground.source.files import TABLE_SUFFIXES, Files, printable, suffix
from sightline.ground.source.local_files import LocalFiles
from sightline.ground.source.remote.reach import TableHosts, reach_of_source
from sightline.ground.source.remote.remote_files import RemoteFiles, download
from sightline.ground.source.settings import SourceSettings
from sightline.ground.storage.addresses import REMOTE_SCHEMES, revealed, scheme_of
from sightline.ground.storage.redaction import redact


@dataclass(frozen=True, slots=True)
class Origin:
    """What a source points at."""

    files: Files
    table: str = ""
    """The table in `files`, where the source is one."""


@contextmanager
def open_origin(settings: SourceSettings) -> Iterator[Origin]:
    """Open the source.

    Raises:
        DataError: there is nothing, or nothing that we read.
    """
    source = revealed(settings.source)
    is_table = suffix(source) in TABLE_SUFFIXES or (
        settings.source_format not in ("auto", "folder") and suffix(source) != ""
    )
    if scheme_of(source) in REMOTE_SCHEMES:
        if is_archive(source):
            reach = reach_of_source(source, settings.table_hosts)
            with (
                download(source, reach) as file,
                open_archive(file, redact(source), remote=True) as files,
            ):
                yield Origin(files)
        elif is_table:
            yield remote_table(source, settings.table_hosts)
        else:
            yield Origin(RemoteFiles(source, reach_of_source(source, settings.table_hosts)))
        return
    path = local_path(source)
    if path.is_dir():
        yield Origin(LocalFiles(path))
    elif is_archive(path.name):
        with path.open("rb") as file, open_archive(file, printable(str(path))) as files:
            yield Origin(files)
    elif is_table:
        yield Origin(LocalFiles(path.parent), path.name)
    else:
        raise DataError(
            f"{path}: expected a folder, a table (.csv, .tsv, .json, .jsonl or .parquet) or an "
            "archive (.zip, .tar or .tar.gz); received another kind of file. Correct "
            "ingest.source, or say with ingest.source_format that it is a table."
        )


def remote_table(source: str, table_hosts: TableHosts) -> Origin:
    """Return a table behind a URI, in the folder that its relative paths start from."""
    folder, _, name = source.partition("?")[0].rpartition("/")
    # A signed address is used whole; images beside the table have no signature.
    files = RemoteFiles(folder, reach_of_source(folder, table_hosts))
    return Origin(files, source if "?" in source else name)


def local_path(source: str) -> Path:
    """Return the path that a local source names.

    Raises:
        DataError: there is nothing, or the scheme is none that we read.
    """
    scheme = scheme_of(source)
    if scheme not in ("", "file"):
        raise DataError(
            f"{source}: expected a path or a gs://, s3:// or https:// URI, received {scheme}://. "
            "Copy the images to one of them, or to this machine."
        )
    path = Path(source.removeprefix("file://"))
    try:
        found = path.exists()
    except OSError as error:
        raise DataError(
            f"{path}: expected a folder, table or archive that can be read; received "
            f"'{error.strerror}'. Correct ingest.source, or let the user of the container read it."
        ) from error
    if not found:
        raise DataError(
            f"{path}: expected a folder, table or archive, found nothing there. "
            "Check the path (ingest.source)."
        )
    return path
