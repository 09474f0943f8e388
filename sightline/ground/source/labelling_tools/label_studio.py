"""Suspects as tasks of Label Studio, and its exports (JSON and JSON-MIN) as decisions.

The formats: https://labelstud.io/guide/task_format and https://labelstud.io/guide/predictions.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from sightline.ground.source.labelling_tools.carried import PREFIX, carried, row_in
from sightline.ground.storage.addresses import scheme_of

LABEL, DECISION = "label", "decision"
"""Names of the two questions in the labelling configuration."""
LOCAL = "/data/local-files/?d="
"""How Label Studio calls files of its own machine, below LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT."""


def tasks_of(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return tasks with the suggested label as a prediction; rows are those of corrections."""
    return [
        {
            "data": {"image": _address(row["uri"]), **carried(row)},
            "predictions": [
                {
                    "model_version": "sightline",
                    **({} if row["score"] is None else {"score": row["score"]}),
                    "result": [
                        {
                            "from_name": LABEL,
                            "to_name": "image",
                            "type": "choices",
                            "value": {"choices": [row["suggested"] or row["given"]]},
                        }
                    ],
                }
            ],
        }
        for row in rows
    ]


def configuration(classes: Sequence[str]) -> str:
    """Return the labelling configuration: which label, and whether to take the image out."""
    choices = "\n".join(f"    <Choice value={quoteattr(name)}/>" for name in classes)
    return f"""<View>
  <Header value="Given: ${PREFIX}given"/>
  <Image name="image" value="$image"/>
  <Choices name="{LABEL}" toName="image" choice="single" showInline="true">
{choices}
  </Choices>
  <Choices name="{DECISION}" toName="image" choice="single">
    <Choice value="drop"/>
  </Choices>
</View>
"""


def decisions_in(content: Any) -> Iterator[dict[str, Any]]:
    """Yield a row of corrections for each task that was annotated.

    Raises:
        ValueError: this is no export of such tasks; says what is wrong.
    """
    if not isinstance(content, list) or not all(isinstance(task, dict) for task in content):
        raise ValueError("no list of tasks")
    for number, task in enumerate(content, start=1):
        known = row_in(task.get("data", task), f"task {number}")
        answers = _answers(task) if "annotations" in task else _flat(task)
        yield {**known, **_decision(answers, str(known.get("given", "")))}


def _decision(answers: Mapping[str, list[str]], given: str) -> dict[str, str]:
    if "drop" in answers.get(DECISION, []):
        return {"decision": "drop"}
    labels = answers.get(LABEL)
    if not labels:
        return {"decision": ""}
    label = "; ".join(labels)
    if label == given:
        return {"decision": "keep", "label": ""}
    return {"decision": "relabel", "label": label}


def _answers(task: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what the last annotation says that was not skipped, by the name of the question."""
    whole = [one for one in task["annotations"] if not one.get("was_cancelled")]
    whole.sort(key=lambda one: str(one.get("updated_at") or one.get("created_at") or ""))
    results = whole[-1].get("result", []) if whole else []
    return {
        str(one.get("from_name")): list(one["value"].get("choices", []))
        for one in results
        if one.get("type") == "choices"
    }


def _flat(task: Mapping[str, Any]) -> dict[str, list[str]]:
    """Read a task of JSON-MIN: one choice is a word there, several are an object."""
    answers = {}
    for name in (LABEL, DECISION):
        value = task.get(name)
        if isinstance(value, dict):
            answers[name] = list(value.get("choices", []))
        elif isinstance(value, str):
            answers[name] = [value]
    return answers


def _address(uri: str) -> str:
    """Return what Label Studio fetches an image by."""
    return uri if scheme_of(uri) else LOCAL + quote(uri.lstrip("/"))
