"""`sightline doctor`: whether a deployment to a cloud would work, and what is live there."""

from collections.abc import Iterator
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.launch.by_hand import LOCAL, deploy_settings, examine_by_hand, model_name
from sightline.start.doctor import Check


def examine_deployment(file: Path, target: str | None = None) -> Iterator[Check]:
    """Look at the cloud that the project deploys to, with the user's own account.

    Nothing where the project deploys to a model folder that servers follow.

    Args:
        file: settings of the project.
        target: where the pipeline runs, which may say project, location and folder.
    """
    if not file.is_file():
        return
    try:
        settings = deploy_settings(file, None, (), target)
    except UserError:  # said by the check of the settings
        return
    if getattr(settings, "target", LOCAL) == LOCAL:
        return
    try:
        for found in examine_by_hand(settings, model_name(file)):
            yield Check(**found)
    except UserError as error:
        yield Check("Deployment", "problem", str(error))
