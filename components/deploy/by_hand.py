"""`python -m components.deploy.by_hand`: what `sightline deploy` and `undeploy` run.

The request comes on standard input as JSON, the outcome goes to standard output.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from components.deploy.settings import DeploySettings
from components.deploy.stage import deploy
from components.deploy.stored_bundle import brought_here
from components.deploy.target import target_of
from sightline.ground.errors import UserError
from sightline.ground.storage.disk import disk_error
from sightline.stage import log


def main() -> None:
    """Deploy a bundle, or remove what was deployed, and exit: 0 done, 2 a person can fix it."""
    request = json.load(sys.stdin)
    log.configure("deploy")
    try:
        json.dump(perform(request), sys.stdout)
    except UserError as error:
        _refuse(error)
    except OSError as error:
        if (told := disk_error(error)) is None:
            raise
        _refuse(told)


def _refuse(error: UserError) -> NoReturn:
    json.dump({"error": str(error)}, sys.stdout)
    raise SystemExit(2) from None


def perform(request: dict[str, Any]) -> dict[str, Any]:
    """Do what was asked.

    Args:
        request: `settings` of deploy; `bundle`, its path or address, unless it is to be removed.
    """
    settings = DeploySettings.model_validate(request["settings"])
    if "bundle" not in request:
        return {"undeployed": list(target_of(settings).undeploy())}
    with tempfile.TemporaryDirectory(prefix="sightline-deploy-") as scratch:
        folder = Path(scratch)
        deployment = folder / "deployment"
        deploy(
            bundle=brought_here(request["bundle"], folder / "bundle"),
            deployment=deployment,
            report=folder / "report.html",
            settings=settings,
        )
        found: dict[str, Any] = json.loads((deployment / "deployment.json").read_text())
    return found


if __name__ == "__main__":
    main()
