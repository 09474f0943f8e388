import pkgutil

import sightline.ground
from tests.sightline.own_process import modules_after

HEAVY = {
    *("tensorflow", "keras", "numpy", "pandas", "pyarrow", "PIL", "scipy", "matplotlib"),
    *("kfp", "google.auth", "docker", "aiohttp", "s3fs", "gcsfs", "botocore", "structlog"),
    *("yaml", "requests", "typer", "rich", "sqlalchemy", "sightline.stage", "components"),
}


def test_the_common_ground_imports_nothing_heavy() -> None:
    modules = [
        module.name
        for module in pkgutil.walk_packages(sightline.ground.__path__, "sightline.ground.")
    ]

    loaded = modules_after("\n".join(f"import {name}" for name in modules))

    assert {"sightline.ground.errors", "sightline.ground.source.reading"} <= loaded
    assert not HEAVY & loaded
