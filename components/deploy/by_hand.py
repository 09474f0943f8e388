"""`python -m components.deploy.by_hand`: what commands run that change what is deployed.

The request comes on standard input as JSON, the outcome goes to standard output.
"""

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, NoReturn

from components.deploy.model_folder.cloud_target import CloudTarget
from components.deploy.model_folder.examination import examine
from components.deploy.rollout import roll_out
from components.deploy.settings import DeploySettings
from components.deploy.stage import deploy
from components.deploy.stored_bundle import brought_here
from components.deploy.target import Target, by_name, target_of
from sightline.ground.errors import SettingsError, UserError
from sightline.ground.storage.disk import disk_error
from sightline.stage import log


def main() -> None:
    """Change what is deployed, and exit: 0 done, 2 a person can fix it."""
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
        request: `settings` of deploy; `bundle`, its path or address, to deploy; `change`, promote
            or rollback, with `version`, which may be empty; `model`, its name, to see whether
            that would work; `undeploy`, a name, to take a model out of service.
    """
    settings = DeploySettings.model_validate(request["settings"])
    if "model" in request:
        found = examine(_in_cloud(settings, by_name(settings)), request["model"])
        return {"findings": [asdict(one) for one in found]}
    if "bundle" in request:
        return _deployed(request["bundle"], settings)
    if "change" in request:
        return _changed(settings, request["change"], request["version"])
    return {"undeployed": list(target_of(settings).undeploy(request["undeploy"]))}


def _deployed(bundle: str, settings: DeploySettings) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="sightline-deploy-") as scratch:
        folder = Path(scratch)
        deployment = folder / "deployment"
        deploy(
            bundle=brought_here(bundle, folder / "bundle"),
            deployment=deployment,
            report=folder / "report.html",
            settings=settings,
        )
        found: dict[str, Any] = json.loads((deployment / "deployment.json").read_text())
    return found


def _changed(
    settings: DeploySettings, action: Literal["promote", "rollback"], version: str
) -> dict[str, Any]:
    """Make a version of the model folder live in a cloud, tested as if it were new."""
    target = _in_cloud(settings, target_of(settings))
    if action == "rollback" and not version and (text := target.withdraw()):
        return {"changed": [text]}
    with target.chosen(action, version) as bundle:
        done = roll_out(target, bundle, settings.model_copy(update={"canary_share": 0.0}))
    live, deployed = "is live again" if action == "rollback" else "is live", done.deployed
    replaced = f" in place of version {deployed.replaced}" if deployed and deployed.replaced else ""
    told = [one.text for one in done.steps if one.step in ("smoke test", "plan")]
    return {"changed": [*told, f"Version {deployed.version if deployed else 0} {live}{replaced}."]}


def _in_cloud(settings: DeploySettings, target: Target) -> CloudTarget:
    if not isinstance(target, CloudTarget):
        raise SettingsError(
            f"deploy: `target`: expected a place in a cloud; received {settings.target}, whose "
            "servers follow the model folder."
        )
    return target


if __name__ == "__main__":
    main()
