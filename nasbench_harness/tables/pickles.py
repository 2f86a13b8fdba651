"""Reading foreign pickles without running foreign code."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping
from typing import Any

from nasbench_harness.errors import HarnessError


class Record:
    """Stands in for a class of the pickle: holds its attributes and does nothing."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.fields = state


class ForbiddenClassError(HarnessError):
    """A pickle that asks for a class it has no business with."""


def load_restricted(
    data: bytes,
    allowed: Mapping[tuple[str, str], Callable[..., Any]],
    *,
    encoding: str = "ASCII",
) -> Any:
    """Unpickle `data`, resolving only the (module, name) pairs in `allowed`.

    `encoding` is that of the strings of a pickle that Python 2 wrote; `latin1` for its arrays.
    Anything else, built-in functions included, raises ForbiddenClassError before it is looked up;
    a damaged pickle raises HarnessError.
    """
    try:
        return _RestrictedUnpickler(data, allowed, encoding).load()
    except HarnessError:
        raise
    except Exception as error:  # a damaged pickle fails in any way it likes
        raise HarnessError(f"The pickle is damaged and cannot be read ({error}).") from error


class _RestrictedUnpickler(pickle.Unpickler):
    def __init__(
        self,
        data: bytes,
        allowed: Mapping[tuple[str, str], Callable[..., Any]],
        encoding: str,
    ) -> None:
        super().__init__(io.BytesIO(data), encoding=encoding)
        self._allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._allowed[module, name]
        except KeyError:
            admitted = ", ".join(f"{m}.{n}" for m, n in self._allowed) or "none"
            raise ForbiddenClassError(
                f"The pickle asks for `{module}.{name}`; only {admitted} are admitted. It is not"
                " the file it should be and was not loaded."
            ) from None
