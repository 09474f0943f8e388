"""Runs each task in a container of its own, on the machine's Docker engine."""

import os
import signal
import threading
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import IO

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models.containers import Container
from docker.types import DeviceRequest, Mount

from sightline.ground.errors import UserError
from sightline.ground.storage.locks import is_locked
from sightline.images.recipes import with_cuda
from sightline.package.reading.plan import Plan, PlannedTask
from sightline.project.gpus import gpus_here
from sightline.targets.local.code_version import CodeVersion
from sightline.targets.local.launchers.launcher import Job, OnLine, Outcome
from sightline.targets.local.launchers.ownership import give, user_of_image

RUN_LABEL = "sightline.run"
NOT_STARTED = 125
"""As `docker run` says it when the engine could not start the container."""


class DockerLauncher:
    """Starts a container per task, with the runs mounted at the places that they have here."""

    one_at_a_time = False

    def __init__(self) -> None:
        self._running: dict[str, Container] = {}
        self._cancelled = threading.Event()
        self._hold = threading.Lock()
        self._users: dict[str, tuple[int, int]] = {}

    @cached_property
    def _client(self) -> docker.DockerClient:
        try:
            client = docker.from_env()
            client.ping()
        except (DockerException, OSError) as error:
            raise UserError(
                f"Expected a Docker engine, could not reach one: {error}. Start it (see "
                "`sightline doctor`), or use --launcher process."
            ) from error
        return client

    def check(self, plan: Plan) -> None:
        for task in plan.tasks.values():
            self._image_id(task)

    def start(self, lock: IO[str]) -> None:
        # Killed runners leave containers behind, which must not write into a resumed run.
        own = Path(lock.name).parent
        for container in self._client.containers.list(all=True, filters={"label": RUN_LABEL}):
            run = own.with_name(container.labels[RUN_LABEL])
            if run == own or (run.is_dir() and not is_locked(run)):
                _remove(container)

    def code_version(self, task: PlannedTask) -> CodeVersion:
        return CodeVersion(image=self._image_id(task))

    def launch(self, job: Job, on_line: OnLine) -> Outcome:
        try:
            container = self._create(job)
        except APIError as error:
            return _not_started(job, error)
        self._running[job.task.name] = container
        try:
            if self._cancelled.is_set():
                return Outcome(128 + signal.SIGTERM)
            container.start()
            if self._cancelled.is_set():
                container.kill()
            _copy_logs(container, job.log, on_line)
            ended = container.wait()
            container.reload()
            state = container.attrs["State"]
            return Outcome(int(ended["StatusCode"]), bool(state.get("OOMKilled")))
        except APIError as error:
            return _not_started(job, error)
        finally:
            self._running.pop(job.task.name, None)
            _remove(container)

    def _create(self, job: Job) -> Container:
        return self._client.containers.create(
            _image_of(job.task),
            entrypoint=[job.command[0]],
            command=list(job.command[1:]),
            environment={"HOME": "/tmp", "PYTHONUNBUFFERED": "1", **job.environment},
            user=self._prepare_folders(job),
            mounts=list(_mounts(job)),
            nano_cpus=int(job.task.cpus * 1e9) if job.task.cpus else None,
            mem_limit=job.task.memory_bytes,
            device_requests=device_requests(job.task.gpus),
            labels={RUN_LABEL: job.run_id, "sightline.task": job.task.name},
        )

    def cancel(self) -> None:
        self._cancelled.set()
        for container in tuple(self._running.values()):
            try:
                # Outputs appear whole or not at all, so there is nothing to wait for.
                container.kill()
            except (APIError, NotFound):
                continue

    def close(self) -> None:
        self._client.close()

    def _image_id(self, task: PlannedTask) -> str:
        image = _image_of(task)
        try:
            return str(self._client.images.get(image).id)
        except ImageNotFound as error:
            raise UserError(_missing(task, image)) from error

    def _prepare_folders(self, job: Job) -> str | None:
        """Make the job's folders writable, and return who must run in the container.

        An ordinary caller runs the container as itself. For root, which containers should not
        be, the image's own user stays and the folders become that user's.
        """
        if os.getuid() != 0:
            return f"{os.getuid()}:{os.getgid()}"
        image = _image_of(job.task)
        with self._hold:
            if image not in self._users:
                self._users[image] = user_of_image(self._client, image)
        for folder in (*job.folders, *job.writable):
            give(folder, *self._users[image])
        return None


def _image_of(task: PlannedTask) -> str:
    """Return the image of a task: that with CUDA where it gets a GPU."""
    return with_cuda(task.image) if device_requests(task.gpus) else task.image


def _missing(task: PlannedTask, image: str) -> str:
    found = f"{task.name}: expected image {image} on this machine, found none."
    if image == task.image:
        return f"{found} Build the images with `sightline images build`."
    stage = task.name.replace("-", "_")
    return (
        f"{found} It holds the CUDA for resources.{stage}.gpu. Build it: `sightline images "
        f"build --gpu {stage}`, or remove resources.{stage}.gpu to compute on the processor."
    )


def device_requests(wanted: int) -> list[DeviceRequest]:
    """Ask the engine for GPUs, as many as this machine has at most, as `docker run --gpus` does."""
    # An engine without GPUs starts no container that asks for one.
    count = min(wanted, len(gpus_here()))
    return [DeviceRequest(count=count, capabilities=[["gpu"]])] if count else []


def _not_started(job: Job, error: APIError) -> Outcome:
    with job.log.open("a", encoding="utf-8") as log:
        log.write(f"{error.explanation or error}\n")
    return Outcome(NOT_STARTED)


def _mounts(job: Job) -> Iterable[Mount]:
    yield Mount(str(job.runs_root), str(job.runs_root), type="bind", read_only=True)
    for path in (*job.folders, *job.writable):
        yield Mount(str(path), str(path), type="bind")
    for path in job.readable:
        if path not in job.writable:
            yield Mount(str(path), str(path), type="bind", read_only=True)


def _copy_logs(container: Container, log: Path, on_line: OnLine) -> None:
    rest = b""
    with log.open("ab") as file:
        for chunk in container.logs(stream=True, follow=True):
            file.write(chunk)
            file.flush()
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                on_line(line.decode("utf-8", errors="replace"))
        if rest:
            on_line(rest.decode("utf-8", errors="replace"))


def _remove(container: Container) -> None:
    try:
        container.remove(force=True)
    except (APIError, NotFound):
        # Someone else removed it first; its exit code is already known.
        return
