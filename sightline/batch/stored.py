"""Tables of answers that belong in a store: written here, and sent once they are whole."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sightline.batch.joining import Form, Output
from sightline.ground.errors import UserError
from sightline.ground.storage.addresses import Address, scheme_of
from sightline.ground.storage.store_errors import cause_of, words_of
from sightline.ground.storage.stores import ARTIFACT_SCHEMES, open_store, path_in_store
from sightline.ground.storage.transfer import send_file
from sightline.ground.wording import visible

WORKPLACE = Path(".sightline/predictions")
"""Where they are written first; what is there says which command wrote what is in the store."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was named, and where it is written."""

    name: str
    output: Output
    is_stored: bool = False
    """Whether it belongs in a store."""


def table_of(name: str, form: Form) -> Table:
    """Return where a table is written that was named so: at its path, or here for a store.

    Raises:
        UserError: nothing can be written there.
    """
    scheme = scheme_of(name)
    if not scheme or scheme == "file":
        return Table(name, Output(Path(name.removeprefix("file://")), form))
    shown = Address(name)
    if scheme not in ARTIFACT_SCHEMES:
        known = ", ".join(f"{one}://" for one in ARTIFACT_SCHEMES if one)
        raise UserError(f"{shown}: expected a file at a path or at {known}. Name another one.")
    file = path_in_store(name).partition("/")[2].rpartition("/")[2]
    if not file:
        raise UserError(
            f"{shown}: expected an address that ends with a file; received a bucket or a folder. "
            f"Add a name, such as {str(shown).rstrip('/')}/answers.{form}."
        )
    folder = WORKPLACE / hashlib.sha256(name.encode()).hexdigest()[:12]
    return Table(name, Output(folder / file, form), is_stored=True)


@contextmanager
def sent(tables: Sequence[Table]) -> Iterator[None]:
    """Send tables that belong in a store, once what is inside has written them.

    Raises:
        UserError: there is another file already, or the store does not take it.
    """
    stored = [table for table in tables if table.is_stored]
    for table in stored:
        with _telling(table):
            taken = open_store(scheme_of(table.name)).exists(path_in_store(table.name))
        if taken and not table.output.path.exists():
            raise UserError(
                f"{Address(table.name)}: expected a new file, or answers that this command wrote; "
                "received another. Name another file, or remove this one."
            )
        table.output.path.parent.mkdir(parents=True, exist_ok=True)
    yield
    for table in stored:
        with _telling(table):
            store = open_store(scheme_of(table.name))
            send_file(store, table.output.path, path_in_store(table.name))


@contextmanager
def _telling(table: Table) -> Iterator[None]:
    """Say in one line what a store says."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # the clients of stores raise what they like
        raise UserError(
            f"{visible(Address(table.name))}: expected to write the answers there; received: "
            f"{words_of(error)}. {cause_of(error).value}"
        ) from error
