"""What a reader must know before believing a number, wherever it is shown."""

from __future__ import annotations

LANDSCAPE = (
    "This is a landscape study: the searchers optimised the table itself, without training any"
    " network. It compares optimisers, and is no evidence that a method works on images."
)
SUPERNET = (
    "This is a supernet study: networks with shared weights were trained on images, no search saw"
    " the table, and only the answers were looked up in it. It shows how a whole method does on"
    " these images, at this size of network and length of training. Where width, number of cells,"
    " epochs or images are not the published ones, no number here reproduces a paper's."
)
