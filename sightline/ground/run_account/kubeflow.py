"""What Kubeflow's services say of a run: one account, whatever version they are.

Versions up to 2.17 say how tasks stand in the workflow of the run, and what they made in a metadata
store; later ones say both in their own API.
"""

import json
from collections.abc import Mapping
from typing import Any

from sightline.ground.run_account.account import Account, NotTold, Web
from sightline.ground.run_account.metadata_store import read_outputs
from sightline.ground.run_account.task_api import VIEW, tasks_of_run
from sightline.ground.run_account.workflow import (
    Nodes,
    nodes_of_details,
    nodes_of_manifest,
    tasks_of,
    tries_errors_only,
)

RUN = "/apis/v2beta1/runs/"
WORKFLOW = "/apis/v1beta1/runs/"
CANCEL = ("CANCELING", "CANCELED")


def read_account(web: Web, run_id: str, *, outputs: bool = True) -> Account:
    """Return what Kubeflow says of a run.

    Args:
        web: its API server, and beside it the metadata store, as its pages have both.
        run_id: of the run.
        outputs: whether to ask what its tasks made.

    Raises:
        NotTold: it does not answer, or knows no such run.
    """
    run = _object(web.get(f"{RUN}{run_id}{VIEW}"))
    if not run:
        raise NotTold("Kubeflow knows no such run")
    if run.get("tasks"):
        tasks = tasks_of_run(run["tasks"])
        return Account(tasks=tasks, cancelled=was_cancelled(run), knows_outputs=True)
    nodes, notes = _workflow(web, run_id)
    account = _by_nodes(nodes, run) if nodes else listed_account(run)
    account.notes += notes
    if outputs:
        _add_outputs(web, run_id, account)
    return account


def listed_account(run: Mapping[str, Any]) -> Account:
    """Return what a run's own entry says of it: states of tasks, without reuse and attempts."""
    details = (run.get("run_details") or {}).get("task_details") or []
    return _by_nodes(nodes_of_details(details), run)


def was_cancelled(run: Mapping[str, Any]) -> bool:
    """Tell whether somebody stopped a run: Kubeflow calls its end a failure."""
    states = [str(one.get("state")) for one in run.get("state_history") or ()]
    return any(state in CANCEL for state in (*states, str(run.get("state"))))


def _by_nodes(nodes: Nodes, run: Mapping[str, Any]) -> Account:
    return Account(
        tasks=tasks_of(nodes),
        cancelled=was_cancelled(run),
        tries_errors_only=tries_errors_only(nodes),
    )


def _workflow(web: Web, run_id: str) -> tuple[Nodes, list[str]]:
    """Return the graph of a run, or why only the list of its nodes is to be had."""
    try:
        found = _object(web.get(f"{WORKFLOW}{run_id}"))
        runtime = found.get("pipeline_runtime") or {}
        return nodes_of_manifest(str(runtime.get("workflow_manifest") or "")), []
    except (NotTold, ValueError, AttributeError) as error:
        return {}, [f"The workflow could not be read ({error})."]


def _add_outputs(web: Web, run_id: str, account: Account) -> None:
    try:
        outputs = read_outputs(web, run_id)
    except NotTold as error:
        account.notes.append(f"What tasks were reused from is not known ({error}).")
        return
    account.knows_outputs = outputs is not None
    for name, made in (outputs or {}).items():
        if name in account.tasks:
            account.tasks[name].parameters = made.parameters
            account.tasks[name].artifacts = made.artifacts


def _object(answer: bytes | None) -> dict[str, Any]:
    """Return the JSON object of an answer; an empty one where there is none.

    Raises:
        NotTold: it is something else, such as a page to log in.
    """
    if answer is None:
        return {}
    try:
        found = json.loads(answer)
    except ValueError as error:
        raise NotTold("it answered with something else than JSON") from error
    if not isinstance(found, dict):
        raise NotTold("it answered with something else than an object")
    return found
