"""What is behind a run, as Kubeflow keeps it: its compiled pipeline, and the schedule it is of."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sightline.ground.errors import UserError
from sightline.package.reading.plan import Plan
from sightline.package.reading.specification import plan_of
from sightline.targets.kfp.api.calls import Calls
from sightline.targets.kfp.api.problems import KubeflowError

if TYPE_CHECKING:
    from kfp_server_api import V2beta1PipelineVersionReference, V2beta1Run

UNKNOWN = Plan("", {}, {}, ())
"""For a run whose pipeline was deleted, or is not one that Sightline compiles."""


@dataclass(slots=True)
class Definitions:
    """Asks for each version once: following a run looks at it every few seconds."""

    calls: Calls
    _plans: dict[str, Plan] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _schedules: dict[str, str] = field(default_factory=dict)

    def plan(self, run: "V2beta1Run") -> Plan:
        """Return the tasks of a run's pipeline, or none where they cannot be told."""
        reference = run.pipeline_version_reference
        if reference is None or not reference.pipeline_version_id:
            return _read(run.pipeline_spec)
        version = reference.pipeline_version_id
        if version not in self._plans:
            self._plans[version] = self._fetch(reference)
        return self._plans[version]

    def pipeline_name(self, run: "V2beta1Run") -> str:
        """Return the name that Kubeflow shows for a run's pipeline."""
        reference = run.pipeline_version_reference
        if reference is None or not reference.pipeline_id:
            return _read(run.pipeline_spec).pipeline
        pipeline = reference.pipeline_id
        if pipeline not in self._names:
            self._names[pipeline] = self._fetch_name(pipeline)
        return self._names[pipeline]

    def schedule_name(self, run: "V2beta1Run") -> str | None:
        """Return the name of the schedule that started a run; its id where it was deleted."""
        wanted = run.recurring_run_id
        if not wanted:
            return None
        if wanted not in self._schedules:
            self._schedules[wanted] = self._fetch_schedule(wanted)
        return self._schedules[wanted]

    def _fetch(self, reference: "V2beta1PipelineVersionReference") -> Plan:
        try:
            version = self.calls.read(
                f"read pipeline version {reference.pipeline_version_id}",
                self.calls.client.pipeline_api.pipeline_service_get_pipeline_version,
                pipeline_id=reference.pipeline_id,
                pipeline_version_id=reference.pipeline_version_id,
            )
        except KubeflowError as error:
            if error.status != 404:
                raise
            return UNKNOWN
        return _read(version.pipeline_spec)

    def _fetch_name(self, pipeline_id: str) -> str:
        try:
            found = self.calls.read(
                f"read pipeline {pipeline_id}",
                self.calls.client.pipeline_api.pipeline_service_get_pipeline,
                pipeline_id=pipeline_id,
            )
        except KubeflowError as error:
            if error.status != 404:
                raise
            return pipeline_id
        return str(found.display_name)

    def _fetch_schedule(self, recurring_run_id: str) -> str:
        try:
            found = self.calls.read(
                f"read schedule {recurring_run_id}",
                self.calls.client.recurring_run_api.recurring_run_service_get_recurring_run,
                recurring_run_id=recurring_run_id,
            )
        except KubeflowError as error:
            if error.status != 404:
                raise
            return recurring_run_id
        return str(found.display_name)


def _read(content: dict[str, Any] | None) -> Plan:
    """Read a pipeline, which stands beside its platform settings if it has some."""
    document = (content or {}).get("pipeline_spec", content)
    try:
        return plan_of(document, place="Kubeflow") if document else UNKNOWN
    except UserError:
        return UNKNOWN
