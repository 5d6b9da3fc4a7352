"""Trains the mark network for a kit, from nothing, with one command; again the same command goes on where it stopped.

    python -m training.train --kit assets/brands/gate --pictures pictures --out runs/gate

Scene i is made from the seed (SEED, i) alone, so the data are the same however many workers make them and wherever a
run was interrupted.
"""

from __future__ import annotations

import argparse
import copy
import math
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from detectors.brand import load_kit
from training.backgrounds import Library
from training.composites import Compositor
from training.network import MarkNet, loss, targets

SEED = 20250719
BATCH = 32
RATE = 3e-3
_WARM = 200
_DECAY = 0.999


class _Scenes(Dataset[tuple[Tensor, Tensor, Tensor]]):
    def __init__(self, compositor: Compositor) -> None:
        self._compositor = compositor

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        rgb, placed = self._compositor.scene(np.random.default_rng((SEED, index)))
        heat, geometry = targets(placed, len(self._compositor.classes))
        return torch.from_numpy(rgb).permute(2, 0, 1), heat, geometry


class _From(Sampler[int]):
    """Scene numbers in order, from where an interrupted run stopped."""

    def __init__(self, start: int, end: int) -> None:
        self._numbers = range(start, end)

    def __iter__(self) -> Any:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


def rate(step: int, steps: int) -> float:
    """Learning rate: a short warm-up, then half a cosine down to 1 %."""
    if step < _WARM:
        return RATE * (step + 1) / _WARM
    done = (step - _WARM) / max(1, steps - _WARM)
    return RATE * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def main(arguments: list[str]) -> int:
    """Train, and keep ``last.pt`` (to go on from) in the output folder."""
    options = _options(arguments)
    torch.manual_seed(SEED)
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    compositor = Compositor(load_kit(options.kit), Library(options.pictures and options.pictures / "train"))
    network = MarkNet(len(compositor.classes)).to(memory_format=torch.channels_last)
    average = copy.deepcopy(network).eval()
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-3)
    options.out.mkdir(parents=True, exist_ok=True)
    last = options.out / "last.pt"
    step, steps = 0, options.scenes // BATCH
    if last.exists():
        state = torch.load(last, weights_only=True)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step = state["step"]
        print(f"going on from step {step}", file=sys.stderr)
    loader = DataLoader(
        _Scenes(compositor),
        BATCH,
        sampler=_From(step * BATCH, steps * BATCH),
        num_workers=options.workers,
        prefetch_factor=4,
    )
    network.train()
    recent, since = 0.0, time.monotonic()
    for rgb, heat, geometry in loader:
        for group in optimiser.param_groups:
            group["lr"] = rate(step, steps)
        pictures = ((rgb.float() - 128) / 64).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            cells = network(pictures)
        value = loss(cells.float(), heat, geometry)
        optimiser.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        step += 1
        _follow(average, network, min(_DECAY, step / (step + 20)))
        recent = 0.98 * recent + 0.02 * value.item()
        if step % 50 == 0:
            shown = recent / (1 - 0.98 ** min(step, 500))
            print(f"{step}/{steps} loss {shown:.3f} {time.monotonic() - since:.0f} s", file=sys.stderr, flush=True)
        if step % 200 == 0 or step == steps:
            _save(last, network, average, optimiser, step, compositor.classes)
    return 0


def _follow(average: torch.nn.Module, network: torch.nn.Module, decay: float) -> None:
    with torch.no_grad():
        for mean, value in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(value, 1 - decay)
            else:
                mean.copy_(value)


def _save(
    path: Path,
    network: MarkNet,
    average: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    step: int,
    classes: tuple[str, ...],
) -> None:
    state = {
        "network": network.state_dict(),
        "average": average.state_dict(),
        "optimiser": optimiser.state_dict(),
        "step": step,
        "classes": list(classes),
    }
    fresh = path.with_suffix(".new")
    torch.save(state, fresh)
    fresh.replace(path)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__.splitlines()[0])
    parser.add_argument("--kit", default="gate", help="name or folder of the brand kit")
    parser.add_argument(
        "--pictures", type=Path, help="what training.gather made; without it backgrounds are drawn only"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scenes", type=int, default=192_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
