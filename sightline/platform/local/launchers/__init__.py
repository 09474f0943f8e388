"""The ways to run a task here; each is imported only when it is chosen."""

from sightline.platform.local.launchers.launcher import Launcher
from sightline.platform.records import LauncherName


def choose_launcher(name: LauncherName) -> Launcher:
    """Return the launcher of a name."""
    match name:
        case "inline":
            from sightline.platform.local.launchers.inline import InlineLauncher

            return InlineLauncher()
        case "process":
            from sightline.platform.local.launchers.process import ProcessLauncher

            return ProcessLauncher()
        case "docker":
            from sightline.platform.local.launchers.docker import DockerLauncher

            return DockerLauncher()
