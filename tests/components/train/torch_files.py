"""Files of weights as torch wrote them before 1.6, made without torch."""

import pickle
import struct
import sys
from collections import OrderedDict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
SYSTEM = {"protocol_version": PROTOCOL, "little_endian": True, "type_sizes": {"long": 4}}


class _Storage:
    def __init__(self, key: str, kind: type, size: int) -> None:
        self.pid = ("storage", kind, key, "cpu", size, None)


class _Pickler(pickle.Pickler):
    def persistent_id(self, one: Any) -> Any:
        return one.pid if isinstance(one, _Storage) else None


def write_torch_file(path: Path, arrays: dict[str, np.ndarray[Any, Any]]) -> Path:
    """Write arrays, each in a storage of its own and with the strides that it has in memory."""
    utils, torch = ModuleType("torch._utils"), ModuleType("torch")

    def rebuild(*_: Any) -> None: ...

    class FloatStorage: ...

    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    FloatStorage.__module__, FloatStorage.__qualname__ = "torch", "FloatStorage"
    utils._rebuild_tensor_v2 = rebuild  # type: ignore[attr-defined]
    torch.FloatStorage = FloatStorage  # type: ignore[attr-defined]

    class Tensor:
        def __init__(self, key: str, array: np.ndarray[Any, Any]) -> None:
            self.key, self.array = key, array

        def __reduce__(self) -> Any:
            storage = _Storage(self.key, FloatStorage, self.array.size)
            strides = tuple(step // self.array.itemsize for step in self.array.strides)
            return rebuild, (storage, 0, self.array.shape, strides, False, OrderedDict())

    tensors = OrderedDict(
        (name, Tensor(str(number), array)) for number, (name, array) in enumerate(arrays.items())
    )
    with pytest.MonkeyPatch.context() as patch, path.open("wb") as file:
        patch.setitem(sys.modules, "torch", torch)
        patch.setitem(sys.modules, "torch._utils", utils)
        keys = [one.key for one in tensors.values()]
        for part in (MAGIC, PROTOCOL, SYSTEM, tensors, keys):
            _Pickler(file, protocol=2).dump(part)
        for array in arrays.values():
            file.write(struct.pack("<q", array.size))
            file.write(array.astype("<f4").tobytes(order="A"))
    return path
