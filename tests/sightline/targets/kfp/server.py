"""A Kubeflow Pipelines on this machine, for the real client.

Implements the paths of /apis/v2beta1 that kfp.Client uses, checks every body with the official
models, and parses uploaded packages as the backend does. By hand:
`python -m tests.sightline.targets.kfp.server --port 8888 --auto-advance`.
"""

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sightline.targets.kfp.settings import KubeflowTarget
from tests.sightline.targets.faults import FaultMiddleware, Faults
from tests.sightline.targets.kfp.library import BASE, Library
from tests.sightline.targets.kfp.recurring import RecurringRuns
from tests.sightline.targets.kfp.runs import Runs
from tests.sightline.targets.kfp.wire import Refused
from tests.sightline.targets.loopback import answer_refusal, options_by_hand, served

LOGIN_PAGE = "<!doctype html><html><head><title>Log in to Your Account</title></head></html>"


@dataclass
class KubeflowServer:
    """The state of the service, and its application."""

    multi_user: bool = False
    token: str = ""
    """Bearer token that is asked for, if any."""
    cookie: str = ""
    """Cookie that is asked for, if any; without it comes a login page."""
    faults: Faults = field(default_factory=lambda: Faults(_is_whole_path, Refused))
    address: str = ""

    def __post_init__(self) -> None:
        self.library = Library(self.multi_user)
        self.runs = Runs(self.library)
        self.recurring = RecurringRuns(self.runs)

    def application(self) -> Starlette:
        routes = [
            Route(f"{BASE}/healthz", self.health),
            Route("/dex/auth", self.login),
            *self.library.routes(),
            *self.runs.routes(),
            *self.recurring.routes(),
        ]
        return Starlette(
            routes=routes,
            middleware=[
                Middleware(FaultMiddleware, faults=self.faults),
                Middleware(BaseHTTPMiddleware, dispatch=self._guard),
            ],
            exception_handlers={Refused: answer_refusal},
        )

    def target(self, **changes: object) -> KubeflowTarget:
        """A target that reaches this service."""
        given = {"kind": "kfp", "host": self.address, "multi_user": self.multi_user}
        return KubeflowTarget.model_validate({**given, **changes})

    async def health(self, request: Request) -> Response:
        return JSONResponse({"multi_user": self.multi_user})

    async def login(self, request: Request) -> Response:
        return HTMLResponse(LOGIN_PAGE)

    async def _guard(self, request: Request, proceed: RequestResponseEndpoint) -> Response:
        needs_cookie = self.cookie and request.url.path.startswith(BASE)
        if needs_cookie and request.headers.get("cookie") != self.cookie:
            return RedirectResponse(f"/dex/auth?state={self.cookie}", 302)
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return Refused(401, "Request header error: there is no valid token").answer()
        return await proceed(request)


def kubeflow_server(**settings: object) -> AbstractContextManager[KubeflowServer]:
    """A service that runs until the block ends."""
    return served(KubeflowServer(**settings))  # type: ignore[arg-type]


def _is_whole_path(pattern: str, path: str) -> bool:
    """Compare with the path after /apis/v2beta1."""
    return re.fullmatch(pattern, path.removeprefix(BASE)) is not None


def main() -> None:
    """Serve until interrupted."""
    parser = options_by_hand(__doc__, port=8888)
    parser.add_argument("--multi-user", action="store_true", help="separate users by namespace")
    options = parser.parse_args()
    server = KubeflowServer(multi_user=options.multi_user)
    if options.auto_advance:
        server.runs.advance_by_itself(seconds_per_step=0.5)
    print(f"targets: kfp: {{kind: kfp, host: http://127.0.0.1:{options.port}}}")  # noqa: T201
    uvicorn.run(server.application(), port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
