from sightline.images.progress import PushProgress


def message(layer: str, status: str, current: int | None = None) -> dict[str, object]:
    """A message as the engine sends it."""
    detail = {} if current is None else {"current": current, "total": 10**9}
    return {"id": layer, "status": status, "progressDetail": detail}


def progress() -> tuple[PushProgress, list[str]]:
    lines: list[str] = []
    return PushProgress("here/image:1", lines.append), lines


def test_a_large_layer_is_reported_every_hundred_megabytes() -> None:
    followed, lines = progress()

    for megabytes in range(0, 251, 10):
        followed.take(message("a", "Pushing", megabytes * 10**6))

    assert lines == ["here/image:1: 100 MB sent", "here/image:1: 200 MB sent"]


def test_a_layer_that_is_not_taken_is_reported_once_for_each_attempt() -> None:
    followed, lines = progress()

    for status in ("Retrying in 2 seconds", "Retrying in 1 second", "Pushing", "Retrying in 1"):
        followed.take(message("a", status))

    assert lines == ["here/image:1: layer a was not taken; Docker tries again"] * 2


def test_the_summary_counts_what_was_sent_and_what_was_there() -> None:
    followed, _ = progress()

    followed.take({"status": "The push refers to repository [here/image]"})
    followed.take(message("a", "Preparing"))
    followed.take(message("a", "Pushing", 5_000_000))
    followed.take(message("a", "Pushed"))
    followed.take(message("b", "Layer already exists"))
    followed.take(message("c", "Mounted from here/other"))

    assert followed.summary() == "1 of 3 layers sent, 5 MB"
