"""URLs that mean to lead inside, spelled in every way and behind redirects; names that say something else each time."""

from __future__ import annotations

from pathlib import Path

from tests.faults.urls import DRILL, FORMS, REBINDINGS


def test_no_form_of_a_url_leads_inside(tmp_path: Path) -> None:
    """Over 500 forms, straight and as a redirect: nothing forbidden is dialled, nothing allowed is refused, nothing is
    raised."""
    figures = DRILL.run(range(len(FORMS)), tmp_path)
    assert figures["forms"] >= 500
    assert sum(form.dials is not None for form in FORMS) > 100
    assert DRILL.broken(figures) == {}


def test_rebinding_names_lead_nowhere(tmp_path: Path) -> None:
    """Names that resolve to public, inner and nonsensical addresses in any mixture; ten times as many in
    ``python -m tests.faults urls``."""
    figures = DRILL.run(range(len(FORMS), len(FORMS) + REBINDINGS // 10), tmp_path)
    assert figures["rebindings"] == 1000
    assert DRILL.broken(figures) == {}
