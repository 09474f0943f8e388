"""Parameters of a package, checked before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass

from sightline.ground.errors import UserError, nearest
from sightline.package.reading.plan import RootParameter
from sightline.package.reading.specification import read_documents, read_root_parameters
from sightline.project.stages import setting_name
from sightline.runs.engine import Package
from sightline.runs.records import Value

_KINDS: dict[str, tuple[type, ...]] = {
    "STRING": (str,),
    "NUMBER_INTEGER": (int,),
    "NUMBER_DOUBLE": (int, float),
    "BOOLEAN": (bool,),
    "LIST": (list,),
    "STRUCT": (dict,),
}


@dataclass(frozen=True, slots=True)
class Signature:
    """What a compiled pipeline takes."""

    package: Package
    parameters: Mapping[str, RootParameter]

    def check(self, given: Mapping[str, Value]) -> dict[str, Value]:
        """Return the values if the pipeline takes them all and has all that it needs."""
        for name, value in given.items():
            self._expect(name, value)
        missing = [
            name
            for name, parameter in self.parameters.items()
            if parameter.required and name not in given
        ]
        if missing:
            raise UserError(
                f"{self.package.path}: expected a value for {', '.join(missing)}; received none. "
                f"Pass --set {setting_name(missing[0])}=VALUE."
            )
        return dict(given)

    def _expect(self, name: str, value: Value) -> None:
        if name not in self.parameters:
            guess = nearest(name, self.parameters)
            raise UserError(
                f"{self.package.path}: expected parameters of the pipeline; received `{name}`. "
                + (f"Did you mean `{guess}`?" if guess else "Compile the package again.")
            )
        kind = self.parameters[name].type
        allowed = _KINDS.get(kind, (object,))
        if not isinstance(value, allowed) or (isinstance(value, bool) and kind != "BOOLEAN"):
            raise UserError(
                f"{setting_name(name)}: expected {kind.lower().replace('_', ' ')}; received "
                f"{value!r}. Pass another with --set {setting_name(name)}=VALUE."
            )


def read_signature(package: Package) -> Signature:
    """Read what a package takes.

    Raises:
        UserError: it is no compiled pipeline.
    """
    return Signature(package, read_root_parameters(read_documents(package.path)[0]))
