import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sightline.ground.settings import LocationText, StageSettings, filled_with, location

VARIABLE = "env:"
WEB = r"^(https?://\S+)?$"
ADDRESS = re.compile(r"^\s*https?:|hooks\.slack\.com/|/api/webhooks/|webhook\.office\.com/", re.I)
"""What only the address itself looks like."""


def _no_address(value: str) -> str:
    """Refuse the address itself, without repeating it: whoever knows it can write to the channel."""
    if ADDRESS.search(value):
        raise ValueError(
            "expected where the webhook's address is to be found, received an address. Whoever "
            "knows it can write to the channel, so it stays out of settings: put it into an "
            "environment variable and write env:NAME, or into a file and write its path"
        )
    if value.startswith(VARIABLE) and not value.removeprefix(VARIABLE).isidentifier():
        raise ValueError(
            "expected the name of an environment variable after env:, such as env:SLACK_WEBHOOK; "
            "received something else"
        )
    return value


class NotifySettings(StageSettings):
    """What is said when a run ends, and to whom."""

    name: str = Field(default="", json_schema_extra=filled_with("project name"))
    """Name of the project in the message; empty takes the name of the run alone."""
    webhook: Annotated[LocationText, AfterValidator(_no_address)] = Field(
        default="", json_schema_extra=location("read", prefixes=(VARIABLE,))
    )
    """Where the address of a webhook for Slack-compatible JSON is to be found: env:NAME for an environment variable, or the path or URI of a file that holds it; never the address itself. Empty sends nothing."""
    on: Literal["always", "failure", "change"] = "always"
    """When the webhook is called: always, failure, or change: another decision, headline figure or number of images than the run before, or a failure."""
    link: str = Field(
        default="",
        pattern=WEB,
        examples=["https://kf.example.com/runs/{run}"],
        json_schema_extra=filled_with("run page"),
    )
    """Address of the run in the pipeline UI, with {run} for the run's id; empty leaves the link out."""
    artifact_link: str = Field(
        default="",
        pattern=WEB,
        examples=[
            "https://kf.example.com/artifacts/get?source={scheme}&bucket={bucket}&key={path}"
        ],
        json_schema_extra=filled_with("artifact page"),
    )
    """Address at which a browser opens an artifact, with {scheme}, {bucket} and {path} for its own; empty shows the artifact's address as it is."""
    api: str = Field(
        default="",
        pattern=WEB,
        examples=["http://ml-pipeline-ui.kubeflow"],
        json_schema_extra=filled_with("cluster api"),
    )
    """Address of Kubeflow Pipelines as tasks reach it: asked how each task ended and what was reused; empty tells the end from the engine's word and the artifacts alone."""
