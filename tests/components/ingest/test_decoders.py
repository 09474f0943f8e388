"""Files that end the process that decodes them are refused by name, and nothing else is lost."""

import io
from pathlib import Path

from PIL import Image

from tests.components.ingest.ingesting import ingest_source
from tests.data import photo_folder


def endless_jpeg(num_scans: int, *, padding: int) -> bytes:
    """Write a small file that refines its pixels again and again, which takes seconds to decode."""
    stream = io.BytesIO()
    Image.new("RGB", (1_000, 1_000), "grey").save(stream, "JPEG", progressive=True)
    data = stream.getvalue()
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    comment = b"\xff\xfe\xff\xff" + bytes(0xFFFF - 2)
    padded = data[:2] + comment * (padding // len(comment)) + data[2:-2]
    return padded + last_scan * num_scans + b"\xff\xd9"


def test_a_file_that_ends_its_decoder_is_refused_and_the_others_are_kept(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=12, dogs=12)
    # So large that it travels alone: one that travels with others is tried twice.
    (source / "cats/endless.jpg").write_bytes(endless_jpeg(9_000, padding=2 << 20))

    result = ingest_source(source, tmp_path, max_megapixels=1.0)

    assert result.info.num_examples == 24
    assert result.reasons == {
        "cats/endless.jpg": "ends its decoder: reading it takes more than 1 seconds of "
        "processor time"
    }
