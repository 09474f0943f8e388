"""The deploy stage: a bundle goes live where it is served from."""

import shlex
from pathlib import Path
from typing import Any

from components.deploy.local import Outcome, local_folder, put_live
from components.deploy.page import write_report
from components.deploy.settings import DeploySettings
from sightline.ground.model_folder import version_numbers
from sightline.ground.ports import Facts, InputModel, OutputArtifact, OutputReport
from sightline.stage.formats.schema import write_document

SCHEMA = "sightline.deployment"
VERSION = 1


def deploy(
    *,
    bundle: InputModel,
    deployment: OutputArtifact,
    report: OutputReport,
    settings: DeploySettings,
) -> Facts:
    """Put a bundle live: versioned, smoke-tested, reversible."""
    folder = local_folder(settings.folder)
    outcome = put_live(bundle, folder, settings)

    record = describe(folder, outcome, settings)
    write_document(deployment / "deployment.json", SCHEMA, VERSION, record)
    write_report(report, record)
    return {
        "deployment": {
            name: record[name]
            for name in ("target", "folder", "version", "live", "changed", "held_back")
        },
        "report": {},
    }


def describe(folder: Path, outcome: Outcome, settings: DeploySettings) -> dict[str, Any]:
    """Say what is live where, since when, what it replaced and how to go back."""
    live, smoke = outcome.live, outcome.smoke
    place = shlex.quote(str(folder))
    return {
        "target": settings.target,
        "folder": str(folder),
        "version": live.number if live else 0,
        "live": not outcome.held_back,
        "changed": outcome.changed,
        "held_back": outcome.held_back,
        "live_since": live.live_since if live else None,
        "replaced": outcome.replaced,
        "removed": list(outcome.removed),
        "damaged": list(outcome.damaged),
        "earlier_versions": version_numbers(folder)[1:],
        "model_name": live.model_name if live else None,
        "model_sha256": live.model_sha256 if live else None,
        "bundle_digest": live.bundle_digest if live else None,
        "smoke_requests": smoke.num_requests if smoke else 0,
        "smoke_engine": smoke.engine if smoke else None,
        "smoke_max_difference": smoke.max_difference if smoke else None,
        "serve_command": f"sightline serve {place}",
        "rollback_command": f"sightline rollback {place}",
    }
