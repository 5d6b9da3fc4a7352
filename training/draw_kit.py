"""Renders a brand kit's drawings and writes their hashes into its manifest.

    python -m training.draw_kit assets/brands/gate

Assets with an ``svg`` are drawn; others (an operator's official poster) are only hashed.
"""

from __future__ import annotations

import hashlib
import io
import re
import sys
from pathlib import Path

from PIL import Image

from detectors.brand import MANIFEST, Asset, read_manifest
from training.svg import render


def draw(directory: Path, asset: Asset) -> bytes | None:
    """The asset's PNG as it is drawn from its SVG, or None where it has no drawing of its own."""
    if asset.svg is None:
        return None
    source = (directory / asset.svg).read_text(encoding="utf-8")
    picture = Image.fromarray(render(source, asset.height, asset.paint), "RGBA")
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def main(arguments: list[str]) -> int:
    """Draw every kit named on the command line."""
    for argument in arguments:
        directory = Path(argument)
        path = directory / MANIFEST
        manifest = path.read_text(encoding="utf-8")
        for asset in read_manifest(directory).assets:
            target = directory / asset.file
            drawn = draw(directory, asset)
            if drawn is not None:
                target.write_bytes(drawn)
            digest = hashlib.sha256(target.read_bytes()).hexdigest()
            entry = rf'(file = "{re.escape(asset.file)}"\nsha256 = ")[0-9a-f]*(")'
            manifest, count = re.subn(entry, rf"\g<1>{digest}\g<2>", manifest)
            if count != 1:
                print(f"{path}: put sha256 on the line after file = {asset.file!r}", file=sys.stderr)
                return 1
        path.write_text(manifest, encoding="utf-8")
        print(f"{directory}: drawn", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
