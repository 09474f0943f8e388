"""The deploy stage: a bundle goes live where it is served from."""

from dataclasses import asdict
from typing import Any

from components.deploy.page import write_report
from components.deploy.rollout import Rollout, planned, roll_out
from components.deploy.settings import DeploySettings
from components.deploy.target import Bundle, target_of
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
    target, read = target_of(settings), Bundle.read(bundle)
    if settings.dry_run:
        rollout = planned(target, read, settings)
    else:
        rollout = roll_out(target, read, settings)

    record = describe(rollout, settings, read.info.digest)
    write_document(deployment / "deployment.json", SCHEMA, VERSION, record)
    write_report(report, record)
    return {
        "deployment": {
            name: record[name]
            for name in ("target", "folder", "version", "live", "changed", "held_back")
        },
        "report": {},
    }


def describe(rollout: Rollout, settings: DeploySettings, digest: str) -> dict[str, Any]:
    """Say what is live where, since when, what it replaced, how to go back, and what happened."""
    plan, live, smoke = rollout.plan, rollout.deployed, rollout.smoke
    # Somebody may have promoted it by hand while it was under canary.
    is_live = plan.verdict == "live already" or bool(live and live.bundle_digest == digest)
    return {
        "target": settings.target,
        "folder": live.place if live else plan.place,
        "version": live.version if live else plan.live or 0,
        "live": is_live,
        "changed": rollout.changed,
        "held_back": "" if is_live else rollout.held_back,
        "live_since": live and live.live_since,
        "replaced": live and live.replaced,
        "removed": list(live.removed) if live else [],
        "damaged": list(live.damaged) if live else [],
        "earlier_versions": list(live.earlier_versions) if live else [],
        "model_name": live and live.model_name,
        "model_sha256": live and live.model_sha256,
        "bundle_digest": live and live.bundle_digest,
        "smoke_requests": smoke.num_requests if smoke else 0,
        "smoke_engine": smoke.engine if smoke else None,
        "smoke_max_difference": smoke.max_difference if smoke else None,
        "serve_command": live.serve_command if live else "",
        "rollback_command": live.rollback_command if live else "",
        "dry_run": settings.dry_run,
        "plan": plan.as_json(),
        "steps": [asdict(step) for step in rollout.steps],
        "canary": asdict(rollout.observation) if rollout.observation else None,
        "details": dict(live.details) if live else {},
    }
