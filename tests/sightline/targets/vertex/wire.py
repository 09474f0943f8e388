"""How the loopback service reads requests and writes answers: JSON of the published messages."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import proto
from google.protobuf import json_format
from starlette.requests import Request
from starlette.responses import JSONResponse

from tests.sightline.targets.loopback import Refusal

CODES = {
    400: "FAILED_PRECONDITION",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class Refused(Refusal):
    """An answer that is an error, in the shape of google.rpc.Status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def answer(self, headers: Mapping[str, str] | None = None) -> JSONResponse:
        body = {"error": {"code": self.status, "message": self.message, "status": self.code}}
        return JSONResponse(body, self.status, dict(headers or {}))


def refused(status: int, message: str) -> Refused:
    """The answer with the code that most often goes with a status."""
    return Refused(status, CODES.get(status, "UNKNOWN"), message)


def invalid(message: str) -> Refused:
    return Refused(400, "INVALID_ARGUMENT", message)


async def read(request: Request, kind: type[proto.Message]) -> Any:
    """The body as a protobuf message; what the message does not have is refused."""
    try:
        return json_format.ParseDict(await request.json(), kind.pb(kind()))
    except (json_format.ParseError, ValueError) as problem:
        raise invalid(f"Invalid JSON payload received. {problem}") from problem


def expect_query(request: Request, *known: str) -> None:
    for name in request.query_params:
        if name not in {"$alt", *known}:
            raise invalid(f'Invalid JSON payload received. Unknown name "{name}".')


def write(request: Request, message: Any) -> JSONResponse:
    numbers = "enum-encoding=int" in request.query_params.get("$alt", "")
    return JSONResponse(json_format.MessageToDict(message, use_integers_for_enums=numbers))


def page(request: Request, items: Sequence[Any], most: int = 100) -> tuple[Sequence[Any], str]:
    """One page of a listing and the token of the next."""
    first = int(request.query_params.get("pageToken", "") or 0)
    size = min(int(request.query_params.get("pageSize", 0)) or most, most)
    following = str(first + size) if first + size < len(items) else ""
    return items[first : first + size], following


def passes(condition: str, facts: Mapping[str, Any]) -> bool:
    """Whether facts pass a filter of terms such as `labels.env="prod"`, joined by AND."""
    terms = [term for term in re.split(r"\s+AND\s+", condition.strip()) if term]
    return all(_passes(term, facts) for term in terms)


def _passes(term: str, facts: Mapping[str, Any]) -> bool:
    match = re.fullmatch(r'([\w.-]+)\s*(!=|=|:)\s*(\*|"(?:[^"\\]|\\.)*")', term)
    name = match[1] if match else ""
    if not match or (name not in facts and not name.startswith("labels.")):
        raise invalid(f"Invalid filter: {term}")
    value = facts.get(name)
    if match[3] == "*":
        return value is not None
    wanted = re.sub(r"\\(.)", r"\1", match[3][1:-1])
    if match[2] == ":":
        pattern = ".*".join(re.escape(part) for part in wanted.split("*"))
        return re.fullmatch(pattern, str(value)) is not None
    return (str(value) == wanted) == (match[2] == "=")
