import pytest

from sightline.problems.classification.serving import Prediction
from sightline.serving import batching
from sightline.serving.batching import Batcher, Overloaded
from sightline.stage.formats.servable import ImageError
from tests.data import encoded, photograph
from tests.sightline.serving.brightness import Brightness


def photo(seed: int) -> bytes:
    return encoded(photograph(seed))


def cut(image: bytes) -> bytes:
    return image[: len(image) // 2]


def test_a_result_per_image_in_their_order() -> None:
    model, batcher = Brightness(), Batcher(workers=1)
    black = encoded(photograph(0).point(lambda _: 0))
    white = encoded(photograph(0).point(lambda _: 255))

    results = batcher.submit(model, [black, white]).result(10)
    batcher.close()

    assert [r.class_name for r in results if isinstance(r, Prediction)] == ["dark", "light"]


def test_requests_that_wait_are_answered_together() -> None:
    model, batcher = Brightness(), Batcher(workers=1, max_batch=4)
    model.gate.clear()

    futures = [batcher.submit(model, [photo(seed)]) for seed in range(6)]
    model.gate.set()
    results = [future.result(10) for future in futures]
    batcher.close()

    assert [len(result) for result in results] == [1] * 6
    assert max(model.batches) > 1
    assert max(model.batches) <= 4


def test_requests_of_two_versions_are_not_mixed() -> None:
    old, new, batcher = Brightness(), Brightness(), Batcher(workers=1)
    old.gate.clear()

    futures = [batcher.submit(model, [photo(1)]) for model in (old, old, new, old, new)]
    old.gate.set()
    results = [future.result(10) for future in futures]
    batcher.close()

    assert all(isinstance(result[0], Prediction) for result in results)
    assert (sum(old.batches), sum(new.batches)) == (3, 2)


def test_an_image_that_does_not_decode_has_no_influence_on_others() -> None:
    model, batcher = Brightness(), Batcher(workers=1)
    model.gate.clear()

    good = batcher.submit(model, [photo(1)])
    mixed = batcher.submit(model, [photo(2), cut(photo(3)), photo(4)])
    model.gate.set()
    results = mixed.result(10)
    batcher.close()

    assert isinstance(good.result(10)[0], Prediction)
    assert [isinstance(result, ImageError) for result in results] == [False, True, False]


def test_a_request_larger_than_a_batch_is_answered_in_parts() -> None:
    model, batcher = Brightness(), Batcher(workers=1)

    results = batcher.submit(model, [photo(1)] * 20).result(10)
    batcher.close()

    assert len(results) == 20
    assert max(model.batches) == batching.MAX_BATCH


def test_a_fault_of_the_model_reaches_its_requests_only() -> None:
    class Faulty(Brightness):
        def answer(self, images):
            raise MemoryError("no memory")

    batcher = Batcher(workers=1)

    fault = batcher.submit(Faulty(), [photo(1)])
    fine = batcher.submit(Brightness(), [photo(1)])

    with pytest.raises(MemoryError):
        fault.result(10)
    assert len(fine.result(10)) == 1
    batcher.close()


def test_too_many_waiting_requests_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MAX_WAITING", 2)
    model, batcher = Brightness(), Batcher(workers=1, max_batch=1)
    model.gate.clear()

    with pytest.raises(Overloaded, match="Try again later"):
        for _ in range(5):
            batcher.submit(model, [photo(1)])

    model.gate.set()
    batcher.close()
