"""Puts a trained network into a brand kit: writes ONNX, and names it with its hash in the manifest.

python -m training.export --run runs/gate --kit assets/brands/gate --version 1
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import warnings
from pathlib import Path

import onnx
import torch

from detectors.brand import MANIFEST
from training.network import MarkNet

FILE = "marks.onnx"
_SECTION = re.compile(r"\n\[model\]\n(?:[^\[].*\n|\n)*")


def main(arguments: list[str]) -> int:
    """Export the averaged weights of ``last.pt``; its calibration starts plain and is fitted by training.calibrate."""
    parser = argparse.ArgumentParser(prog="python -m training.export")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--kit", type=Path, required=True)
    parser.add_argument("--version", required=True)
    options = parser.parse_args(arguments)
    state = torch.load(options.run / "last.pt", weights_only=True)
    network = MarkNet(len(state["classes"])).eval()
    network.load_state_dict(state["average"])
    target = options.kit / FILE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the scripted exporter folds batch norms and keeps any height and width
        torch.onnx.export(
            network,
            (torch.zeros(1, 3, 192, 192),),
            target,
            dynamo=False,
            opset_version=13,
            input_names=["picture"],
            output_names=["cells"],
            dynamic_axes={"picture": {2: "height", 3: "width"}, "cells": {2: "rows", 3: "columns"}},
        )
    model = onnx.load(target)
    onnx.checker.check_model(model)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    marks = ", ".join(f'"{mark}"' for mark in state["classes"])
    section = f'\n[model]\nfile = "{FILE}"\nsha256 = "{digest}"\nversion = "{options.version}"\nmarks = [{marks}]\n'
    manifest = options.kit / MANIFEST
    text = _SECTION.sub("\n", manifest.read_text(encoding="utf-8")).rstrip("\n") + "\n"
    manifest.write_text(text + section, encoding="utf-8")
    print(f"{target}: {target.stat().st_size} bytes, step {state['step']}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
