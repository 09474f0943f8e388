import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sightline.engines.engine import RunFilter
from sightline.ground.errors import UserError
from sightline.targets.kfp.engine import KubeflowEngine
from tests.certificate import write_certificate
from tests.sightline.serving.running import running
from tests.sightline.targets.kfp.conftest import QUICK
from tests.sightline.targets.kfp.server import KubeflowServer, kubeflow_server

PLACE = "targets.kfp.authentication"


def engine_with(
    server: KubeflowServer, environment: dict[str, str], /, **authentication: object
) -> KubeflowEngine:
    target = server.target(authentication=authentication)
    return KubeflowEngine(target, "kfp", "flowers", environment=environment, patience=QUICK)


def test_a_token_from_a_variable() -> None:
    with kubeflow_server(token="s3cr3t") as server:
        engine = engine_with(server, {"KFP_TOKEN": "s3cr3t\n"}, kind="token", variable="KFP_TOKEN")

        assert engine.runs(RunFilter()) == []


def test_a_cookie_from_a_variable() -> None:
    cookie = "authservice_session=MTY4"
    with kubeflow_server(cookie=cookie) as server:
        engine = engine_with(server, {"KFP_COOKIE": cookie}, kind="cookie", variable="KFP_COOKIE")

        assert engine.runs(RunFilter()) == []


def test_a_service_account_token_is_read_again_when_it_was_renewed(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first", encoding="utf-8")
    with kubeflow_server(token="first") as server:
        engine = engine_with(server, {}, kind="service_account", token_path=str(token))
        assert engine.runs(RunFilter()) == []

        token.write_text("second", encoding="utf-8")
        server.token = "second"

        assert engine.runs(RunFilter()) == []


def test_the_pods_variable_names_the_token_file(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cr3t", encoding="utf-8")
    with kubeflow_server(token="s3cr3t") as server:
        variables = {"KF_PIPELINES_SA_TOKEN_PATH": str(token)}

        assert engine_with(server, variables, kind="service_account").runs(RunFilter()) == []


@pytest.mark.parametrize(
    ("environment", "authentication", "expected"),
    [
        (
            {},
            {"kind": "token"},
            f"{PLACE}.variable: expected the name of the environment variable that holds the token",
        ),
        (
            {},
            {"kind": "token", "variable": "KFP_TOKEN"},
            "KFP_TOKEN; it is not set. Set it first: export KFP_TOKEN=...",
        ),
        (
            {"KFP_COOKIE": " "},
            {"kind": "cookie", "variable": "KFP_COOKIE"},
            "expected the cookie in the environment variable KFP_COOKIE; it is empty.",
        ),
        (
            {"KFP_TOKEN": "s3cr3t\nX-Header: s3cr3t"},
            {"kind": "token", "variable": "KFP_TOKEN"},
            "received line breaks or control characters",
        ),
        (
            {"KFP_TOKEN": "s3cr3t\N{EN DASH}s3cr3t"},
            {"kind": "token", "variable": "KFP_TOKEN"},
            "expected the token in plain ASCII in the environment variable KFP_TOKEN; received",
        ),
        (
            {},
            {"kind": "token", "variable": "s3cr3t"},
            "received something else, which is not shown since it may be the token itself",
        ),
        (
            {},
            {"kind": "service_account", "token_path": "/no/token"},
            f"{PLACE}: expected the service account token in /no/token; there is no such file.",
        ),
        ({}, {"kind": "iap"}, f"{PLACE}.client_id: expected the OAuth client"),
        (
            {},
            {"kind": "iap", "client_id": "a", "other_client_id": "b", "variable": "IAP_SECRET"},
            "expected the client secret in the environment variable IAP_SECRET; it is not set.",
        ),
    ],
)
def test_what_is_missing_is_said_without_the_secret(
    server: KubeflowServer,
    environment: dict[str, str],
    authentication: dict[str, str],
    expected: str,
) -> None:
    with pytest.raises(UserError) as caught:
        engine_with(server, environment, **authentication).runs(RunFilter())

    assert expected in str(caught.value)
    assert "s3cr3t" not in str(caught.value)
    assert server.faults.requests == []


def test_the_identity_aware_proxy_without_googles_credentials(
    server: KubeflowServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    engine = engine_with(server, {}, kind="iap", client_id="client")

    with pytest.raises(UserError, match=f"{PLACE}: expected a token .* from Google; received none"):
        engine.runs(RunFilter())


def test_what_other_programs_left_on_the_machine_is_not_used(
    server: KubeflowServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = tmp_path / ".config/kfp/context.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"namespace": "other", "client_authentication_cookie": "old"}))
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("KF_PIPELINES_IAP_OAUTH2_CLIENT_ID", "KF_PIPELINES_ENDPOINT"):
        monkeypatch.setenv(variable, "http://elsewhere.invalid")
    monkeypatch.setenv("KF_PIPELINES_UI_ENDPOINT", "http://elsewhere.invalid")

    assert engine_with(server, {}).runs(RunFilter()) == []
    assert server.faults.requests == ["GET /apis/v2beta1/experiments"]
    assert [path.name for path in settings.parent.iterdir()] == ["context.json"]


def test_a_certificate_of_an_authority_of_ones_own(tmp_path: Path) -> None:
    with over_tls(tmp_path) as (host, certificate):
        assert engine_at(host, ca_certificate=str(certificate)).runs(RunFilter()) == []
        assert engine_at(host, verify_tls=False).runs(RunFilter()) == []
        with pytest.raises(UserError, match=r"TLS failed: .*CERTIFICATE_VERIFY_FAILED"):
            engine_at(host).runs(RunFilter())


def test_a_certificate_that_is_not_there(server: KubeflowServer) -> None:
    engine = engine_at(server.address, ca_certificate="/no/ca.pem")

    with pytest.raises(UserError, match=r"targets\.kfp\.ca_certificate: .* no /no/ca\.pem\."):
        engine.runs(RunFilter())


def engine_at(host: str, **settings: object) -> KubeflowEngine:
    target = KubeflowServer(address=host).target(**settings)
    return KubeflowEngine(target, "kfp", "flowers", environment={}, patience=QUICK)


@contextmanager
def over_tls(folder: Path) -> Iterator[tuple[str, Path]]:
    """The service behind a certificate that no system knows."""
    certificate = write_certificate(folder / "loopback.pem")
    with running(KubeflowServer().application(), certificate=certificate) as host:
        yield host, certificate
        gc.collect()  # clients that keep their connections would hold the server's end up
