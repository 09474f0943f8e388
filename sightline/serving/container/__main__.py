"""`python -m sightline.serving.container [MODEL]`: what the serving image runs."""

import os
import sys
import tempfile
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.serving.container.arguments import read_arguments
from sightline.serving.container.fetching import fetched
from sightline.serving.server import serve
from sightline.stage import log


def main() -> None:
    """Bring the model here, if it is elsewhere, and serve it until SIGTERM."""
    try:
        model, options = read_arguments(sys.argv[1:], os.environ)
        log.configure("serve")
        with tempfile.TemporaryDirectory(prefix="sightline-model-") as scratch:
            serve(options(fetched(model, Path(scratch))))
    except UserError as error:
        sys.exit(f"sightline: {error}")


if __name__ == "__main__":
    main()
