"""`python -m sightline.serving.container.check`: whether the server of this container is ready."""

import os
import sys
from http.client import HTTPConnection, HTTPException

from sightline.serving.container.arguments import PORT

TIMEOUT_SECONDS = 4


def main() -> None:
    """End with 0 if it is."""
    port = int(os.environ.get("AIP_HTTP_PORT") or PORT)
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
    except (OSError, HTTPException) as error:
        sys.exit(f"Expected an answer on port {port}; received: {error}.")
    if answer.status != 200:
        sys.exit(answer.read(1_000).decode(errors="replace"))


if __name__ == "__main__":
    main()
