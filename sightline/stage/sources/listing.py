"""List a source without reading its images: paths, sizes and what changes with the content."""

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from sightline.ground.source.archives.archives import is_archive
from sightline.ground.source.files import TABLE_SUFFIXES, Entry, Files, printable, suffix
from sightline.ground.source.folders.folder_names import is_clutter
from sightline.ground.source.local_files import LocalFiles
from sightline.ground.source.origin import local_path, remote_table
from sightline.ground.source.refusals import RefusedError
from sightline.ground.source.remote.reach import TableHosts, reach_of_source
from sightline.ground.source.remote.remote_files import RemoteFiles, list_folder, stamp_of, stat
from sightline.ground.source.settings import OriginSettings
from sightline.ground.source.tables import column_table, jsonl_table
from sightline.ground.source.tables.records import format_of
from sightline.ground.source.tables.tables import References
from sightline.ground.storage.addresses import REMOTE_SCHEMES, is_web, revealed, scheme_of
from sightline.stage import log
from sightline.stage.parallel import map_ordered

PARTIAL = "partial-"
REMOTE_WORKERS = 8
MOST_FOLDERS = 16
UNLISTED = Entry("images that the table names and that were not listed", None, "")
"""Stands in a listing for images of which a change is not seen."""


def list_source(settings: OriginSettings) -> Iterator[Entry]:
    """Yield an entry per file of a source, in an order that is the same on every machine.

    Raises:
        DataError: the source cannot be listed.
    """
    yield from _list_beside(settings.label_names, settings.table_hosts)
    yield from _list_beside(settings.corrections, settings.table_hosts)
    source = revealed(settings.source)
    if scheme_of(source) in REMOTE_SCHEMES:
        yield from _list_remote(source, settings.table_hosts)
        return
    path = local_path(source)
    if path.is_dir():
        yield from (entry for entry in LocalFiles(path).listing() if not is_clutter(entry.path))
        return
    yield from _status(path)
    if not is_archive(path.name):
        yield from _list_references(LocalFiles(path.parent), path.name, settings.table_hosts)


def hash_listing(entries: Iterable[Entry], *, during: str) -> tuple[str, int]:
    """Return the hash and the length of a listing; another period `during` gives another hash.

    A hash that begins with `PARTIAL` stands for a part of the source only.
    """
    hashed = hashlib.sha256(during.encode())
    num_files, mark = 0, ""
    for entry in entries:
        if entry is UNLISTED:
            mark = PARTIAL
            continue
        hashed.update(f"{printable(entry.path)}\t{entry.size}\t{entry.stamp}\n".encode())
        num_files += 1
    return mark + hashed.hexdigest(), num_files


def _list_beside(address: str, table_hosts: TableHosts) -> Iterator[Entry]:
    """Yield the files that say something about the source without being of it, if there are any."""
    place = revealed(address)
    path = Path(place.removeprefix("file://"))
    if scheme_of(place) in REMOTE_SCHEMES:
        yield stat(place, reach_of_source(place, table_hosts))
    elif place and path.is_dir():
        yield from LocalFiles(path).listing()
    elif place:
        yield from _status(path)


def _list_remote(source: str, table_hosts: TableHosts) -> Iterator[Entry]:
    reach = reach_of_source(source, table_hosts)
    files = RemoteFiles(source, reach)
    if is_archive(source):
        yield stat(source, reach)
    elif suffix(source) in TABLE_SUFFIXES:
        yield stat(source, reach)
        origin = remote_table(source, table_hosts)
        yield from _list_references(origin.files, origin.table, table_hosts)
    elif is_web(source):
        # A web server's listing has names only; sizes and tags need one request each.
        addresses = [files.address(entry.path) for entry in files.listing()]
        yield from map_ordered(partial(stat, reach=reach), addresses, workers=REMOTE_WORKERS)
    else:
        yield from files.listing()


def _list_references(files: Files, table: str, table_hosts: TableHosts) -> Iterator[Entry]:
    """Yield the images that a table names, as far as listing them is cheap."""
    is_jsonl = format_of(table) == "jsonl"
    read = jsonl_table.read_references if is_jsonl else column_table.read_references
    references = References(files, table, table_hosts)
    remote: defaultdict[str, set[str]] = defaultdict(set)
    for reference in read(files, table):
        with contextlib.suppress(RefusedError):
            found, path = references.resolve(reference)
            if isinstance(found, LocalFiles):
                yield from _status(Path(found.uri(path)))
            elif isinstance(found, RemoteFiles):
                folder, _, name = found.address(path).rpartition("/")
                remote[folder].add(name)
    yield from _list_folders(remote)


def _list_folders(folders: Mapping[str, set[str]]) -> Iterator[Entry]:
    """Yield the named files of a few folders of buckets; `UNLISTED` where that costs too much."""
    listable = sorted(folder for folder in folders if not is_web(folder))
    if len(listable) < len(folders) or len(listable) > MOST_FOLDERS:
        log.event("images not listed", folders=len(folders))
        yield UNLISTED
    if len(listable) > MOST_FOLDERS:
        return
    for folder in listable:
        for name, info in sorted(list_folder(folder).items()):
            if name in folders[folder]:
                yield Entry(f"{folder}/{name}", info.get("size"), stamp_of(info))


def _status(path: Path) -> Iterator[Entry]:
    """Yield size and time of a file, or nothing where there is none: then there is no change."""
    with contextlib.suppress(OSError, ValueError):
        status = path.stat()
        yield Entry(str(path), status.st_size, str(status.st_mtime_ns))
