"""How large the networks of TransNAS-Bench-101's cells are, and how they were trained."""

from __future__ import annotations

from nasbench_harness.contracts import NetworkSize, NetworkSizes, TrainingRecipe

SHAPES = NetworkSizes(
    search=NetworkSize(width=16, cells=1), evaluation=NetworkSize(width=64, cells=2)
)
"""Evaluated as published (`64-41414`, two cells a module); searched smaller, our own decision."""

PUBLISHED = TrainingRecipe(
    text=(
        "Duan et al., TransNAS-Bench-101, CVPR 2021, as the authors' code has it for object and"
        " scene classification [C]: SGD with Nesterov's momentum, 25 epochs, cross-entropy, no"
        " clipping, weight decay on every parameter. Where ours deviates: any images instead of"
        " 256-pixel ones of Taskonomy, random crop and mirror instead of mirror and colour jitter,"
        " a cosine that steps once an epoch, and none of their warm-up, whose length no public"
        " file tells [U]."
    ),
    settings={
        "epochs": 25, "batch_size": 128, "learning_rate": 0.1, "momentum": 0.9, "nesterov": True,
        "weight_decay": 5e-4,
    },
    seeds=(666,),
)  # fmt: skip
QUICK = TrainingRecipe(
    text=(
        "Design decision of this project [D]: the same in small networks of one cell a module, for"
        " tiny images on a CPU."
    ),
    settings={
        "epochs": 10, "batch_size": 64, "learning_rate": 0.05, "momentum": 0.9, "nesterov": True,
        "weight_decay": 5e-4, "width": 16, "cells": 1,
    },
)  # fmt: skip
RECIPES = {"published": PUBLISHED, "quick": QUICK}
