"""Gives stores the manners of Cloud Storage FUSE: no folder with content can be renamed.

Vertex AI mounts buckets so. Python imports this file by itself as `sitecustomize`.
"""

import errno
import os
from typing import Any

MOUNTS = ("/gcs/", "/minio/")


def _as_on_a_bucket(rename: Any) -> Any:
    def checked(source: Any, target: Any, **options: Any) -> None:
        place = os.fspath(source)
        if str(place).startswith(MOUNTS) and os.path.isdir(place) and os.listdir(place):  # noqa: PTH112, PTH208
            raise OSError(errno.EMFILE, "too many objects to be renamed", place)
        rename(source, target, **options)

    return checked


os.rename = _as_on_a_bucket(os.rename)
os.replace = _as_on_a_bucket(os.replace)
