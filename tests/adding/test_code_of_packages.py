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
HASHED = """
import json
from sightline.package.reading.plan import PlannedTask
from sightline.targets.local.code_version import code_version
command = ("python3", "-m", "acme_vision.balance")
task = PlannedTask(name="balance", component="balance", image="", command=command)
print(json.dumps(code_version(task).files))
"""


def test_backbones_of_packages_are_named_without_an_import_of_any(tmp_path: Path) -> None:
    there = Environment(tmp_path)
    names = {"Tiny": "acme_nets:Tiny", "Lost": "acme_nets:Lost"}
    there.install("acme", {"sightline.backbones": names}, **{"acme_nets.py": BACKBONE})

    done = there.python("-c", NAMES)

    assert done.stdout, done.stderr
    assert json.loads(done.stdout) == [True, True, False, 8, True, False]


def test_the_code_of_a_packages_stage_is_its_whole_package(tmp_path: Path) -> None:
    there = Environment(tmp_path)
    files = ("__init__.py", "shares.py", "balance/__init__.py", "balance/__main__.py")
    stage = {"sightline.stages": {"balance": "acme_vision.balance"}}
    there.install("acme", stage, **{f"acme_vision/{file}": "" for file in files})

    done = there.python("-c", HASHED)

    assert done.stdout, done.stderr
    found = {name for name in json.loads(done.stdout) if name.startswith("acme_vision/")}
    assert found == {f"acme_vision/{file}" for file in files}
