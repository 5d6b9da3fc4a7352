"""The mark network: small, fully convolutional, one octave of mark sizes per pass over an image pyramid.

Input (N, 3, H, W) RGB as ``(value - 128) / 64``, H and W multiples of 16. Output (N, K + 5, H/8, W/8): a logit per mark
class, then of the mark centred in the cell its offset (dx, dy) from the cell's middle and log size, both in cells, and
the cosine and sine of its turn. After CenterNet (Zhou, Wang, Kraehenbuehl, "Objects as Points", 2019).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.composites import SIDE, Placed

STRIDE = 8
CELLS = SIDE // STRIDE


class _Residual(nn.Module):
    def __init__(self, wide: int, narrow: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(wide, narrow, 1), _conv(narrow, narrow, 3), nn.Conv2d(narrow, wide, 1, bias=False)
        )
        self.norm = nn.BatchNorm2d(wide)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape in and out."""
        return functional.relu(x + self.norm(self.body(x)))


def _conv(into: int, out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(into, out, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out), nn.ReLU(inplace=True))


class MarkNet(nn.Module):
    """``classes`` marks; about 240,000 parameters, 1.7 k multiplications a pixel."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.fine = nn.Sequential(_conv(3, 16, 3, 2), _conv(16, 24, 3, 2), _conv(24, 48, 3, 2))
        self.middle = nn.Sequential(_Residual(48, 24), _Residual(48, 24))
        self.coarse = nn.Sequential(_conv(48, 96, 3, 2), *(_Residual(96, 48) for _ in range(4)), nn.Conv2d(96, 48, 1))
        self.mix = _conv(48, 48, 3)
        self.head = nn.Conv2d(48, classes + 5, 1)
        nn.init.constant_(self.head.bias[:classes], -4.0)  # marks are rare: begin by saying so
        nn.init.zeros_(self.head.bias[classes:])

    def forward(self, x: Tensor) -> Tensor:
        """The cells of a batch of pictures, as the module's docstring says."""
        near = self.middle(self.fine(x))
        far = functional.interpolate(self.coarse(near), scale_factor=2.0, mode="nearest")
        out: Tensor = self.head(self.mix(functional.relu(near + far)))
        return out


def targets(placed: tuple[Placed, ...], classes: int) -> tuple[Tensor, Tensor]:
    """Heat (classes, cells, cells), a bump at each mark; and (6, cells, cells): weight, dx, dy, log size, cos, sin."""
    heat = torch.zeros(classes, CELLS, CELLS)
    geometry = torch.zeros(6, CELLS, CELLS)
    middle = torch.arange(CELLS, dtype=torch.float32)
    for mark in placed:
        x, y, size = mark.x / STRIDE - 0.5, mark.y / STRIDE - 0.5, mark.size / STRIDE
        if not (-0.5 <= x < CELLS - 0.5 and -0.5 <= y < CELLS - 0.5):
            continue
        sigma = 0.35 + 0.12 * size
        dx, dy = x - middle[None, :], y - middle[:, None]
        bump = torch.exp(-(dx**2 + dy**2) / (2 * sigma**2))
        heat[mark.mark] = torch.maximum(heat[mark.mark], bump)
        heat[mark.mark, round(y), round(x)] = 1.0
        turn = torch.tensor(mark.turn)
        values = (
            dx.expand(CELLS, CELLS),
            dy.expand(CELLS, CELLS),
            torch.log(torch.tensor(size)),
            torch.cos(turn),
            torch.sin(turn),
        )
        near = bump > 0.6
        near[round(y), round(x)] = True
        for channel, value in enumerate(values, start=1):
            geometry[channel] = torch.where(near, value, geometry[channel])
        geometry[0] = torch.where(near, torch.ones(()), geometry[0])
    return heat, geometry


def loss(out: Tensor, heat: Tensor, geometry: Tensor) -> Tensor:
    """Penalty-reduced focal loss on the heat, smooth L1 on the geometry where there is a mark."""
    classes = heat.shape[1]
    logits = out[:, :classes]
    p = torch.sigmoid(logits)
    there = (heat == 1.0).float()
    hit = functional.logsigmoid(logits) * (1 - p) ** 2 * there
    miss = functional.logsigmoid(-logits) * p**2 * (1 - heat) ** 4 * (1 - there)
    focal = -(hit.sum() + miss.sum()) / there.sum().clamp(min=1)
    weight = geometry[:, :1]
    stray = functional.smooth_l1_loss(out[:, classes:], geometry[:, 1:], reduction="none", beta=0.2)
    return focal + (stray * weight).sum() / weight.sum().clamp(min=1)
