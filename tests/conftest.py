import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sightline.platform.errors import UserError

# Shared machines stall; a slow example is no failure.
settings.register_profile("sightline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sightline")


@pytest.fixture(scope="session")
def docker_engine():
    """The Docker engine of this machine. Without one: a failure in CI, a skip elsewhere."""
    from sightline.platform.image_build import connect

    try:
        engine = connect()
    except UserError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must have a Docker engine: {error}")
        pytest.skip(str(error))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def stage_images(docker_engine):
    """All stage images, up to date with the sources; unchanged layers come from Docker's cache."""
    from sightline.platform.image_build import build_images

    repository = Path(__file__).parents[1]
    return {
        image.stage: image
        for image in build_images(repository=repository, from_debian=True, report=lambda _: None)
    }


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Small real artifacts up to evaluate. Tests only read them."""
    from tests.artifacts import artifacts

    return artifacts(tmp_path_factory.mktemp("artifacts"), per_class=20)


@pytest.fixture(scope="session")
def bundle(made, tmp_path_factory):
    """The bundle of `made`. Tests only read it."""
    from tests.artifacts import export_bundle

    return export_bundle(made, tmp_path_factory.mktemp("export"), calibration_images=10)
