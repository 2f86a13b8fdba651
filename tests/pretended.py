"""A pretended accelerator: a device of its own whose tensors are computed on the CPU.

For tests of whole steps where there is no GPU. It refuses what CUDA refuses, operations on tensors
of host and device, and tells where the host waits: numbers read, copies that are not
`non_blocking`, shapes that depend on data. Autograd's own engine runs the way back.
"""

from __future__ import annotations

import functools
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

import nasbench_harness

NAME = "pretended"
ROOT = Path(__file__).resolve().parent.parent
PACKAGE = Path(nasbench_harness.__file__).resolve().parent
READS = {"_local_scalar_dense", "equal", "is_nonzero", "item"}
"""Operations that hand a number to the host."""
SHAPED = {
    "nonzero", "masked_select", "_unique", "_unique2", "unique_dim", "unique_consecutive",
    "repeat_interleave", "bincount",
}  # fmt: skip
"""Operations whose result has a shape that depends on data."""
CROSSING = {"_to_copy", "copy_", "index", "index_put_", "index_put", "_index_put_impl_"}
"""Operations that take tensors of host and device."""


class MixedDevicesError(RuntimeError):
    """Tensors of host and device in one operation."""


@functools.cache
def pretended_device() -> torch.device:
    """The pretended accelerator; torch knows it from the first call on."""
    _setup_privateuseone_for_python_backend(NAME)  # type: ignore[no-untyped-call]
    return torch.device(NAME, 0)


class HeldOnDevice(Tensor):
    """A tensor of the pretended device, around the one on the host that has its numbers."""

    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> HeldOnDevice:
        made: HeldOnDevice = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls, inner.shape, strides=inner.stride(), storage_offset=inner.storage_offset(),
            dtype=inner.dtype, layout=inner.layout, device=pretended_device(),
        )  # fmt: skip
        made.inner = inner
        return made

    def tolist(self) -> Any:
        """By way of the host; torch refuses it on classes of one's own."""
        return self.cpu().tolist()

    @property
    def data(self) -> Tensor:
        """Without a graph, the same memory."""
        found: Tensor = Tensor.data.__get__(self)  # type: ignore[attr-defined]
        return found

    @data.setter
    def data(self, other: HeldOnDevice) -> None:
        Tensor.data.__set__(self, other)  # type: ignore[attr-defined]
        self.inner = other.inner

    def __reduce_ex__(self, protocol: Any) -> Any:
        """As what is on the host: a checkpoint is read back there whatever wrote it."""
        return self.inner.__reduce_ex__(protocol)

    def __repr__(self, **_: Any) -> str:
        return f"HeldOnDevice({self.inner!r})"

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, dict(kwargs or {}))


class HostGenerator(torch.Generator):
    """Draws on the host, whatever device it was asked for."""

    def __new__(cls, device: Any = None) -> Self:
        return super().__new__(cls, "cpu")


class Pretending(TorchDispatchMode):
    """While it is on, there is the device, and `waits` counts (what, file:function) of waits.

    What mixes host and device is told when it ends, all of it: an error in a thread of autograd's
    engine would end the process.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nothing is compiled here, and importing the compiler takes seconds."""
        return False

    def __init__(self) -> None:
        super().__init__()
        self.device = pretended_device()
        self.waits: Counter[tuple[str, str]] = Counter()
        self.mixed: Counter[tuple[str, str]] = Counter()

    def __enter__(self) -> Self:
        self._generator = torch.Generator
        torch.Generator = HostGenerator  # type: ignore[misc]
        # What `torch.tensor` makes is moved where a mode sees it.
        torch._C._set_only_lift_cpu_tensors(True)
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        torch._C._set_only_lift_cpu_tensors(False)
        torch.Generator = self._generator  # type: ignore[misc]
        if self.mixed:
            told = ", ".join(f"{name} in {where}" for name, where in self.mixed)
            self.mixed.clear()
            raise MixedDevicesError(f"operations on tensors of host and device: {told}")

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if why := _waits(func, args, kwargs):
            self.waits[why, _where()] += 1
        if _mixes(func, args, kwargs):
            self.mixed[_name(func), _where()] += 1
        return _run(func, args, kwargs)


@functools.cache
def _name(func: Any) -> str:
    return str(func._schema.name.partition("::")[2])


def _flat(*values: Any) -> Iterator[Any]:
    """What an operation is given: single values, and those in lists of them."""
    for value in values:
        if isinstance(value, list | tuple):
            yield from value
        else:
            yield value


def _plain(value: Any) -> Any:
    """The same with tensors on the host in place of ours."""
    if isinstance(value, HeldOnDevice):
        return value.inner
    if isinstance(value, list | tuple):
        return [x.inner if isinstance(x, HeldOnDevice) else x for x in value]
    return value


def _lands(args: Any, kwargs: Any) -> bool:
    """Is the result on the device."""
    if kwargs.get("device") is not None:
        return torch.device(kwargs["device"]).type == NAME
    return any(isinstance(x, HeldOnDevice) for x in _flat(*args, *kwargs.values()))


def _waits(func: Any, args: Any, kwargs: Any) -> str:
    """How the host waits for the device; empty where it does not."""
    name = _name(func)
    if name in {"_to_copy", "copy_"}:
        return _moves(name, args, kwargs)
    indexed = name.startswith(("index", "_index_put"))
    if not indexed and name not in READS and name not in SHAPED:
        return ""
    if not any(isinstance(x, HeldOnDevice) for x in _flat(*args)):
        return ""
    if name in READS:
        return "a number is read"
    if name in SHAPED:
        return "a shape depends on data"
    return _indexes(args[1])


def _moves(name: str, args: Any, kwargs: Any) -> str:
    from_device = isinstance(args[name == "copy_"], HeldOnDevice)
    to_device = _lands(args[:1], kwargs)
    if from_device and not to_device:
        return "to the host"
    blocking = not kwargs.get("non_blocking") and args[2:] != (True,)
    return "to the device" if to_device and not from_device and blocking else ""


def _indexes(places: Any) -> str:
    found = [x for x in _flat(places) if isinstance(x, Tensor)]
    if any(x.dtype in (torch.bool, torch.uint8) for x in found):
        return "a shape depends on data"
    return "" if all(isinstance(x, HeldOnDevice) for x in found) else "to the device"


def _mixes(func: Any, args: Any, kwargs: Any) -> bool:
    """Would CUDA refuse it: a tensor of the host that is not a single number, beside ours."""
    name = _name(func)
    tensors = [x for x in _flat(*args, *kwargs.values()) if isinstance(x, Tensor)]
    hosts = [x for x in tensors if not isinstance(x, HeldOnDevice) and x.dim()]
    if not hosts or not any(isinstance(x, HeldOnDevice) for x in tensors):
        return False
    onto_host = name.startswith("index") and not isinstance(args[0], HeldOnDevice)
    return name not in CROSSING or onto_host


def _run(func: Any, args: Any, kwargs: Any) -> Any:
    """The operation, on the numbers."""
    lands = _lands(args, kwargs)
    plain = [_plain(value) for value in args]
    options = {name: _plain(value) for name, value in kwargs.items()}
    if options.get("device") is not None:
        options["device"] = torch.device("cpu")
    found = func(*plain, **options)
    if _name(func) == "copy_":
        return args[0]
    if not lands:
        return found
    given = _flat(*args, *kwargs.values())
    known = {id(x.inner): x for x in given if isinstance(x, HeldOnDevice)}
    if isinstance(found, list | tuple):
        return type(found)(_held(x, known) for x in found)
    return _held(found, known)


def _held(found: Any, known: dict[int, HeldOnDevice]) -> Any:
    """What an operation in place returns is the tensor that it was given."""
    if not isinstance(found, Tensor):
        return found
    return known[id(found)] if id(found) in known else HeldOnDevice(found)


def _where() -> str:
    """The innermost of our own functions on the stack, as `networks/meters.py:read`."""
    for frame in reversed(traceback.extract_stack()):
        path = Path(frame.filename).resolve()
        if path != Path(__file__).resolve() and _is_ours(path):
            return f"{'/'.join(path.parts[-2:])}:{frame.name}"
    return "elsewhere"


def _is_ours(path: Path) -> bool:
    """Is a file the package's, wherever that is installed, or of the repository."""
    own = path.is_relative_to(ROOT) and "site-packages" not in path.parts
    return own or path.is_relative_to(PACKAGE)
