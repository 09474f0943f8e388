"""Errors in a form that Google's clients cannot read, such as a proxy's own JSON."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from requests import Response, Session


class ForeignAnswer(Exception):
    """An answer of 400 or more that is no error of the service's."""

    def __init__(self, response: "Response") -> None:
        super().__init__(response.text)
        self.response = response
        self.status = response.status_code


def refuse_foreign_answers(session: "Session") -> None:
    """Have a session raise `ForeignAnswer` before Google's client sees such an answer.

    google-api-core asks whatever JSON it meets for `error.message`; of `{"error": "timed out"}`
    remains an AttributeError without the status.
    """
    session.hooks["response"].append(_expect_readable)


def _expect_readable(response: "Response", *_: object, **__: object) -> None:
    from google.api_core.exceptions import from_http_response

    if response.status_code < 400:
        return
    try:
        from_http_response(response)  # type: ignore[no-untyped-call]  # Google leaves it so
    except (AttributeError, TypeError) as error:
        raise ForeignAnswer(response) from error
