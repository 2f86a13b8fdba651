"""Published and own settings of the methods, a file a method; every number has its tag.

[C] the method authors' code, [B] the benchmark authors' code, [P] stated in the paper, [A] in its
abstract alone, [V] recomputed, [D] a design decision of this project, [U] unconfirmed.
"""
