"""Where the shipped brand kits and campaigns lie: the one place that knows.

In a wheel they are mapped to ``detectors/_assets``; in a checkout (run in place, or installed editable) they are the
``assets`` folder beside the packages. ``importlib.resources`` fails on a mapped package in an editable install.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def assets_root() -> Path:
    """The folder of shipped assets. Raises FileNotFoundError where neither place holds one."""
    for folder in (_HERE / "_assets", _HERE.parent / "assets"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"the assets are missing: neither {_HERE / '_assets'} nor {_HERE.parent / 'assets'} is there"
    )
