"""Recurring runs of the loopback Kubeflow."""

import uuid
import zlib
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.sightline.targets.kfp.library import BASE
from tests.sightline.targets.kfp.runs import Runs, check_job
from tests.sightline.targets.kfp.wire import Entry, Refused, now, page, read

KEYS = {"display_name": "display_name", "name": "display_name", "created_at": "created_at"}
INHERITED = (
    "experiment_id",
    "pipeline_version_reference",
    "runtime_config",
    "service_account",
    "recurring_run_id",
)


@dataclass
class RecurringRuns:
    """Recurring runs in memory; they fire when told."""

    runs: Runs
    recurring: dict[str, Entry] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        path = f"{BASE}/recurringruns"
        return [
            Route(path, self.list_recurring),
            Route(path, self.create, methods=["POST"]),
            Route(f"{path}/{{id}}:enable", self.enable, methods=["POST"]),
            Route(f"{path}/{{id}}:disable", self.disable, methods=["POST"]),
            Route(f"{path}/{{id}}", self.get),
            Route(f"{path}/{{id}}", self.delete, methods=["DELETE"]),
        ]

    def fire(self, recurring_run_id: str) -> str:
        """Start a run of a recurring run, as the controller does when its time comes."""
        found = self.recurring[recurring_run_id]
        body = {key: found[key] for key in INHERITED if key in found}
        # The name of the resource in the cluster, a number, and a hash of the moment.
        resource = f"{found['display_name'].lower()}{recurring_run_id[:5]}"
        moment = zlib.crc32(now().encode())
        name = f"{resource}-{len(self.runs.runs) + 1}-{moment}"
        return str(self.runs.add({**body, "display_name": name})["run_id"])

    async def list_recurring(self, request: Request) -> JSONResponse:
        experiment = request.query_params.get("experiment_id")
        known = [r for r in self.recurring.values() if experiment in (None, r["experiment_id"])]
        return page(request, known, "recurringRuns", KEYS)

    async def create(self, request: Request) -> JSONResponse:
        body = await read(request, "V2beta1RecurringRun")
        check_job(body, self.runs.library)
        _check_trigger(body)
        enabled = body.get("mode") == "ENABLE"
        entry = {
            **body,
            "recurring_run_id": str(uuid.uuid4()),
            "created_at": now(),
            "updated_at": now(),
            "status": "ENABLED" if enabled else "DISABLED",
        }
        self.recurring[entry["recurring_run_id"]] = entry
        return JSONResponse(entry)

    async def get(self, request: Request) -> JSONResponse:
        return JSONResponse(self._find(request))

    async def enable(self, request: Request) -> JSONResponse:
        self._find(request).update(mode="ENABLE", status="ENABLED", updated_at=now())
        return JSONResponse({})

    async def disable(self, request: Request) -> JSONResponse:
        self._find(request).update(mode="DISABLE", status="DISABLED", updated_at=now())
        return JSONResponse({})

    async def delete(self, request: Request) -> JSONResponse:
        del self.recurring[self._find(request)["recurring_run_id"]]
        return JSONResponse({})

    def _find(self, request: Request) -> Entry:
        identity = request.path_params["id"]
        if identity not in self.recurring:
            raise Refused(404, f"Failed to fetch recurring run {identity}: not found.")
        return self.recurring[identity]


def _check_trigger(body: Entry) -> None:
    concurrent = int(body.get("max_concurrency", 0))
    if not 1 <= concurrent <= 10:
        raise Refused(400, f"Max concurrency must be from 1 to 10. Received {concurrent}")
    cron = body.get("trigger", {}).get("cron_schedule", {}).get("cron", "")
    # Five fields would be taken for seconds to month.
    if len(cron.split()) != 6:
        raise Refused(400, f"Schedule cron is not a supported format: {cron}")
