"""Pictures of discs on black whose number is known."""

import random
from pathlib import Path

from PIL import Image, ImageDraw

SIDE_PX = 48
RADIUS_PX = 4
MOST = 8
APART_PX = 10


def draw_discs(folder: Path, count: int, *, seed: int = 3) -> Path:
    """Write pictures with 1 to 8 discs that do not touch; return the table of their numbers."""
    numbers = random.Random(seed)
    folder.mkdir(parents=True)
    rows = ["image,discs"]
    for index in range(count):
        centres: list[tuple[int, int]] = []
        wanted = numbers.randint(1, MOST)
        while len(centres) < wanted:
            x, y = (numbers.randrange(RADIUS_PX + 1, SIDE_PX - RADIUS_PX - 1) for _ in range(2))
            if all((x - a) ** 2 + (y - b) ** 2 > APART_PX**2 for a, b in centres):
                centres.append((x, y))
        picture = Image.new("RGB", (SIDE_PX, SIDE_PX), (numbers.randrange(30),) * 3)
        for x, y in centres:
            box = (x - RADIUS_PX, y - RADIUS_PX, x + RADIUS_PX, y + RADIUS_PX)
            grey = tuple(numbers.randrange(170, 256) for _ in range(3))
            ImageDraw.Draw(picture).ellipse(box, fill=grey)
        picture.save(folder / f"{index:04}.png")
        rows.append(f"{index:04}.png,{wanted}")
    table = folder / "counts.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return table
