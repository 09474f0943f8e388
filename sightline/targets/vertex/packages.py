"""Packages in the staging bucket: each version once, so that a run can be traced to its own."""

from sightline.engines.engine import Request
from sightline.engines.sent_file import describe_file
from sightline.package.compiled import Package
from sightline.targets.vertex.api.service import Service


def describe_upload(service: Service, package: Package) -> Request:
    """Return what `store_package` sends."""
    bucket, name = _place(service, package)
    return Request(
        method="POST",
        address=f"{service.storage_address}/upload/storage/v1/b/{bucket}/o"
        "?uploadType=multipart&ifGenerationMatch=0",
        body={"name": name, "file": describe_file(package.path)},
        condition="unless it is there",
    )


def store_package(service: Service, package: Package) -> str:
    """Put a package in the staging bucket unless this version is there, and return its address.

    Raises:
        UserError: the bucket is missing or cannot be written.
    """
    bucket, name = _place(service, package)
    address = f"gs://{bucket}/{name}"
    service.ask(f"store the package at {address}", lambda: _upload(service, package, bucket, name))
    return address


def _upload(service: Service, package: Package, bucket: str, name: str) -> None:
    from google.api_core.exceptions import NotFound, PreconditionFailed

    try:
        service.storage.bucket(bucket).blob(name).upload_from_filename(
            str(package.path),
            content_type="application/yaml",
            # Generation 0 means that there must be none yet.
            if_generation_match=0,
            timeout=service.patience.answer_seconds,
            retry=None,
        )
    except PreconditionFailed:
        return
    except NotFound as error:
        target = service.target
        raise service.problem(
            f"expected the bucket gs://{bucket}; Cloud Storage has none of this name. Create it "
            f"with `gcloud storage buckets create gs://{bucket} --project {target.project} "
            f"--location {target.location}`, or change targets.{service.name}.staging_bucket."
        ) from error


def _place(service: Service, package: Package) -> tuple[str, str]:
    bucket, _, folder = service.target.staging_bucket.removeprefix("gs://").partition("/")
    parts = [*folder.strip("/").split("/"), "pipelines", package.name, f"{package.version}.yaml"]
    return bucket, "/".join(part for part in parts if part)
