"""A folder that workers of other machines reach: the model for them, and answers on their way."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sightline.batch.engine import Task
from sightline.batch.items import HERE, Item, without_secrets
from sightline.batch.listing import shard_digest
from sightline.ground.errors import DataError
from sightline.ground.models.model_folder import INFO_FILE
from sightline.ground.patience import Patience
from sightline.ground.source.settings import SourceSettings
from sightline.ground.storage.addresses import is_local, scheme_of
from sightline.ground.storage.store_errors import cause_of, words_of
from sightline.ground.storage.stores import open_store, path_in_store
from sightline.ground.storage.transfer import bring_file, send_file
from sightline.serving.container.bundle_folder import names_in_version
from sightline.stage.formats.bundle import read_info
from sightline.stage.registry.log import LOG

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Exchange:
    """The part of such a folder that belongs to one model, by its mark.

    Answers are named by the content of their shard: the same command finds what workers wrote for
    one before it.
    """

    folder: str
    mark: str

    @property
    def _root(self) -> str:
        return f"{self.folder.rstrip('/')}/{self.mark[:16]}"

    def place_of(self, task: Task) -> str:
        """Return the address for the answers to a shard."""
        return f"{self._root}/{shard_digest(task.shard)}.parquet"

    def send_model(self, folder: Path, version: int | None) -> str:
        """Put a version there, unless it is; return the model folder's address."""
        model, place = f"{self._root}/model", folder / str(version)
        if not _has(f"{model}/{version}/{INFO_FILE}"):
            if (folder / LOG).exists():  # how far golden answers may differ stands there
                send(folder / LOG, f"{model}/{LOG}")
            names = [*names_in_version(place, read_info(place)).values()]
            for name in [*names, INFO_FILE]:  # the last says that all are there
                send(place / name, f"{model}/{version}/{name}")
        return model

    def bring(self, task: Task) -> bool:
        """Bring the answers to a shard here; tell whether there were any."""
        place = self.place_of(task)
        if not _has(place):
            return False
        bring_file(_store(place), path_in_store(place), task.output, PATIENCE)
        return True

    def clear(self, tasks: Sequence[Task]) -> None:
        """Remove answers that are here; the model stays for the next command."""
        for task in tasks:
            place = self.place_of(task)
            if _has(place):
                _store(place).rm_file(path_in_store(place))


def as_elsewhere(items: Iterable[Item]) -> Iterator[Item]:
    """Yield images as workers find them that start in another folder; none by a secret."""
    for item in without_secrets(items):
        here = item.place == HERE and item.path
        yield replace(item, path=str(Path(item.path).absolute())) if here else item


def source_elsewhere(settings: SourceSettings) -> SourceSettings:
    """Return a source as workers find it that start in another folder."""
    if not is_local(settings.source):
        return settings
    return settings.model_copy(update={"source": str(Path(settings.source).absolute())})


def send(source: Path, address: str) -> None:
    """Bring a file of this machine to an address.

    Raises:
        DataError: the store does not take it.
    """
    store, path = _store(address), path_in_store(address)
    try:
        if is_local(address):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        send_file(store, source, path, PATIENCE)
    except Exception as error:  # the clients of stores raise what they like
        raise _told(address, error) from error


def _has(address: str) -> bool:
    try:
        return bool(_store(address).exists(path_in_store(address)))
    except Exception as error:
        raise _told(address, error) from error


def _store(address: str) -> "AbstractFileSystem":
    return open_store(scheme_of(address))


def _told(address: str, error: Exception) -> DataError:
    return DataError(
        f"{address}: expected a folder for --beam-folder that can be read and written; received: "
        f"{words_of(error)}. {cause_of(error).value}"
    )
