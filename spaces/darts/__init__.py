"""The DARTS cell space: a normal and a reduction cell, two edges a node, 10^18 architectures.

Source: Liu, Simonyan & Yang, "DARTS: Differentiable Architecture Search", ICLR 2019 (arXiv
1806.09055), and the authors' code. UNAS, DrNAS, EDAS and what they compare themselves with report
on it. A relaxed cell has all 14 edges; an architecture keeps the two strongest of each node.
"""

from nasbench_harness.spaces.darts.space import DARTSSpace

__all__ = ["DARTSSpace"]
