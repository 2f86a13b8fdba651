"""The auxiliary classifier of DARTS' evaluation networks, which only their training sees."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d

POOLED, MIDDLE, WIDE = 2, 128, 768


class AuxiliaryClassifier(nn.Module):
    """ReLU, mean pooling to 2 x 2 maps, 1x1 and 2x2 convolutions with batch norm, linear map.

    Maps of 8 pixels (CIFAR) are pooled 5x5 by steps of 3, those of 7 (ImageNet) by steps of 2, as
    the authors do; others in four equal parts, which is ours. For ImageNet their code leaves out
    the last batch norm.
    """

    def __init__(self, channels: int, classes: int, *, large: bool) -> None:
        super().__init__()
        self.large = large
        self.features = nn.Sequential(
            nn.Conv2d(channels, MIDDLE, 1, bias=False),
            nn.BatchNorm2d(MIDDLE),
            nn.ReLU(),
            nn.Conv2d(MIDDLE, WIDE, POOLED, bias=False),
            nn.Identity() if large else nn.BatchNorm2d(WIDE),
            nn.ReLU(),
        )
        self.classifier = nn.Linear(WIDE, classes)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to logits [B, classes]."""
        x = torch.relu(x)
        step = {8: 3, 7: 2}.get(x.shape[2]) if x.shape[2] == x.shape[3] else None
        if step is None:
            x = adaptive_avg_pool2d(x, POOLED)
        else:
            x = avg_pool2d(x, 5, stride=step, count_include_pad=False)
        logits: Tensor = self.classifier(self.features(x).flatten(1))
        return logits
