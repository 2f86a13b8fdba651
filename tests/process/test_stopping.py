"""Signals end a training after its batch, and are given back afterwards."""

from __future__ import annotations

import signal
import threading

import pytest

from nasbench_harness.process.frame import STOPS
from nasbench_harness.process.stopping import stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, *STOPS])
def test_a_signal_asks_to_stop(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_on_signals() as stopped:
        assert not stopped()
        signal.raise_signal(number)
        assert stopped()
    assert signal.getsignal(number) is before


def test_a_second_ctrl_c_interrupts_at_once() -> None:
    with stop_on_signals():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_another_thread_than_the_main_one_is_never_asked() -> None:
    told = []

    def inside() -> None:
        with stop_on_signals() as stopped:
            told.append(stopped())

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert told == [False]
