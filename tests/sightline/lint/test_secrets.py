from typing import Any

import pytest

from sightline.lint import format_findings
from sightline.lint.secrets import secret_in
from tests.sightline.lint.packages import (
    container,
    documents,
    linted,
    of_rule,
    only,
    set_default,
)

WEBHOOK = "https://hooks." + "slack.com/services/T0/B0/abcdef"
SECRETS = [
    WEBHOOK,
    "https://me:hunter2@example.com/photos.zip",
    "https://" + "ghp_token@example.com/photos.zip",
    "https://example.com/photos.zip?X-Amz-Signature=abc123",
    "https://example.com/photos.zip?size=3&access_token=abc123",
    "-----BEGIN RSA " + "PRIVATE KEY-----\nabc123",
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "AIza" + "b" * 35,
    "ghp_" + "c" * 36,
]


@pytest.mark.parametrize("target", ["local", "kfp", "vertex"])
@pytest.mark.parametrize("value", SECRETS)
def test_a_secret_in_a_parameter_is_a_problem_and_is_not_repeated(target: str, value: str) -> None:
    package = documents(target)
    set_default(package, "export_licence", value)

    found = only(linted(target, package))

    assert (found.rule, found.severity, found.where) == ("secret", "problem", "export.licence")
    assert value not in format_findings([found])


def test_a_secret_in_a_parameter_of_the_run_is_a_problem() -> None:
    found = of_rule(linted("kfp", parameters={"ingest_source": SECRETS[1]}), "secret")

    assert "an address with a password" in only(found).message
    assert "targets.kfp.kubernetes.secrets_as_environment" in only(found).remedy


@pytest.mark.parametrize("target", ["local", "kfp", "vertex"])
def test_a_secret_in_the_environment_of_a_task_is_a_problem(target: str) -> None:
    package = documents(target)
    environment = container(package, "ingest").setdefault("env", [])
    environment.append({"name": "AWS_SECRET_ACCESS_KEY", "value": "hunter2"})

    found = [item for item in linted(target, package) if item.where.startswith("ingest,")]

    assert "a secret, by its name" in only(found).message
    assert "hunter2" not in format_findings(found)


def test_a_secret_for_all_tasks_is_said_once_and_where_it_was_written() -> None:
    package = documents("kfp")
    for task in ("ingest", "train"):
        container(package, task)["env"].append({"name": "API_TOKEN", "value": "hunter2"})

    found = linted("kfp", package, settings={"environment": {"API_TOKEN": "hunter2"}})

    assert only(found).where == "targets.kfp.environment.API_TOKEN"


def test_a_secret_in_a_command_or_a_fixed_input_is_a_problem() -> None:
    package = documents("kfp")
    container(package, "train")["args"] += ["--hook", WEBHOOK]
    inputs = package[0]["root"]["dag"]["tasks"]["notify"]["inputs"]["parameters"]
    inputs["name"] = {"runtimeValue": {"constant": WEBHOOK}}

    found = linted("kfp", package)

    assert [finding.where for finding in found] == ["train, command", "notify, name"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_ENDPOINT_URL", "http://minio:9000"),
        ("max_tokens", "100"),
        ("TOKEN", ""),
        ("token_path", "secret/token"),
        ("webhook_token", "env:SLACK"),
        ("password", "/run/secrets/password"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/keys/key.json"),
        ("source", "https://example.com/a@b/photos.zip?size=3"),
        ("count_of_token", 3),
    ],
)
def test_what_only_looks_like_a_secret_is_fine(name: str, value: Any) -> None:
    assert secret_in(name, value) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("db_password", "x"),
        ("api_key", "x"),
        ("SECRET", "x"),
        ("settings", {"password": "x"}),
        ("list", [{"a": WEBHOOK}]),
        ("api_token", {"runtimeValue": {"constant": "x"}}),
    ],
)
def test_secrets_are_found_by_name_at_any_depth(name: str, value: Any) -> None:
    assert secret_in(name, value)


def test_the_webhooks_variable_among_the_plain_ones_is_a_problem() -> None:
    address = "https://chat.example.com/hooks/anything"
    package = documents("kfp")
    set_default(package, "notify_webhook", "env:CHAT_HOOK")

    found = only(
        of_rule(linted("kfp", package, settings={"environment": {"CHAT_HOOK": address}}), "secret")
    )

    assert found.where == "targets.kfp.environment.CHAT_HOOK"
    assert "secrets_as_environment" in found.remedy
    assert address not in format_findings([found])
