import pytest
from docker.errors import DockerException

from sightline.ground.errors import UserError
from sightline.images.registry import (
    check_registry,
    is_unreachable,
    refused,
    repository_name,
)


@pytest.mark.parametrize(
    "registry",
    [
        "localhost:5000/team",
        "localhost",
        "127.0.0.1:5000",
        "registry:5000/team/vision",
        "docker.io/ada",
        "europe-west4-docker.pkg.dev/my-project/my_repository",
    ],
)
def test_a_registry_is_taken_as_it_stands_in_image_names(registry: str) -> None:
    assert check_registry(registry) == registry
    assert check_registry(f"{registry}/") == registry


@pytest.mark.parametrize(
    "text",
    ["team", "https://localhost:5000", "localhost:5000/Team", "localhost:5000/a:1", "a b.c", ""],
)
def test_another_form_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UserError, match=r"expected --push HOST.*localhost:5000/team.*received"):
        check_registry(text)


def test_a_login_in_a_registry_is_not_repeated() -> None:
    with pytest.raises(UserError, match="use `docker login` instead") as caught:
        check_registry("bob:hunter2@example.org/x")

    assert "hunter2" not in str(caught.value)


def test_a_stage_has_one_place_in_a_registry() -> None:
    name = repository_name("localhost:5000/team", "label_check")

    assert name == "localhost:5000/team/sightline-label-check"


@pytest.mark.parametrize(
    ("said", "remedy", "unreachable"),
    [
        (
            'Get "https://example.org/v2/": dial tcp: lookup example.org: no such host',
            "no such host: correct --push",
            True,
        ),
        ("dial tcp 127.0.0.1:1: connect: connection refused", "Nothing listens at example", True),
        ("http: server gave HTTP response to HTTPS client", '"insecure-registries": ["ex', True),
        ("x509: certificate signed by unknown authority", "certs.d/example.org:5000/ca.crt", True),
        ("dial tcp 10.0.0.1:443: i/o timeout", "did not answer in time", True),
        ("UnixHTTPConnectionPool: Read timed out.", "did not answer in time", True),
        ("Credentials store error: StoreError('absent')", "~/.docker/config.json", True),
        ("no basic auth credentials", "Log in: `docker login example.org:5000`.", False),
        ("unauthorized: authentication required", "Log in: `docker login", False),
        ("denied: requested access", "may write to example.org:5000/team: `docker login", False),
        ("name unknown: repository not found", "create the repository there first", False),
        ("toomanyrequests: slow down", "try again later", False),
        ("received unexpected HTTP status: 500", "Look in the log of the registry", False),
    ],
)
def test_a_refusal_says_what_to_do_in_one_line(said: str, remedy: str, unreachable: bool) -> None:
    error = DockerException(f"{said}\n")

    message = str(refused("example.org:5000/team", error))

    assert message.startswith("example.org:5000/team: expected a registry that takes images")
    assert said in message
    assert remedy in message
    assert "\n" not in message
    assert is_unreachable(error) == unreachable


def test_a_refusal_names_the_login_of_the_registry_at_hand() -> None:
    google = str(refused("europe-west4-docker.pkg.dev/p/r", "denied"))
    hub = str(refused("docker.io/ada", "denied"))

    assert "`gcloud auth configure-docker europe-west4-docker.pkg.dev`" in google
    assert "`docker login`" in hub
