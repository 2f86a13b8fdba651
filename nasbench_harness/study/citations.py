"""What a study has used, and what to cite of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from nasbench_harness import registry
from nasbench_harness.contracts import bibtex_entries
from nasbench_harness.errors import HarnessError, UnknownNameError, reason
from nasbench_harness.images.place import FOLDER, is_folder, place_name
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.tables.bare import BareTable

_HARNESS = """@misc{{nasbench_harness,
  title = {{nasbench-harness: The benchmark harness that settles arguments about differentiable
           architecture search}},
  author = {{{{The nasbench-harness authors}}}},
  note = {{version {}}}
}}"""


@dataclass(frozen=True)
class Used:
    """A method, space, table or set of images of a study."""

    kind: str
    name: str
    bibtex: tuple[str, ...]
    """Its entries; none where `without` tells why."""
    without: str = ""


def harness(versions: Iterable[str]) -> Used:
    """The entry of the harness itself, in the versions that planned the studies."""
    of = ", ".join(sorted(set(versions)))
    return Used("harness", "nasbench-harness", (_HARNESS.format(of),))


def used(specs: Iterable[TrialSpec]) -> list[Used]:
    """What trials have used, each once: methods first, then spaces, tables and images."""
    planned = list(specs)
    return [
        *_each("method", (spec.method for spec in planned), _of_method),
        *_each("space", (spec.space for spec in planned), _of_space),
        *_each("table", (spec.table for spec in planned), _of_table),
        *_each("images", (_images(spec) for spec in planned), _of_images),
    ]


def distinct_entries(things: Iterable[Used]) -> list[str]:
    """All BibTeX entries, each once, in the order of what they belong to."""
    return list(dict.fromkeys(entry for thing in things for entry in thing.bibtex))


def _images(spec: TrialSpec) -> str:
    """What the images are called; where a folder lies is nobody's business."""
    return f"{FOLDER}{place_name(spec.images)}" if is_folder(spec.images) else spec.images


def _each(kind: str, names: Iterable[str], citation: Callable[[str], str]) -> Iterator[Used]:
    for name in filter(None, dict.fromkeys(names)):
        try:
            entries = tuple(bibtex_entries(citation(name)))
        except UnknownNameError:
            yield Used(kind, name, (), "is not installed here")
        except HarnessError as error:  # a plugin that cannot be loaded, a table that is not there
            yield Used(kind, name, (), reason(error))
        else:
            yield Used(kind, name, entries, "" if entries else "names nothing to cite")


def _of_method(name: str) -> str:
    return str(getattr(registry.open_setup(name), "citation", ""))


def _of_space(name: str) -> str:
    return str(getattr(registry.open_space(name), "citation", ""))


def _of_table(name: str) -> str:
    return (registry.data_of(name) or BareTable(name)).citation


def _of_images(name: str) -> str:
    return "" if is_folder(name) else registry.open_data(name).citation
