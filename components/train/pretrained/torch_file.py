"""Read a `.pth` file of weights, as torch wrote them before 1.6, without torch."""

import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from sightline.ground.errors import DataError, one_line

Arrays = dict[str, np.ndarray[Any, Any]]

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
ELEMENTS = {"FloatStorage": "<f4", "LongStorage": "<i8"}
"""What a storage holds, by torch's name of it."""


class _Storage:
    """The numbers of one tensor or several, which follow behind all pickles."""

    def __init__(self, key: str, dtype: str, size: int) -> None:
        self.key, self.dtype, self.size = key, np.dtype(dtype), size


class _Tensor:
    """A tensor as its pickle describes it: where in a storage it lies."""

    def __init__(
        self, storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
    ) -> None:
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides


class _Unpickler(pickle.Unpickler):
    """Unpickles tensors and nothing else: no code of the file runs."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in ELEMENTS:
            return ELEMENTS[name]
        raise pickle.UnpicklingError(f"it names {module}.{name}, which is no tensor")

    def persistent_load(self, pid: Any) -> _Storage:
        _, dtype, key, _, size, view = pid
        if view is not None:
            raise pickle.UnpicklingError("it holds views of storages")
        return _Storage(key, dtype, size)


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


def read_torch_file(path: Path) -> Arrays:
    """Return the arrays of a file, by their names in torch.

    Raises:
        DataError: it is no such file, or holds anything but tensors.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    # What unpickling raises on damage has many kinds.
    except Exception as error:
        if isinstance(error, OSError):
            raise
        raise DataError(
            f"{path}: expected weights as torch wrote them before 1.6, tensors of float32 alone; "
            f"received something else ({one_line(error)}). Fetch them again: sightline weights "
            "fetch NAME."
        ) from error


def _read(file: BinaryIO) -> Arrays:
    def loaded() -> Any:
        return _Unpickler(file).load()

    if (loaded(), loaded()) != (MAGIC, PROTOCOL):
        raise ValueError("its magic number is another")
    if not loaded()["little_endian"]:
        raise ValueError("its numbers are big-endian")
    tensors: dict[str, _Tensor] = loaded()
    dtypes = {one.storage.key: one.storage for one in tensors.values()}
    numbers = {key: _numbers(file.read, dtypes[key]) for key in loaded()}
    return {name: _array(one, numbers[one.storage.key]) for name, one in tensors.items()}


def _numbers(read: Callable[[int], bytes], storage: _Storage) -> np.ndarray[Any, Any]:
    (size,) = struct.unpack("<q", read(8))
    content = read(size * storage.dtype.itemsize)
    if size != storage.size or len(content) != size * storage.dtype.itemsize:
        raise ValueError("it ends too early")
    return np.frombuffer(content, storage.dtype)


def _array(tensor: _Tensor, numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    reach = sum((side - 1) * step for side, step in zip(tensor.shape, tensor.strides, strict=True))
    if tensor.offset < 0 or min((0, *tensor.strides)) < 0 or 0 in tensor.shape:
        raise ValueError("a tensor lies nowhere")
    # What strides reach is no concern of NumPy's.
    if tensor.offset + reach >= len(numbers):
        raise ValueError("a tensor reaches behind its storage")
    item = numbers.dtype.itemsize
    return np.lib.stride_tricks.as_strided(
        numbers[tensor.offset :],
        tensor.shape,
        [step * item for step in tensor.strides],
        writeable=False,
    )
