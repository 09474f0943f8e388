"""The ways to run a task here; each is imported only when it is chosen."""

from sightline.ground.run_states import LauncherName
from sightline.targets.local.launchers.launcher import Launcher


def choose_launcher(name: LauncherName) -> Launcher:
    """Return the launcher of a name."""
    match name:
        case "inline":
            from sightline.targets.local.launchers.inline import InlineLauncher

            return InlineLauncher()
        case "process":
            from sightline.targets.local.launchers.process import ProcessLauncher

            return ProcessLauncher()
        case "docker":
            from sightline.targets.local.launchers.docker import DockerLauncher

            return DockerLauncher()
