"""How large the networks are, and how UNAS' authors trained theirs."""

from __future__ import annotations

from nasbench_harness.contracts import NetworkSize, NetworkSizes, TrainingRecipe
from nasbench_harness.spaces.proxyless.structure import STEM

SIZE = NetworkSize(width=STEM, cells=1)
SHAPES = NetworkSizes(search=SIZE, evaluation=SIZE)
"""One size; `width` is the stem's channels, and the depth is the 21 layers', so `cells` is 1."""

UNAS = TrainingRecipe(
    text=(
        "Vahdat et al., CVPR 2020, and the authors' code for ImageNet: SGD for 300 epochs on"
        " batches of 512 images (8 devices of 64), a rate of 0.025 times batch / 64, a cosine to 0"
        " after 5 epochs of warm-up, a small weight decay, smoothed labels and colour jitter. They"
        " also have random resized crops, as streamed images here, and keep the best epoch beside"
        " the last; ours tells the last."
    ),
    settings={
        "epochs": 300, "batch_size": 512, "learning_rate": 0.2, "momentum": 0.9, "nesterov": False,
        "weight_decay": 5e-5, "warmup_epochs": 5, "label_smoothing": 0.1,
        "color_jitter": [0.4, 0.4, 0.4, 0.2],
    },
)  # fmt: skip
RECIPES = {"unas": UNAS}
