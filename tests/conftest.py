import gc
import os
import pickle
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from sightline.ground.cores import usable_cores
from sightline.ground.errors import UserError
from tests.workers import Workers

Once = Callable[[str, Callable[[Path], Any]], Any]

# Shared machines stall; a slow example is no failure.
settings.register_profile("sightline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sightline")
# Nobody asks whether this is a machine of Google's: that waits 15 s for an address outside.
os.environ["NO_GCE_CHECK"] = "true"
FORKED_WITH_TENSORFLOW = "tensorflow" in sys.modules
"""As `benchmarks/mutations.py` does, before any test is read."""


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Workers())


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while modules are imported: what they define stays to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_xdist_auto_num_workers() -> int:
    """Start one process more than cores: tests wait for servers and containers a quarter of it."""
    return usable_cores() + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have one process build the images at once, and the others begin with long files without them.

    A run ends with files of quick tests alone, so that no process waits for another.
    """
    marked = {
        name: dict.fromkeys(item.path for item in items if item.get_closest_marker(name))
        for name in ("docker", "long", "slow")
    }
    builds = next(iter(marked["docker"]), None)
    first_to_last = [[builds], marked["long"], marked["docker"], marked["slow"]]

    def place(item: pytest.Item) -> int:
        return next((n for n, files in enumerate(first_to_last) if item.path in files), 9)

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Hold that no module of tests imports TensorFlow: every process would, to train or not."""
    if "tensorflow" in sys.modules and not FORKED_WITH_TENSORFLOW:
        raise pytest.UsageError(
            "Expected modules of tests to import without TensorFlow; one imports it. "
            "Import what needs it inside the test or fixture."
        )


@pytest.fixture(scope="session")
def docker_engine():
    """The Docker engine of this machine. Without one: a failure in CI, a skip elsewhere."""
    from sightline.images.build import connect

    try:
        engine = connect()
    except UserError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must have a Docker engine: {error}")
        pytest.skip(str(error))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def stage_images(docker_engine, once: Once):
    """All stage images, up to date with the sources; unchanged layers come from Docker's cache."""
    from sightline.images.build import build_images

    def build(_: Path) -> dict[str, object]:
        root = Path(__file__).parents[1]
        built = build_images(repository=root, from_debian=True, report=lambda _: None)
        return {image.stage: image for image in built}

    return once("stage_images", build)


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Gives what a function makes in an empty folder, to all processes of this test run."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def make_once(name: str, make: Callable[[Path], Any]) -> Any:
        done = shared / f"{name}.pickle"
        with FileLock(done.with_suffix(".lock")):
            if not done.exists():
                done.write_bytes(pickle.dumps(make(Path(mkdtemp(prefix=name, dir=shared)))))
        return pickle.loads(done.read_bytes())

    return make_once


@pytest.fixture(scope="session", autouse=True)
def machine_cache(once: Once) -> None:
    """The cache of this machine, for as long as the tests run."""
    os.environ["SIGHTLINE_CACHE"] = str(once("machine_cache", lambda folder: folder))


@pytest.fixture(scope="session")
def made(once: Once):
    """Small real artifacts up to evaluate. Tests only read them."""
    from tests.artifacts import artifacts

    return once("artifacts", lambda folder: artifacts(folder, per_class=20))


@pytest.fixture(scope="session")
def bundle(made, once: Once) -> Path:
    """The bundle of `made`. Tests only read it."""
    from tests.artifacts import export_bundle

    return once("bundle", lambda folder: export_bundle(made, folder, calibration_images=10))


@pytest.fixture(scope="session")
def digits(once: Once):
    """A run of a small project in processes. `test_damage` owns the project's `.sightline`."""
    from tests.digits_run import digits_run

    return once("digits", lambda folder: digits_run(folder / "project"))


@pytest.fixture(scope="session")
def training_package(once: Once) -> Path:
    """The training pipeline as its definition says it, without a project. Tests only read it."""
    from kfp import compiler

    from pipelines.training import training

    def compile_into(folder: Path) -> Path:
        package = folder / "pipeline.yaml"
        compiler.Compiler().compile(training.component(), str(package))
        return package

    return once("package", compile_into)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of moto's S3 server."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_bucket(s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of an empty bucket, on a server that the environment points to."""
    import s3fs

    for name, value in {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    bucket = f"bucket-{uuid4().hex}"
    s3fs.S3FileSystem().mkdir(bucket)
    yield bucket
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture(scope="session")
def cloud_storage() -> Iterator[str]:
    """Where a server on loopback speaks for Cloud Storage."""
    from starlette.applications import Starlette

    from tests.sightline.serving.running import running
    from tests.sightline.targets.loopback import answer_refusal
    from tests.sightline.targets.vertex.storage import Storage
    from tests.sightline.targets.vertex.wire import Refused

    handlers: Any = {Refused: answer_refusal}
    storage = Storage({"bucket": {}})
    with running(Starlette(routes=storage.routes(), exception_handlers=handlers)) as address:
        yield address


@pytest.fixture(params=[pytest.param("s3", marks=pytest.mark.slow), "gs"])
def store_address(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[str]:
    """An address in S3 and in Cloud Storage below which there is nothing yet."""
    if request.param == "s3":
        yield f"s3://{request.getfixturevalue('s3_bucket')}"
        return
    from gcsfs.core import GCSFileSystem

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", request.getfixturevalue("cloud_storage"))
    GCSFileSystem.clear_instance_cache()
    yield f"gs://bucket/{tmp_path.name}"
    GCSFileSystem.clear_instance_cache()
