"""Shows reports as the Kubeflow UI does: srcdoc of a frame that may run scripts, nothing more."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT = 1200, 900
# What HTMLViewer.tsx of kubeflow/pipelines renders, once for every report. Frames inherit the
# policy, so the browser complains about whatever a report does not bring along.
HOST = """<!doctype html><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';
    img-src data:; font-src data:">
<body style="margin:0"><script>
for (const report of REPORTS) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.style = "display:block;border:0;width:WIDTHpx;height:HEIGHTpx";
  frame.srcdoc = report;
  document.body.append(frame);
}
</script>"""
FEWEST_COLOURS = 5


@dataclass(frozen=True)
class Shown:
    """What was seen of the reports."""

    complaints: tuple[str, ...]
    """Lines in the browser's console: failed scripts, and loads of anything from elsewhere."""
    blank: tuple[str, ...]
    """Reports of which nothing was to be seen."""


def browser() -> str | None:
    """Find Chromium on this machine."""
    return shutil.which("chromium") or shutil.which("google-chrome")


def show(reports: Mapping[str, str], picture: Path) -> Shown:
    """Load reports, one frame below the other, and take a picture of them."""
    content = json.dumps(list(reports.values())).replace("</", "<\\/")
    page = HOST.replace("WIDTH", str(WIDTH)).replace("HEIGHT", str(HEIGHT))
    host = picture.with_suffix(".html")
    host.write_text(page.replace("REPORTS", content), encoding="utf-8")
    done = subprocess.run(
        [
            str(browser()),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            # Frames in processes of their own may not be painted yet when the picture is taken.
            "--disable-features=IsolateSandboxedIframes",
            f"--window-size={WIDTH},{HEIGHT * len(reports)}",
            f"--screenshot={picture}",
            host.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return Shown(
        complaints=tuple(line for line in done.stderr.splitlines() if "CONSOLE" in line),
        blank=tuple(name for index, name in enumerate(reports) if is_blank(picture, index)),
    )


def is_blank(picture: Path, index: int) -> bool:
    """Tell whether nothing is to be seen in one of the frames."""
    with Image.open(picture) as image:
        frame = image.convert("RGB").crop((0, HEIGHT * index, WIDTH, HEIGHT * (index + 1)))
    return len(frame.getcolors(maxcolors=WIDTH * HEIGHT) or ()) < FEWEST_COLOURS
