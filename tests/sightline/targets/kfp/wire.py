"""JSON of Kubeflow's API, checked with the official models of kfp_server_api."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import HTTP
from types import SimpleNamespace
from typing import Any

import kfp_server_api
from dateutil.parser import isoparse
from starlette.requests import Request
from starlette.responses import JSONResponse

from tests.sightline.targets.loopback import Refusal

CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 6, 413: 8, 429: 8, 500: 13, 502: 14, 503: 14}
PLAIN: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "float": (int, float),
}
INTEGERS_AS_TEXT = {"max_concurrency"}
LARGEST_PAGE = 200

Entry = dict[str, Any]


class Refused(Refusal):
    """The service says no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def answer(self, headers: Mapping[str, str] | None = None) -> JSONResponse:
        """The body that grpc-gateway writes."""
        code = CODES.get(self.status, 2)
        detail = {"@type": "type.googleapis.com/google.rpc.Status", "code": code}
        body = {"error": self.message, "code": code, "message": self.message, "details": [detail]}
        return JSONResponse(body, self.status, dict(headers or {}))


async def read(request: Request, model: str) -> Entry:
    """The body of a request, refused unless it is exactly a model of the API."""
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise Refused(400, f"invalid JSON: {error}") from error
    check(body, model)
    response = SimpleNamespace(data=json.dumps(body))
    kfp_server_api.ApiClient().deserialize(response, model)
    return dict(body)


def check(value: Any, kind: str, place: str = "") -> None:
    """Refuse unknown keys and wrong types, however deep."""
    if kind == "object":
        return
    if kind.startswith("list["):
        _expect(isinstance(value, list), place, kind, value)
        for item in value:
            check(item, kind[5:-1], f"{place}[]")
    elif found := re.fullmatch(r"dict\(str, (.*)\)", kind):
        _expect(isinstance(value, dict), place, kind, value)
        for key, item in value.items():
            check(item, found[1], f"{place}.{key}")
    elif kind in PLAIN:
        allowed = (int, str) if place.rpartition(".")[2] in INTEGERS_AS_TEXT else PLAIN[kind]
        exact = isinstance(value, allowed) and (kind == "bool" or not isinstance(value, bool))
        _expect(exact, place, kind, value)
    elif kind == "datetime":
        _check_time(value, place)
    else:
        _check_model(value, kind, place)


def _check_model(value: Any, kind: str, place: str) -> None:
    model = getattr(kfp_server_api.models, kind)
    if not model.openapi_types:  # an enum
        _expect(value in model.allowable_values, place, kind, value)
        return
    _expect(isinstance(value, dict), place, kind, value)
    names = {json_name: name for name, json_name in model.attribute_map.items()}
    for key, item in value.items():
        if key not in names:
            raise Refused(400, f'proto: unknown field "{key}" in {kind} {place}')
        check(item, model.openapi_types[names[key]], f"{place}.{key}")


def _check_time(value: Any, place: str) -> None:
    try:
        moment = isoparse(value)
    except (TypeError, ValueError):
        moment = None
    zoned = moment is not None and moment.tzinfo is not None
    _expect(zoned, place, "google.protobuf.Timestamp", value)


def _expect(holds: bool, place: str, kind: str, value: Any) -> None:
    if not holds:
        raise Refused(400, f"proto: invalid value for {kind} field {place}: {value!r}")


def page(
    request: Request,
    entries: Sequence[Entry],
    field: str,
    keys: Mapping[str, str],
    show: Callable[[Entry], Entry] = lambda entry: entry,
) -> JSONResponse:
    """One page of a listing, filtered and sorted as the request wants it.

    `keys` maps what may be filtered and sorted by to fields of an entry.
    """
    found = [entry for entry in entries if _fits(entry, request.query_params.get("filter"), keys)]
    key, _, direction = (request.query_params.get("sort_by") or "created_at").partition(" ")
    if key not in keys:
        raise Refused(400, f"Invalid sort by field: {key}")
    found.sort(key=lambda entry: entry.get(keys[key]) or "", reverse=direction == "desc")
    size = int(request.query_params.get("page_size") or 20)
    start = int(request.query_params.get("page_token") or 0)
    end = start + min(size, LARGEST_PAGE)
    token = str(end) if end < len(found) else ""
    shown = [show(entry) for entry in found[start:end]]
    body = {"total_size": len(found), "next_page_token": token, field: shown}
    # protojson leaves out what is empty.
    return JSONResponse({name: value for name, value in body.items() if value})


def _fits(entry: Entry, text: str | None, keys: Mapping[str, str]) -> bool:
    if not text:
        return True
    wanted = json.loads(text)
    check(wanted, "V2beta1Filter")
    return all(_holds(entry, predicate, keys) for predicate in wanted.get("predicates", ()))


def _holds(entry: Entry, predicate: Entry, keys: Mapping[str, str]) -> bool:
    if predicate["key"] not in keys:
        raise Refused(400, f"Invalid filter: no support for key {predicate['key']}")
    value = str(entry.get(keys[predicate["key"]]) or "")
    match predicate["operation"]:
        case "EQUALS":
            return value == predicate["string_value"]
        case "IS_SUBSTRING":
            return predicate["string_value"] in value
    raise Refused(400, f"not implemented here: {predicate['operation']}")


async def uploaded_file(request: Request) -> bytes:
    """The file of a multipart body, which the API calls `uploadfile`."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + await request.body())
    for part in message.iter_parts():  # type: ignore[attr-defined]
        if part.get_param("name", header="content-disposition") == "uploadfile":
            return bytes(part.get_payload(decode=True))
    raise Refused(400, "Failed to read the file from the form: no uploadfile")


def now() -> str:
    """The time as protojson writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
