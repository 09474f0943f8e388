"""Parameters of a pipeline, checked before anything is sent or started."""

from collections.abc import Mapping
from dataclasses import dataclass

from sightline.ground.errors import UserError, nearest, shorten
from sightline.ground.parameter_kinds import as_kind, words_of
from sightline.package.compiled import Package
from sightline.package.reading.plan import RootParameter
from sightline.package.reading.specification import read_documents, read_root_parameters
from sightline.project.stages import setting_name
from sightline.runs.records import Value


@dataclass(frozen=True, slots=True)
class Signature:
    """What a compiled pipeline takes."""

    pipeline: str
    """What messages call it, such as its file."""
    parameters: Mapping[str, RootParameter]

    def check(self, given: Mapping[str, Value]) -> dict[str, Value]:
        """Return the values, in the form of their kinds, if they are all that the pipeline needs.

        Raises:
            UserError: one is unknown, missing or of another kind.
        """
        checked = {name: self._checked(name, value) for name, value in given.items()}
        missing = {
            setting_name(name): words_of(parameter.type)
            for name, parameter in self.parameters.items()
            if parameter.required and parameter.default is None and name not in given
        }
        if missing:
            wanted = shorten(f"{name} ({words})" for name, words in missing.items())
            raise UserError(
                f"{self.pipeline}: expected a value for {wanted}; received none. "
                f"Pass --set {next(iter(missing))}=VALUE."
            )
        return checked

    def _checked(self, name: str, value: Value) -> Value:
        if name not in self.parameters:
            guess = nearest(name, self.parameters)
            raise UserError(
                f"{self.pipeline}: expected parameters of the pipeline; received `{name}`. "
                + (f"Did you mean `{guess}`?" if guess else f"Known: {shorten(self.parameters)}.")
            )
        kind = self.parameters[name].type
        try:
            return as_kind(value, kind)
        except ValueError:
            raise UserError(
                f"{setting_name(name)}: expected {words_of(kind)}; received {value!r}. "
                f"Pass another with --set {setting_name(name)}=VALUE."
            ) from None


def defaults_of(parameters: Mapping[str, RootParameter]) -> dict[str, Value]:
    """Return what parameters are where a run does not say it, in the form of their kinds."""
    return {
        name: as_kind(parameter.default, parameter.type)
        for name, parameter in parameters.items()
        if parameter.default is not None
    }


def read_signature(package: Package) -> Signature:
    """Read what a package takes.

    Raises:
        UserError: it is no compiled pipeline.
    """
    document = read_documents(package.path)[0]
    return Signature(str(package.path), read_root_parameters(document))
