"""`python -m sightline.reference`: write the pages of the checkout in the working folder."""

import sys
from pathlib import Path

from sightline.ground.storage.files import write_whole
from sightline.reference.pages import generate

if __name__ == "__main__":
    for path, text in generate(Path.cwd()).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
        sys.stdout.write(f"{path.relative_to(Path.cwd())}\n")
