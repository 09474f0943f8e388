"""Cloud Storage's JSON interface as far as clients here use it, with content in memory."""

import hashlib
import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import HTTP
from typing import Any

from google_crc32c import Checksum
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sightline.targets.vertex.wire import Refused, invalid

REWRITE = "/storage/v1/b/{bucket}/o/{name:path}/rewriteTo/b/{to_bucket}/o/{to_name:path}"
OWNER = "123"
"""Number of the project that has all buckets."""


@dataclass
class Blob:
    content: bytes
    kind: str
    generation: int
    written: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}")


@dataclass
class Storage:
    """Buckets by name; objects by name in each."""

    buckets: dict[str, dict[str, Blob]] = field(default_factory=dict)
    generation: int = 1000

    def put(self, address: str, content: bytes, kind: str = "application/octet-stream") -> Blob:
        bucket, _, name = address.removeprefix("gs://").partition("/")
        self.generation += 1
        blob = Blob(content, kind, self.generation)
        self.bucket(bucket)[name] = blob
        return blob

    def bucket(self, name: str) -> dict[str, Blob]:
        if name not in self.buckets:
            raise Refused(404, "NOT_FOUND", "The specified bucket does not exist.")
        return self.buckets[name]

    def blob(self, request: Request) -> tuple[str, str, Blob]:
        bucket, name = request.path_params["bucket"], request.path_params["name"]
        if name not in self.bucket(bucket):
            raise Refused(404, "NOT_FOUND", f"No such object: {bucket}/{name}")
        return bucket, name, self.bucket(bucket)[name]

    def routes(self) -> list[Route]:
        return [
            Route("/storage/v1/b/{bucket}", self.get_bucket, methods=["GET"]),
            Route("/storage/v1/b/{bucket}/o", self.list_objects, methods=["GET"]),
            Route("/storage/v1/b/{bucket}/o/{name:path}", self.get_object, methods=["GET"]),
            Route("/download/storage/v1/b/{bucket}/o/{name:path}", self.download, methods=["GET"]),
            Route("/upload/storage/v1/b/{bucket}/o", self.insert, methods=["POST"]),
            Route("/storage/v1/b/{bucket}/o/{name:path}", self.delete, methods=["DELETE"]),
            Route(REWRITE, self.rewrite, methods=["POST"]),
            Route("/v3/projects/{project}", self.get_project, methods=["GET"]),
        ]

    async def get_project(self, request: Request) -> Response:
        """Answer as Resource Manager does, which is asked who has a bucket."""
        project = request.path_params["project"]
        return JSONResponse({"name": f"projects/{OWNER}", "projectId": project})

    async def get_bucket(self, request: Request) -> Response:
        name = request.path_params["bucket"]
        self.bucket(name)
        return JSONResponse({"kind": "storage#bucket", "name": name, "projectNumber": OWNER})

    async def list_objects(self, request: Request) -> Response:
        bucket = request.path_params["bucket"]
        prefix = request.query_params.get("prefix", "")
        delimiter = request.query_params.get("delimiter", "")
        names = [name for name in sorted(self.bucket(bucket)) if name.startswith(prefix)]
        folders = {
            prefix + name[len(prefix) :].split(delimiter)[0] + delimiter
            for name in names
            if delimiter and delimiter in name[len(prefix) :]
        }
        items = [
            _resource(bucket, name, self.buckets[bucket][name])
            for name in names
            if not any(name.startswith(folder) for folder in folders)
        ]
        return JSONResponse(
            {"kind": "storage#objects", "items": items, "prefixes": sorted(folders)}
        )

    async def get_object(self, request: Request) -> Response:
        if request.query_params.get("alt") == "media":
            return await self.download(request)
        return JSONResponse(_resource(*self.blob(request)))

    async def download(self, request: Request) -> Response:
        _, _, blob = self.blob(request)
        content, wanted = blob.content, request.headers.get("range", "")
        headers = {"X-Goog-Hash": f"crc32c={_crc(content)}"}
        if not wanted.startswith("bytes="):
            return Response(content, 200, headers, blob.kind)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start, end = int(first or 0), min(int(last or len(content)), len(content) - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
        return Response(content[start : end + 1], 206, headers, blob.kind)

    async def insert(self, request: Request) -> Response:
        """One upload of metadata and content in a multipart body."""
        bucket = request.path_params["bucket"]
        if request.query_params.get("uploadType") != "multipart":
            raise invalid("Only multipart uploads are known here.")
        kind = request.headers["content-type"].encode()
        body = message_from_bytes(
            b"Content-Type: " + kind + b"\r\n\r\n" + await request.body(), policy=HTTP
        )
        description, content = body.iter_parts()
        metadata = json.loads(description.get_payload(decode=True))
        name = metadata.get("name") or request.query_params.get("name")
        data = content.get_payload(decode=True)
        self._expect_generation(request, bucket, name)
        if metadata.get("crc32c", _crc(data)) != _crc(data):
            raise invalid("Provided CRC32C does not match the content.")
        blob = self.put(f"gs://{bucket}/{name}", data, content.get_content_type())
        return JSONResponse(_resource(bucket, name, blob))

    async def delete(self, request: Request) -> Response:
        bucket, name, _ = self.blob(request)
        del self.bucket(bucket)[name]
        return Response(status_code=204)

    async def rewrite(self, request: Request) -> Response:
        """Copy an object in one step."""
        _, _, blob = self.blob(request)
        bucket, name = request.path_params["to_bucket"], request.path_params["to_name"]
        copy = self.put(f"gs://{bucket}/{name}", blob.content, blob.kind)
        return JSONResponse({"done": True, "resource": _resource(bucket, name, copy)})

    def _expect_generation(self, request: Request, bucket: str, name: str) -> None:
        wanted = request.query_params.get("ifGenerationMatch")
        found = self.bucket(bucket).get(name)
        if wanted is not None and int(wanted) != (found.generation if found else 0):
            message = "At least one of the pre-conditions you specified did not hold."
            raise Refused(412, "FAILED_PRECONDITION", message)


def _resource(bucket: str, name: str, blob: Blob) -> dict[str, Any]:
    return {
        "kind": "storage#object",
        "id": f"{bucket}/{name}/{blob.generation}",
        "bucket": bucket,
        "name": name,
        "size": str(len(blob.content)),
        "generation": str(blob.generation),
        "contentType": blob.kind,
        "crc32c": _crc(blob.content),
        "md5Hash": b64encode(hashlib.md5(blob.content).digest()).decode(),
        "timeCreated": blob.written,
        "updated": blob.written,
    }


def _crc(content: bytes) -> str:
    return b64encode(Checksum(content).digest()).decode()
