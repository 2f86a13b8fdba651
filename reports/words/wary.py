"""What to be wary of in a study: few seeds, trials without a result, collapse, noise."""

from __future__ import annotations

from nasbench_harness.reports.analysis.collapse import collapse_sentences
from nasbench_harness.reports.analysis.finalalpha import nearly_even_sentences
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.summary import DONE
from nasbench_harness.reports.words.claims import enough
from nasbench_harness.reports.words.finals import Finals
from nasbench_harness.reports.words.marked import count, listing, name, names, ranges
from nasbench_harness.reports.words.protocol import SEEDS, searched_quantity


def warnings(data: StudyData, finals: Finals) -> list[str]:
    """A marked sentence for each."""
    return [
        *_few_seeds(finals),
        *_without_result(data),
        *collapse_sentences(data),
        *nearly_even_sentences(data),
        *_noise(data),
    ]


def _few_seeds(finals: Finals) -> list[str]:
    """Methods of which no claim could be made, whatever they had found."""
    if not finals.claims.all:
        return [f"{names(finals.labels)} has no other method to be compared with."] * (
            len(finals.labels) == 1
        )
    able = {label for claim in finals.claims.all if claim.able for label in claim.labels}
    few = [label for label in finals.labels if label not in able and _too_few(label, finals)]
    if not few:
        return []
    most = max(len(finals.values[label]) for label in few)
    claims = [claim for claim in finals.claims.all if set(claim.labels) & set(few)]
    claim = max(claims, key=enough)
    least = max(enough(claim), most + 1)
    seeds = "1 seed" if most == 1 else f"at most {most} seeds"
    if not claim.level:
        return []
    return [
        f"{names(few)}: {seeds}, which can tell nothing apart among {count(claim.family, 'pair')}"
        f" of methods at the level of this look ({claim.level:g}); run at least {least}, better"
        " twice as many."
    ]


def _too_few(label: str, finals: Finals) -> bool:
    """Whether it is for want of seeds, and not because all runs ended alike."""
    least = min(enough(claim) for claim in finals.claims.all if label in claim.labels)
    return len(finals.values[label]) < least


def _without_result(data: StudyData) -> list[str]:
    missing = data.trials[data.trials["status"] != DONE]
    sentences = []
    if len(missing):
        parts = [
            f"{name(str(label))} seed{'s' if len(rows) > 1 else ''} {ranges(rows['seed'])} {status}"
            for (label, status), rows in missing.groupby(["method", "status"], sort=False)
        ]
        sentences.append(
            f"{len(missing)} of {count(len(data.trials), 'trial')}"
            f" {'has' if len(missing) == 1 else 'have'} no result and"
            f" {'is' if len(missing) == 1 else 'are'} left out of every number here:"
            f" {'; '.join(parts)}. The reasons stand with the trials below; a claim has to hold"
            " with those that failed counted as the worst, too."
        )
    blank = data.done[data.done[data.measure.key].isna()]
    if not data.looked_up:
        blank = blank[blank["method"].isin(data.searching)]
    if len(blank):
        where = [f"{name(m)} seed {s}" for m, s in zip(blank["method"], blank["seed"], strict=True)]
        sentences.append(
            f"{listing(where)}: done, but the result holds no {data.measure.noun}; left out."
        )
    return sentences


def _noise(data: StudyData) -> list[str]:
    noise = data.first("noise")
    if noise == SEEDS:
        return [
            "At every step the searchers saw, for every architecture, one of the benchmark's own"
            " training runs drawn at random; the results shown are looked up without noise."
        ]
    if not float(noise) > 0:
        return []
    quantity = searched_quantity(data)
    return [
        f"The searchers saw every {quantity.noun} with Gaussian noise of"
        f" {quantity.amount(f'{float(noise):g}')} on it;"
        " the results shown are looked up without noise."
    ]
