"""What the services on this machine that stand in for a cluster have in common."""

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from tests.sightline.serving.running import running


class Refusal(Exception):
    """The service says no, in its own form."""

    def answer(self, headers: Mapping[str, str] | None = None) -> Response:
        raise NotImplementedError


async def answer_refusal(request: Request, refusal: Exception) -> Response:
    """Handle the exception in an application."""
    assert isinstance(refusal, Refusal)
    return refusal.answer()


class Service(Protocol):
    """The state of a service, and its application."""

    address: str

    def application(self) -> Starlette: ...


AnyService = TypeVar("AnyService", bound=Service)


@contextmanager
def served(service: AnyService) -> Iterator[AnyService]:
    """The service, which runs at its address until the block ends."""
    with running(service.application()) as service.address:
        yield service


def options_by_hand(description: str | None, *, port: int) -> ArgumentParser:
    """Options of a service that a person starts."""
    parser = ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--auto-advance", action="store_true", help="runs end after about 10 s")
    return parser
