"""Give a bundle other signatures, names of classes, forms or words, without training."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from components.export.measuring import parity
from components.export.measuring.again import Resigned, ask_again, files_of, renamed
from components.export.model_card import FILE as CARD_FILE
from components.export.resign_settings import ResignSettings
from components.export.settings import ExportSettings
from components.export.stage import check_tools, library_versions, write_labels
from sightline.ground.errors import DataError, SettingsError, shorten
from sightline.ground.models.formats import LITERT_INT8
from sightline.ground.ports import Facts, InputModel, OutputModel
from sightline.ground.source.refusals import RefusedError
from sightline.ground.source.words import clean_labels
from sightline.problems import Problem, problem_of
from sightline.stage.answering.engine import SAVED_MODEL, Engine
from sightline.stage.clock import timestamp
from sightline.stage.command import run
from sightline.stage.formats import bundle as bundles
from sightline.stage.formats import model as models
from sightline.stage.formats.bundle import BundleInfo
from sightline.stage.formats.training_images import FILE as TRAINING_IMAGES

if TYPE_CHECKING:
    from components.export.forms.conversion import LeftOut

COPIED = (models.FILE, TRAINING_IMAGES, parity.FILE)


def resign(*, bundle: InputModel, resigned: OutputModel, settings: ResignSettings) -> Facts:
    """Write a bundle anew around the model that it holds; its answers stay what they are.

    Raises:
        SettingsError: a class that is renamed is none of its, or a form takes training images.
        DataError: the bundle is damaged, or the new one answers its golden requests otherwise. A
            form that is added and rounds is left out then, as export does it.
    """
    before = bundles.read_info(bundle)
    bundles.check_files(bundle, before)
    names = renaming(before.classes, settings.labels)
    added = [one for one in dict.fromkeys(settings.formats) if one not in files_of(before)]
    _check_forms(added)
    trained = _trained(bundle, names)
    problem = problem_of(trained.problem, trained.about)
    resigned.mkdir(parents=True, exist_ok=True)
    for name in (*COPIED, *files_of(before).values()):
        if name != SAVED_MODEL and (bundle / name).is_file():
            shutil.copyfile(bundle / name, resigned / name)
    top_k = settings.top_k or before.top_k
    left_out = _write_models(bundle, resigned, trained, problem, settings, added, top_k)
    models.write_info(resigned, trained)
    write_labels(resigned / bundles.LABELS_FILE, trained.classes)
    engines = ask_again(
        Resigned(
            bundle=bundle,
            resigned=resigned,
            before=before,
            trained=trained,
            problem=problem,
            names=names,
            added=[one for one in added if one not in left_out],
            left_out=left_out,
        )
    )
    card = (bundle / CARD_FILE).read_text(encoding="utf-8")
    (resigned / CARD_FILE).write_text(
        revised_card(card, before, trained.classes, settings), encoding="utf-8"
    )
    info = replace(_describe(resigned, before, trained, engines, settings), top_k=top_k)
    bundles.write_info(resigned, info)
    return {"resigned": {"model_name": info.model_name, "digest": info.digest}}


def _check_forms(added: Sequence[str]) -> None:
    check_tools(ExportSettings(formats=tuple(added)))
    if LITERT_INT8 in added:
        raise SettingsError(
            "resign: `formats`: expected forms that take no training images; int8 is made with "
            "some, which a bundle does not hold. Run export with export.formats."
        )


def renaming(classes: Sequence[str], labels: Sequence[str]) -> dict[str, str]:
    """Return old name -> new name of every class; `labels` say which change, as `old=new`.

    Raises:
        SettingsError: one is no `old=new`, names no class, or two classes would share a name.
    """
    names = {name: name for name in classes}
    for label in labels:
        known = [name for name in classes if label.startswith(f"{name}=")]
        new = _clean(label.removeprefix(f"{max(known, key=len)}=")) if known else ""
        if not new:
            raise SettingsError(
                f"resign: `labels`: expected old=new with a class of the bundle "
                f"({shorten(list(classes))}) and a name in one line, received {label!r}."
            )
        names[max(known, key=len)] = new
    if len(set(names.values())) < len(names):
        raise SettingsError(
            "resign: `labels`: expected a name of its own for each class, received "
            f"{shorten(list(names.values()))}."
        )
    return names


def _clean(label: str) -> str:
    """Return a name as ingest takes it; nothing where that takes none such."""
    try:
        return clean_labels([label])[0]
    except RefusedError:
        return ""


def _trained(bundle: Path, names: Mapping[str, str]) -> models.ModelInfo:
    if not (bundle / models.FILE).is_file():
        raise DataError(
            f"{bundle}: expected {models.FILE}, which newer bundles hold; found none. Export the "
            "model again."
        )
    found = models.read_info(bundle)
    classes = tuple(names.get(name, name) for name in found.classes)
    return replace(found, classes=classes, about=renamed(found.about, names))


def _write_models(
    bundle: Path,
    resigned: Path,
    trained: models.ModelInfo,
    problem: Problem,
    settings: ResignSettings,
    added: Sequence[str],
    top_k: int,
) -> "LeftOut":
    """Write the SavedModel and the forms to add; return which of these are left out, and why."""
    network = models.load_keras(bundle)
    from components.export.forms.conversion import Source, write_further
    from components.export.forms.saved_model import read_signatures, write_served

    wanted = settings.signatures
    if wanted is None:
        wanted = read_signatures(bundle / SAVED_MODEL)
    frozen = write_served(network, resigned, trained, problem, wanted=wanted, top_k=top_k)
    source = Source(frozen=frozen, outputs=problem.serving.outputs)
    return write_further(source, resigned, added)


def revised_card(
    card: str, before: BundleInfo, classes: Sequence[str], settings: ResignSettings
) -> str:
    """Return the model card with other words, and where it comes from."""
    licence = json.dumps(settings.licence, ensure_ascii=False)
    changes = [
        (
            rf"^# {re.escape(before.model_name)}$",
            settings.model_name and f"# {settings.model_name}",
        ),
        (
            rf'^- name: "{re.escape(before.model_name)}"$',
            settings.model_name and f'- name: "{settings.model_name}"',
        ),
        (
            r"^license: .*$",
            settings.licence and f"license: {licence}",
        ),
        (
            r"(?<=^## Intended use\n\n)(?:(?!^## ).*\n)*?(?=\n## )",
            settings.intended_use and f"{settings.intended_use}\n",
        ),
        (r"^- Classes, in their order: .*$", f"- Classes, in their order: {', '.join(classes)}"),
    ]
    for pattern, text in changes:
        if text:
            escaped = text.replace("\\", r"\\")
            card = re.sub(pattern, escaped, card, flags=re.MULTILINE)
    was = shorten(list(before.classes))
    return (
        f"{card.rstrip()}\n- Signed again from the bundle `{before.digest}`; its classes: {was}\n"
    )


def _describe(
    resigned: Path,
    before: BundleInfo,
    trained: models.ModelInfo,
    engines: tuple[Engine, ...],
    settings: ResignSettings,
) -> BundleInfo:
    # Forms that are copied were written by what the bundle names.
    versions = {**before.versions, **library_versions(settings.formats)}
    return replace(
        before,
        model_name=settings.model_name or before.model_name,
        classes=trained.classes,
        about=trained.about,
        digest=bundles.digest_of(
            signed_from=before.digest, settings=settings.model_dump(mode="json"), versions=versions
        ),
        created=timestamp(),
        versions=versions,
        engines=engines,
        lineage={**before.lineage, "signed_from": before.digest},
        files=bundles.hash_files(resigned),
    )


if __name__ == "__main__":
    run(resign)
