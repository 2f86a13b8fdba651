"""A study against a baseline: one finding per method and metric."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nasbench_harness.errors import ExitCode, UnknownNameError
from nasbench_harness.images.place import is_folder
from nasbench_harness.reports.regression.baseline import Baseline, BaselineError, read_baseline
from nasbench_harness.reports.regression.collapse import collapse_notes, collapse_warnings
from nasbench_harness.reports.regression.comparison import LossComparison, noise_between
from nasbench_harness.reports.regression.decision import CheckDecision, decide
from nasbench_harness.reports.regression.margins import check_margins, find_margins, margin_of
from nasbench_harness.reports.regression.sentences import means, say, say_unfinished
from nasbench_harness.reports.regression.series import (
    COSTS,
    MEMORY,
    Key,
    Measured,
    Series,
    read_results,
)
from nasbench_harness.reports.regression.verdicts import CheckVerdict, Finding, exit_code
from nasbench_harness.reports.words.marked import listing, name
from nasbench_harness.study.canonical import canonical_label
from nasbench_harness.study.differences import differences, told
from nasbench_harness.study.spec import COHORT

SHOWN_DIFFERENCES = 4


@dataclass(frozen=True)
class CheckReport:
    """All findings, and what else a reader should know."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    """Sentences with marked names, see `reports.words`."""
    warnings: tuple[str, ...] = ()
    """What a reader has to hear of although the exit code does not count it; likewise."""

    @property
    def exit_code(self) -> ExitCode:
        """What a script reads."""
        return exit_code(self.findings)


def check_folders(
    baseline: Baseline,
    folders: Iterable[Path],
    *,
    methods: Sequence[str] = (),
    margins: Mapping[str, float] | None = None,
) -> CheckReport:
    """Check the studies in these folders; see `check_results`."""
    metrics = {series.key.metric for series in baseline.results.series} - {*COSTS}
    return check_results(
        baseline, read_results(folders, sorted(metrics)), methods=methods, margins=margins
    )


def check_results(
    baseline: Baseline,
    results: Measured,
    *,
    methods: Sequence[str] = (),
    margins: Mapping[str, float] | None = None,
) -> CheckReport:
    """Check results; `methods` are the labels to check (default: all of the baseline).

    `margins` replace the baseline's own. HarnessError if the two are about different configs or
    tables, or the results lack what the baseline has.
    """
    allowed = find_margins(baseline, margins or {})
    chosen, there = fitting(baseline.results, results.series, methods)
    settled: dict[Key, Finding] = {}
    comparisons: dict[Key, LossComparison] = {}
    for old in chosen:
        new = there.get(old.key)
        if finding := _without_values(old, new, there):
            settled[old.key] = finding
        if new is not None and new.values and not _on_other_device(old, new):
            noise = noise_between(old, new, baseline.results.versions, results.versions)
            margin = margin_of(old, allowed)
            comparisons[old.key] = LossComparison(old, new, margin, noise)
    tested = _decide(comparisons, settled)
    findings = tuple(tested.get(old.key) or settled[old.key] for old in chosen)
    notes = tuple(_notes(baseline.results, results, comparisons))
    return CheckReport(findings, notes, tuple(collapse_warnings(comparisons.values())))


def _decide(
    comparisons: Mapping[Key, LossComparison], settled: Mapping[Key, Finding]
) -> dict[Key, Finding]:
    """The findings of all comparisons; of an unfinished method only a regression counts."""
    decisions = decide(list(comparisons.values()))
    checks = sum(not math.isnan(decision.p_margin) for decision in decisions)
    found = {}
    for (key, comparison), decision in zip(comparisons.items(), decisions, strict=True):
        if key not in settled or decision.verdict in (CheckVerdict.REGRESSION, CheckVerdict.MOVED):
            found[key] = _finding(comparison, decision, checks)
    return found


def _finding(comparison: LossComparison, decision: CheckDecision, checks: int) -> Finding:
    key = comparison.old.key
    old, new = means(comparison)
    sizes = len(comparison.old.values), len(comparison.new.values)
    seeds = f"{len(comparison.common)} paired" if comparison.paired else f"{sizes[0]} / {sizes[1]}"
    sentence = say(comparison, decision, checks)
    return Finding(
        key.place, key.method, key.metric, decision.verdict, sentence, comparison.effect, old, new,
        seeds,
    )  # fmt: skip


def renewed(path: Path, folders: Iterable[Path], margins: Mapping[str, float]) -> Baseline:
    """A baseline from these folders that keeps the metrics and margins of the one in `path`."""
    old = _replaced(path)
    results = read_results(folders, kept_metrics(path))
    check_margins(margins, {series.key.metric for series in results.series})
    return Baseline(results, {**old.margins, **margins})


def kept_metrics(path: Path) -> list[str]:
    """Accuracies that a new baseline in the place of `path` has to have."""
    return sorted({series.key.metric for series in _replaced(path).results.series} - {*COSTS})


def _replaced(path: Path) -> Baseline:
    """The baseline in `path`; an empty one where there is none, or it cannot be read."""
    if path.is_file():
        with contextlib.suppress(BaselineError):
            return read_baseline(path)
    return Baseline(Measured((), {}))


def _placed(key: Key, series: Series, old: Iterable[Series]) -> Key:
    """The key with the baseline's name for a folder of the same images, wherever they lie now."""
    digest = series.config.get("image_digest")
    same = (
        one.key.dataset
        for one in old
        if digest and one.config.get("image_digest") == digest and is_folder(one.key.dataset)
    )
    dataset = next(same, None) if is_folder(key.dataset) else None
    return key._replace(dataset=dataset) if dataset else key


# --- what cannot be compared -------------------------------------------------------------------


def fitting(
    baseline: Measured, found: Iterable[Series], methods: Sequence[str]
) -> tuple[list[Series], dict[Key, Series]]:
    """The baseline's series that are to be checked, and what they are held against by their keys.

    Values are not looked at, so that what was planned can be tried as well as what was found.
    HarnessError where the two do not fit.
    """
    chosen = _chosen(baseline, methods)
    there = {_placed(series.key, series, chosen): series for series in found}
    if faults := [*_missing(chosen, there), *_other_configs(chosen, there)]:
        raise BaselineError(" ".join(faults))
    return chosen, there


def _chosen(results: Measured, methods: Sequence[str]) -> list[Series]:
    labels = {series.key.method for series in results.series}
    wanted = [canonical_label(method) for method in methods]
    for method, label in zip(methods, wanted, strict=True):
        if label not in labels:
            raise UnknownNameError("method in the baseline", method, labels)
    return [one for one in results.series if not methods or one.key.method in wanted]


def _missing(chosen: Sequence[Series], there: Mapping[Key, Series]) -> Iterator[str]:
    """What a run lacks altogether would else go unnoticed."""
    methods = {key[:4] for key in there}
    absent = {old.key[:4]: old.key for old in chosen if old.key[:4] not in methods}
    if absent:
        what = listing([f"`{key.method}` ({key.place})" for key in absent.values()])
        yield (
            f"The baseline has {what}, which was not run; run it too, or name with --methods what"
            " to check."
        )
    for old in chosen:
        if old.key[:4] in absent:
            continue
        unknown = old.key not in there and old.key.metric not in COSTS
        unfinished = any(one.unfinished for key, one in there.items() if key[:4] == old.key[:4])
        if unknown and not unfinished:
            have = sorted(key.metric for key in there if key[:4] == old.key[:4])
            yield (
                f"The baseline judges `{old.key.method}` by `{old.key.metric}`, which this run has"
                f" not; it has {listing(have)}."
            )


def _other_configs(chosen: Sequence[Series], there: Mapping[Key, Series]) -> Iterator[str]:
    """What methods were run otherwise than in the baseline; those that differ alike together."""
    alike: dict[str, list[str]] = {}
    for old in chosen:
        if (new := there.get(old.key)) is not None and (text := _difference(old, new)):
            alike.setdefault(text, []).append(f"`{old.key.method}`")
    for text, methods in alike.items():
        yield text.format(listing(list(dict.fromkeys(methods))))


def _difference(old: Series, new: Series) -> str:
    """How the configs of a method differ, with a place for its name; empty if they do not."""
    found = differences(old.config, new.config)
    if not found:
        return ""
    if any(difference.field == f"options.{COHORT}" for difference in found):
        return (
            f"The baseline's searches of {{}} had {_places(old)}, and this run's have"
            f" {_places(new)}: rounding parts them, and only like is compared with like. Run the"
            " baseline's config, or write a new baseline with --update."
        )
    tables = [difference for difference in found if difference.field in ("table", "table_hash")]
    what = "another table" if tables else "another config"
    shown = [told(difference) for difference in found[:SHOWN_DIFFERENCES]]
    more = len(found) - len(shown)
    rest = [f"{more} more"] if more > 0 else []
    said = listing(shown + rest).replace("{", "{{").replace("}", "}}")
    return (
        f"The baseline is about {what} of {{}}: {said}. Run the baseline's config, or write a new"
        " baseline with --update."
    )


def _places(series: Series) -> str:
    """What its seeds were trained in."""
    places = series.config.get("options", {}).get(COHORT)
    return f"a network of {places} seeds (`--{COHORT}`)" if places else "a network a seed"


def _without_values(old: Series, new: Series | None, there: Mapping[Key, Series]) -> Finding | None:
    key = old.key
    if new is None:
        of_method = [one for other, one in there.items() if other[:4] == key[:4]]
        if broken := next((one for one in of_method if one.unfinished), None):
            return _settled(key, CheckVerdict.UNFINISHED, say_unfinished(broken))
        return _settled(key, CheckVerdict.SKIPPED, f"This run recorded no {name(key.metric)}.")
    if new.unfinished:
        return _settled(key, CheckVerdict.UNFINISHED, say_unfinished(new))
    if _on_other_device(old, new):
        where = f"The baseline was trained on {old.device}, this run on {new.device}"
        return _settled(key, CheckVerdict.SKIPPED, f"{where}; their memory is not comparable.")
    return None


def _on_other_device(old: Series, new: Series) -> bool:
    return old.key.metric == MEMORY and old.device != new.device


def _settled(key: Key, verdict: CheckVerdict, sentence: str) -> Finding:
    return Finding(key.place, key.method, key.metric, verdict, sentence)


def _notes(
    old: Measured, new: Measured, comparisons: Mapping[Key, LossComparison]
) -> Iterable[str]:
    yield from new.notes
    known = {series.key[:4] for series in old.series}
    keys = [_placed(one.key, one, old.series) for one in new.series]
    added = sorted({key.method for key in keys if key[:4] not in known})
    if added:
        which = "is" if len(added) == 1 else "are"
        yield f"{listing([name(label) for label in added])} {which} not in the baseline."
    reasons = {c.noise for key, c in comparisons.items() if c.paired and key.metric not in COSTS}
    for reason in sorted(reasons - {""}):
        yield f"Equal seeds need not give equal values here ({reason}): compared by a test."
    yield from collapse_notes(comparisons.values())
