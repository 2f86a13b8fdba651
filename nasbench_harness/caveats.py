"""What a reader must know before believing a number, wherever it is shown."""

from __future__ import annotations

LANDSCAPE = (
    "This is a landscape study: the searchers optimised the table itself, without training any"
    " network. It compares optimisers, and is no evidence that a method works on images."
)
