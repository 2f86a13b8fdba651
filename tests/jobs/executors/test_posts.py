"""Where nodes that do not see the folder leave what they have to tell."""

from __future__ import annotations

from nasbench_harness.jobs.executors import Advanced
from nasbench_harness.jobs.executors.posts import Letter, Mailbox


def test_letters_are_kept_by_sender_until_they_are_taken() -> None:
    mailbox = Mailbox()
    mailbox.begin("a")
    mailbox.advanced("b", [Advanced("t", 1)])
    mailbox.advanced("b", [Advanced("t", 2)])
    assert mailbox.take() == {
        "a": Letter(begun=True),
        "b": Letter(advanced=[Advanced("t", 1), Advanced("t", 2)]),
    }
    assert mailbox.take() == {}


def test_the_last_parcel_of_a_trial_is_kept() -> None:
    mailbox = Mailbox()
    mailbox.ship("a", {"t": {"history.jsonl": b"1"}, "u": {}})
    mailbox.ship("a", {"t": {"history.jsonl": b"12"}})
    assert mailbox.take() == {"a": Letter(parcels={"t": {"history.jsonl": b"12"}, "u": {}})}
