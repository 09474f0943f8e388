import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import JSONResponse, Response

from sightline import Client
from sightline.client.answers import Answer, ServerError
from sightline.client.photos import Photo
from sightline.ground.patience import Patience
from tests.data import encoded, photograph
from tests.sightline.client.lookalikes import (
    InferenceServerLike,
    ModelServer,
    TensorFlowServingLike,
    raw_server,
)
from tests.sightline.serving.running import running

QUICK = Patience(pause_seconds=0.01)
BLACK = encoded(photograph(1).point(lambda _: 0), "PNG")
WHITE = encoded(photograph(1).point(lambda _: 255), "PNG")


@pytest.fixture
def serving() -> Iterator[tuple[TensorFlowServingLike, str]]:
    server = TensorFlowServingLike()
    with running(server.application()) as url:
        yield server, url


@pytest.fixture
def inferring() -> Iterator[tuple[InferenceServerLike, str]]:
    server = InferenceServerLike()
    with running(server.application()) as url:
        yield server, url


def client(url: str, name: str = "photos", **options: object) -> Client:
    return Client(url, name=name, patience=QUICK, **options)  # type: ignore[arg-type]


def said(answers: list[Answer]) -> list[str]:
    return [answer.error or answer.title for answer in answers]


def files(folder: Path, *contents: bytes) -> list[Path]:
    paths = [folder / f"{index}.png" for index in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


def test_tensorflow_serving_is_asked_by_the_model_s_name_alone(
    serving: tuple[TensorFlowServingLike, str], tmp_path: Path
) -> None:
    server, url = serving
    photos = files(tmp_path, BLACK, WHITE)

    answers = client(url).predict(photos)

    assert said(answers) == ["dark", "light"]
    assert [answer.photo for answer in answers] == [str(path) for path in photos]
    assert {answer.version for answer in answers} == {3}
    assert server.asked == ["/v1/models/photos", "/v1/models/photos/versions/3:predict"]


def test_an_inference_server_is_found_and_tells_its_version(
    inferring: tuple[InferenceServerLike, str], tmp_path: Path
) -> None:
    _, url = inferring

    answers = client(url).predict(files(tmp_path, BLACK, WHITE, BLACK))

    assert said(answers) == ["dark", "light", "dark"]
    assert answers[0].content["probability"] == 1
    assert {answer.version for answer in answers} == {3}


def test_one_image_has_the_same_shape_as_many(
    inferring: tuple[InferenceServerLike, str],
) -> None:
    assert said(client(inferring[1], protocol="v2", batch=1).predict([BLACK, WHITE])) == [
        "dark",
        "light",
    ]


def test_bytes_need_no_file(serving: tuple[TensorFlowServingLike, str]) -> None:
    answers = client(serving[1]).predict(WHITE)

    assert [(answer.photo, answer.title) for answer in answers] == [("image 0", "light")]


@pytest.mark.parametrize("kind", [TensorFlowServingLike, InferenceServerLike])
def test_a_model_name_may_hold_blanks_and_slashes(kind: type[ModelServer]) -> None:
    server = kind(name="my photos?")
    with running(server.application()) as url:
        answers = client(url, "my photos?").predict(WHITE)

    assert said(answers) == ["light"]


def test_an_unknown_name_says_where_names_stand(
    serving: tuple[TensorFlowServingLike, str],
) -> None:
    with pytest.raises(ServerError, match=r"has none.*--name.*--model_name"):
        client(serving[1], "birds").predict(WHITE)


def test_an_unknown_name_lists_those_that_the_server_tells(
    inferring: tuple[InferenceServerLike, str],
) -> None:
    with pytest.raises(ServerError, match="the server lists photos, other"):
        client(inferring[1], "birds").predict(WHITE)


def test_an_unknown_name_lists_those_of_openvino_model_server() -> None:
    server = TensorFlowServingLike()
    server.lists_models = True
    with (
        running(server.application()) as url,
        pytest.raises(ServerError, match=r"the server lists photos\."),
    ):
        client(url, "birds").predict(WHITE)


def test_a_server_that_tells_no_model_asks_for_a_name(
    serving: tuple[TensorFlowServingLike, str],
) -> None:
    with pytest.raises(ServerError, match="Name the model with --name"):
        Client(serving[1]).predict(WHITE)


def test_a_model_that_takes_no_files_is_refused() -> None:
    server = InferenceServerLike()
    server.datatype = "FP32"
    with (
        running(server.application()) as url,
        pytest.raises(ServerError, match=r"input of BYTES.*image_bytes \(FP32\)"),
    ):
        client(url).predict(WHITE)


@pytest.mark.parametrize("kind", [TensorFlowServingLike, InferenceServerLike])
def test_photos_without_an_answer_do_not_stop_the_others(
    kind: type[ModelServer], tmp_path: Path
) -> None:
    server = kind()
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    with running(server.application()) as url:
        answers = client(url).predict(
            [
                *files(tmp_path, BLACK, b"hello", b"", b"%PDF-1.7", WHITE),
                pipe,
                tmp_path,
                "/dev/zero",
            ]
        )

    assert said(answers)[::4][:2] == ["dark", "light"]
    assert "Expected image" in str(answers[1].error)
    assert "received 0 bytes" in str(answers[2].error)
    assert "a PDF document" in str(answers[3].error)
    assert all("no regular file" in str(answer.error) for answer in answers[5:])


def test_answers_come_in_the_order_of_files_however_slow_the_first_is(
    serving: tuple[TensorFlowServingLike, str],
) -> None:
    server, url = serving
    server.slow_first_seconds = 0.2

    answers = client(url, batch=2).predict([BLACK, WHITE] * 10)

    assert said(answers) == ["dark", "light"] * 10
    assert server.batches == [2] * 10


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(
    serving: tuple[TensorFlowServingLike, str], status: int
) -> None:
    server, url = serving
    server.ordered = [JSONResponse({"error": "busy"}, status, {"Retry-After": "0"})] * 2

    assert said(client(url).predict(WHITE)) == ["light"]
    assert len(server.batches) == 3


def test_a_server_that_stays_busy_ends_the_asking(
    serving: tuple[TensorFlowServingLike, str],
) -> None:
    server, url = serving
    server.ordered = [JSONResponse({"error": "busy"}, 503)] * 9

    with pytest.raises(ServerError, match=r"status 503.*busy.*Try again later"):
        client(url).predict(WHITE)
    assert len(server.batches) == QUICK.attempts


def test_nobody_waits_an_hour_for_a_server(serving: tuple[TensorFlowServingLike, str]) -> None:
    server, url = serving
    server.ordered = [JSONResponse({"error": "busy"}, 429, {"Retry-After": "3600"})] * 9

    with pytest.raises(ServerError, match="Try again later"):
        client(url).predict(WHITE)
    assert len(server.batches) == 1


def test_a_fault_of_the_server_is_the_reason_of_one_photo(
    serving: tuple[TensorFlowServingLike, str],
) -> None:
    server, url = serving
    server.ordered = [JSONResponse({"error": "out of luck"}, 500)]

    answers = client(url, batch=1, requests=1).predict([WHITE, BLACK])

    assert "out of luck" in str(answers[0].error)
    assert answers[1].title == "dark"


def test_a_server_that_fails_again_and_again_ends_the_asking(
    serving: tuple[TensorFlowServingLike, str],
) -> None:
    server, url = serving
    server.ordered = [JSONResponse({"error": "out of luck"}, 500)] * 99

    with pytest.raises(ServerError, match=r"failed with 5 photos in a row.*out of luck"):
        client(url, batch=1).predict([WHITE] * 20)


def test_a_new_version_is_asked_where_the_last_one_went(
    serving: tuple[TensorFlowServingLike, str],
) -> None:
    server, url = serving

    answers = []
    for answer in client(url, batch=1, requests=1).stream([Photo("white", content=WHITE)] * 3):
        answers.append(answer.version)
        server.version = 8

    assert answers == [3, 8, 8]


MALFORMED = {
    "a list": b"[1,2]",
    "no predictions": b'{"classes": null}',
    "null for predictions": b'{"predictions": null}',
    "fewer predictions": b'{"predictions": []}',
    "null for an answer": b'{"predictions": [null]}',
    "null for probabilities": json.dumps(
        {
            "predictions": [
                {"class_index": 0, "class_name": "a", "probability": 1, "probabilities": None}
            ]
        }
    ).encode(),
    "null for the probability": json.dumps(
        {
            "predictions": [
                {"class_index": 0, "class_name": "a", "probability": None, "probabilities": [1]}
            ]
        }
    ).encode(),
    "an index beyond": b'{"predictions": [{"class_index": 7, "probabilities": [1.0]}]}',
    "no UTF-8": b'{"predictions": ["\xff"]}',
    "no JSON": b"<html>\x1b]0;owned\x07</html>",
    "too deep": b'{"predictions": ' + b"[" * 100_000,
    "nothing": b"",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
@pytest.mark.parametrize("status", [200, 400, 418])
def test_a_malformed_answer_is_one_line(
    serving: tuple[TensorFlowServingLike, str], body: bytes, status: int
) -> None:
    server, url = serving
    server.ordered = [Response(body, status)]

    with pytest.raises(ServerError) as error:
        client(url).predict(WHITE)

    assert str(error.value).isprintable()
    assert str(error.value).startswith(f"{url}: expected ")


@pytest.mark.parametrize("body", [b"[1,2]", b'{"model_version_status": 3}', b"\xff", b"<html>"])
def test_a_malformed_status_is_one_line(body: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)

    with raw_server(head + body) as url, pytest.raises(ServerError) as error:
        client(url).predict(WHITE)

    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
        b"",
    ],
    ids=["cut", "no HTTP", "no gzip", "moved", "closed"],
)
def test_an_answer_that_is_not_whole_is_one_line(answer: bytes) -> None:
    with raw_server(answer) as url, pytest.raises(ServerError) as error:
        client(url).predict(WHITE)

    assert str(error.value).isprintable()


def test_a_server_that_drips_is_not_waited_for() -> None:
    slow = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b" " * 9000

    with (
        raw_server(slow, pause_seconds=0.02) as url,
        pytest.raises(ServerError, match=r"a whole answer within 0\.3 seconds"),
    ):
        client(url, deadline_seconds=0.3).predict(WHITE)


def test_a_photo_that_takes_too_long_is_a_row(serving: tuple[TensorFlowServingLike, str]) -> None:
    server, url = serving
    server.slow_first_seconds = 2

    answers = client(url, batch=1, requests=1, deadline_seconds=0.5).predict([WHITE, BLACK])

    assert "within 0.5 seconds" in str(answers[0].error)
    assert answers[1].title == "dark"


def test_a_proxy_is_not_asked_for_this_machine(
    serving: tuple[TensorFlowServingLike, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)

    assert said(client(serving[1]).predict(WHITE)) == ["light"]


def test_a_token_is_sent_and_shown_to_nobody(serving: tuple[TensorFlowServingLike, str]) -> None:
    server, url = serving
    asking = client(url, token="open sesame")

    asking.predict(WHITE)

    assert server.headers[0]["authorization"] == "Bearer open sesame"
    assert "sesame" not in repr(asking)


@pytest.mark.parametrize(
    "url", ["file:///etc", "127.0.0.1:8501", "http://", "http://[::1", "http://a:99999", ""]
)
def test_an_address_without_a_web_server_is_refused(url: str) -> None:
    with pytest.raises(ServerError, match="Expected an address such as"):
        client(url).predict(WHITE)


def test_a_server_that_is_not_there_says_how_to_start_one() -> None:
    with pytest.raises(ServerError, match="Start one with `sightline serve`"):
        client("http://127.0.0.1:9").predict(WHITE)


def test_the_client_is_there_without_anything_heavy() -> None:
    code = (
        "import sys\nfrom sightline import Client\nClient('http://127.0.0.1:9')\n"
        "import sightline.client.asking\n"
        "print([name for name in ('tensorflow', 'kfp', 'pandas') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
