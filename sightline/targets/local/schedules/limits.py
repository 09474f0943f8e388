"""What this machine's schedules can be called and do."""

import re

from sightline.ground.errors import UserError
from sightline.ground.storage.redaction import redact_words
from sightline.schedules.schedule import ScheduleRequest

# Names are folders of logs, too.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


def check_local(request: ScheduleRequest) -> None:
    """Check that this machine can follow a request.

    Raises:
        UserError: the name cannot be used, more than one run at once is asked, or a setting holds
            a password or signature, which would be kept.
    """
    if not _NAME.fullmatch(request.name):
        raise UserError(
            f"Expected a name of letters, digits, `.`, `_` and `-`, at most 63; received "
            f"{request.name!r}. Choose another."
        )
    for text in request.overrides:
        if redact_words(text) != text:
            raise UserError(
                f"--set: expected no password or signature, as a schedule is kept; received "
                f"{text}. Write the setting into sightline.yaml."
            )
    if request.max_concurrent != 1:
        raise UserError(
            f"Schedule {request.name}: expected one run at a time on this machine; received "
            f"{request.max_concurrent}. Leave it out, or schedule on a cluster."
        )
