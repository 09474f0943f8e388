"""Bundles with a real, tiny model, and real servers for whoever stands in for a cloud."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from sightline.serving.container.bundle_folder import lay_links
from sightline.stage.answering.engine import SAVED_MODEL
from sightline.stage.formats.bundle import read_info, write_info
from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import lay_version


def bundle(folder: Path, digest: str = "a" * 64, *, inverted: bool = False) -> Path:
    """What export writes, with a model that tells dark from light."""
    version = lay_version(folder / "laid", 1, inverted=inverted)
    (version / SAVED_MODEL).mkdir()
    (version / "saved_model.pb").rename(version / SAVED_MODEL / "saved_model.pb")
    # Two of the same content are served by the same server.
    info = replace(read_info(version), digest=digest, created="2026-11-27T12:00:00Z")
    write_info(version, info)
    return version.rename(folder / digest[:8])


@dataclass
class ServedBundles:
    """Servers by what they serve: each is started once."""

    scratch: Path
    stack: ExitStack
    by_content: dict[int, str] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def address(self, files: Mapping[str, bytes]) -> str:
        """Return the address of a server of these files of a bundle."""
        with self.lock:
            return self._address(files)

    def _address(self, files: Mapping[str, bytes]) -> str:
        key = hash(tuple(sorted(files.items())))
        if key not in self.by_content:
            place = self.scratch / f"bundle-{len(self.by_content)}"
            for name, content in files.items():
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                (place / name).write_bytes(content)
            models = self.scratch / f"models-{len(self.by_content)}"
            lay_links(place, models / "1")
            self.by_content[key] = self.stack.enter_context(serving_folder(models, page=False))
        return self.by_content[key]


@contextmanager
def served_bundles(scratch: Path) -> Iterator[ServedBundles]:
    """Servers that run until the block ends."""
    with ExitStack() as stack:
        yield ServedBundles(scratch, stack)
