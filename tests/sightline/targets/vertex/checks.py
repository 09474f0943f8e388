"""What the real services check, as their messages document it."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from google.protobuf import json_format
from kfp.pipeline_spec.pipeline_spec_pb2 import ParameterType, PipelineSpec

from tests.sightline.targets.vertex.wire import invalid

JOB_ID = re.compile(r"[a-z][-a-z0-9]{0,127}")
_OUTPUTS = {"name", "state", "job_detail", "create_time", "start_time", "end_time", "error"}
_LABEL = re.compile(r"[a-z0-9_-]{0,63}")
_TYPES: dict[int, type | tuple[type, ...]] = {
    ParameterType.STRING: str,
    ParameterType.NUMBER_INTEGER: (int, float),
    ParameterType.NUMBER_DOUBLE: (int, float),
    ParameterType.BOOLEAN: bool,
    ParameterType.LIST: list,
    ParameterType.STRUCT: dict,
}


def pipeline_spec(job: Any) -> PipelineSpec:
    """The pipeline that a job holds, as kfp's own message."""
    try:
        document = json_format.MessageToDict(job.pipeline_spec)
        return json_format.ParseDict(document, PipelineSpec())
    except json_format.ParseError as problem:
        raise invalid(f"Invalid pipeline spec: {problem}") from problem


def check_job(job: Any, buckets: Any) -> None:
    """Refuse a PipelineJob message that the service would refuse."""
    check_labels(dict(job.labels))
    spec = pipeline_spec(job)
    if not spec.pipeline_info.name or not spec.root.dag.tasks:
        raise invalid("pipeline_spec: expected a name and tasks.")
    check_parameters(job, spec)
    root = job.runtime_config.gcs_output_directory
    match = re.match(r"gs://([^/]+)", root)
    if not match or match[1] not in buckets:
        raise invalid(f"Bucket of the output directory {root!r} does not exist.")
    if job.service_account and not re.fullmatch(r"[^@]+@[\w.-]+", job.service_account):
        raise invalid(f"Service account {job.service_account} is not valid.")
    if job.network and not re.fullmatch(r"projects/\d+/global/networks/[\w-]+", job.network):
        raise invalid(f"Network {job.network} is not valid.")
    for field, _ in job.ListFields():
        if field.name in _OUTPUTS:
            raise invalid(f"{field.name} is output only.")


def check_parameters(job: Any, spec: PipelineSpec) -> None:
    declared = spec.root.input_definitions.parameters
    given = json_format.MessageToDict(job.runtime_config).get("parameterValues", {})
    for name, value in given.items():
        if name not in declared:
            raise invalid(f"Parameter {name} is not an input of the pipeline.")
        kind = declared[name].parameter_type
        expected = _TYPES[kind]
        if not isinstance(value, expected) or isinstance(value, bool) != (expected is bool):
            wanted = ParameterType.ParameterTypeEnum.Name(kind)
            raise invalid(f"Parameter {name}: {value!r} is no {wanted}.")
        if kind == ParameterType.NUMBER_INTEGER and float(value) != int(value):
            raise invalid(f"Parameter {name}: {value!r} is no whole number.")
    for name, item in declared.items():
        if name not in given and not item.is_optional and not item.HasField("default_value"):
            raise invalid(f"Parameter {name} has no value.")


def check_labels(labels: dict[str, str]) -> None:
    if len(labels) > 64:
        raise invalid("At most 64 labels are allowed.")
    for key, value in labels.items():
        if not key or not _LABEL.fullmatch(key) or not _LABEL.fullmatch(value):
            raise invalid(f"Label {key}={value} is not valid.")


def check_title(title: str) -> None:
    if not title or len(title) > 128:
        raise invalid("display_name: expected 1 to 128 characters.")


def check_cron(text: str) -> CronSim:
    """The fire times of a cron text such as `TZ=Europe/Berlin 30 2 * * *`."""
    match = re.fullmatch(r"(?:(?:CRON_)?TZ=(\S+)\s+)?(\S+(?:\s+\S+){4})", text)
    if not match:
        raise invalid(f"cron: {text!r} is not a valid cron expression.")
    try:
        zone = ZoneInfo(match[1] or "UTC")
        return CronSim(match[2], datetime.now(UTC).astimezone(zone))
    except (CronSimError, ZoneInfoNotFoundError, ValueError) as problem:
        raise invalid(f"cron: {text!r} is not valid: {problem}") from problem
