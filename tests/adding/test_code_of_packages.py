"""What of packages is imported before someone asks for it, and what of them the cache knows."""

import json
from pathlib import Path

from tests.adding.environment import Environment

BACKBONE = """
from sightline.ground.plugins.backbone import PackageBackbone


class Tiny(PackageBackbone):
    image_size, num_parameters, licence, source, weights = 8, 1, "MIT", "me", None

    def build(self, *, image_size, pooling): ...
"""
NAMES = """
import json, sys
from sightline.ground.backbones.table import BACKBONES, usable_backbones
listed = {"Tiny", "Lost"} <= set(BACKBONES), "Tiny" in BACKBONES
before = "acme_nets" in sys.modules
size = BACKBONES["Tiny"].image_size
usable = {one.name for one in usable_backbones()}
print(json.dumps([*listed, before, size, "Tiny" in usable, "Lost" in usable]))
"""


def test_backbones_of_packages_are_named_without_an_import_of_any(tmp_path: Path) -> None:
    there = Environment(tmp_path)
    names = {"Tiny": "acme_nets:Tiny", "Lost": "acme_nets:Lost"}
    there.install("acme", {"sightline.backbones": names}, **{"acme_nets.py": BACKBONE})

    done = there.python("-c", NAMES)

    assert done.stdout, done.stderr
    assert json.loads(done.stdout) == [True, True, False, 8, True, False]
