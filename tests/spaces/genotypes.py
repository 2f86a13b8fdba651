"""A space of another package: genotypes that keep two inputs a node of all those that are relaxed.

Like a DARTS cell: node n may take any of the two inputs and the earlier nodes, each through one of
three operations; two of them are kept. So most decisions of a large one are not kept,
it is not the product of its rows, and nobody lists all of them.
"""

from itertools import combinations

import torch

from nasbench_harness.contracts import Architecture, Column, Cost, Decision, Role, Value
from nasbench_harness.errors import InvalidArchitectureError

NODES, KEPT = 3, 2
OPERATIONS = ("skip", "conv", "pool")
EDGES = tuple((node, source) for node in range(NODES) for source in range(2 + node))


class Genotypes:
    """Written `conv0,skip1|pool0,conv2|...`: two inputs of every node, each with its operation."""

    name, version = "genotypes", "1"
    costs = (Cost("params", "a million for every convolution", "count"),)
    columns = (Column("skips", Value.WHOLE, Role.RESULT, "inputs that are passed on", "count"),)
    decisions = tuple(
        Decision(f"{node}<-{source}", OPERATIONS, group=str(node), free=("skip",))
        for node, source in EDGES
    )

    @property
    def mask(self):
        return torch.ones(len(EDGES), len(OPERATIONS), dtype=torch.bool)

    def genotype(self, kept):
        """`kept` maps edges to operations."""
        choices = tuple(number for edge in sorted(kept) for number in (edge, kept[edge]))
        words = [[] for _ in range(NODES)]
        for edge in sorted(kept):
            node, source = EDGES[edge]
            words[node].append(f"{OPERATIONS[kept[edge]]}{source}")
        return Architecture(self.name, choices, "|".join(",".join(two) for two in words))

    def kept(self, arch):
        return dict(zip(arch.choices[::2], arch.choices[1::2], strict=True))

    def parse(self, text):
        try:
            kept = {}
            for node, words in enumerate(text.split("|")):
                for word in words.split(","):
                    edge = EDGES.index((node, int(word[-1])))
                    kept[edge] = OPERATIONS.index(word[:-1])
            arch = self.genotype(kept)
            if len(kept) != NODES * KEPT or str(arch) != text:
                raise ValueError("two inputs a node, in order")
        except (ValueError, IndexError) as error:
            raise InvalidArchitectureError(text, 0, f"no genotype ({error})") from error
        return arch

    def into(self, node):
        return [edge for edge, (target, _) in enumerate(EDGES) if target == node]

    def sample(self, generator):
        kept = {}
        for node in range(NODES):
            pairs = list(combinations(self.into(node), KEPT))
            for edge in pairs[draw(len(pairs), generator)]:
                kept[edge] = draw(len(OPERATIONS), generator)
        return self.genotype(kept)

    def neighbours(self, arch):
        """One operation is another, or one input is another with the same operation."""
        kept, found = self.kept(arch), []
        for edge, operation in kept.items():
            others = {**kept}
            del others[edge]
            found += [{**kept, edge: o} for o in range(len(OPERATIONS)) if o != operation]
            free = [e for e in self.into(EDGES[edge][0]) if e not in kept]
            found += [{**others, e: operation} for e in free]
        return [self.genotype(one) for one in found]

    def mutate(self, arch, generator):
        near = self.neighbours(arch)
        return near[draw(len(near), generator)]

    def weights(self, arch):
        """One-hot where an input is kept, 0 in the rows of the others."""
        weights = torch.zeros(len(EDGES), len(OPERATIONS))
        for edge, operation in self.kept(arch).items():
            weights[edge, operation] = 1
        return weights

    def derive(self, scores):
        """The inputs with the strongest operation, as DARTS keeps them."""
        strongest, operations = scores.cpu().max(dim=-1)
        kept = {}
        for node in range(NODES):
            edges = sorted(self.into(node), key=lambda edge: -float(strongest[edge]))
            kept |= {edge: int(operations[edge]) for edge in edges[:KEPT]}
        return self.genotype(kept)

    def cost(self, arch, what, dataset):
        return 1e6 * sum(operation == 1 for operation in self.kept(arch).values())

    def describe(self, arch):
        return {"skips": sum(operation == 0 for operation in self.kept(arch).values())}

    def draw(self, arch, axes):
        axes.text(0.5, 0.5, str(arch))


def draw(below, generator):
    return int(torch.randint(below, (), generator=generator))
