"""Gives a container the manners of Cloud Storage FUSE: no folder with content can be renamed.

Vertex AI mounts buckets so. Python imports this file by itself as `sitecustomize`.
"""

import errno
import os
from typing import Any

MOUNT = "/gcs/"


def _as_on_a_bucket(rename: Any) -> Any:
    def checked(source: Any, target: Any, **options: Any) -> None:
        place = os.fspath(source)
        if str(place).startswith(MOUNT) and os.path.isdir(place) and os.listdir(place):  # noqa: PTH112, PTH208
            raise OSError(errno.EMFILE, "too many objects to be renamed", place)
        rename(source, target, **options)

    return checked


if os.path.isdir(MOUNT):  # noqa: PTH112
    os.rename = _as_on_a_bucket(os.rename)
    os.replace = _as_on_a_bucket(os.replace)
