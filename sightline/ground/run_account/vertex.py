"""What Vertex AI says of a run's reused tasks; the word that it gives an exit task is right."""

import json
import re
from collections.abc import Mapping
from typing import Any

from sightline.ground.run_account.account import Account, NotTold, SeenArtifact, SeenTask, Web

JOB = re.compile(r"projects/[^/]+/locations/(?P<location>[^/]+)/pipelineJobs/[^/]+")
"""The name of a run, as its exit task gets it."""
REUSED = "SKIPPED"
"""Vertex AI's word for a hit in its cache."""


def read_reused(web: Web, job: str) -> Account:
    """Return the tasks of a job that were reused, with the outputs that they stand for.

    Raises:
        NotTold: Vertex AI does not answer, or knows no such job.
    """
    answer = web.get(f"/v1/{job}")
    if answer is None:
        raise NotTold("Vertex AI knows no such job")
    try:
        details = json.loads(answer).get("jobDetail", {}).get("taskDetails", [])
        tasks = {str(one["taskName"]): _task(one) for one in details if one["state"] == REUSED}
    except (ValueError, AttributeError, KeyError) as error:
        raise NotTold("Vertex AI answered with something else than a job") from error
    return Account(tasks=tasks, knows_outputs=True, tells_end=False)


def _task(found: Mapping[str, Any]) -> SeenTask:
    return SeenTask(
        name=str(found["taskName"]),
        status="reused",
        artifacts={
            port: SeenArtifact(str(made["artifacts"][0].get("uri", "")))
            for port, made in found.get("outputs", {}).items()
            if made.get("artifacts")
        },
    )
