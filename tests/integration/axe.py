"""axe-core over a page in the browser: what keeps out people who cannot see it, use a mouse, or read faint letters."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Final

from tests.chromium import Page

# Every rule of WCAG 2.0 to 2.2, A and AA, and the best practices; "target-size" is off unless it is asked for.
_RUN: Final = """axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    rules: {'target-size': {enabled: true}}, resultTypes: ['violations'],
}).then((told) => told.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${node.impact} ${rule.id}: ${node.target.join(' ')} ${node.html.slice(0, 160)} ${(node.any[0] || node.all[0]
        || node.none[0] || {message: ''}).message}`)))"""
# A page as wide as the window: what axe does not look at.
_REFLOW: Final = """document.documentElement.scrollWidth > innerWidth + 1
    ? [`reflow: ${document.documentElement.scrollWidth} > ${innerWidth}`] : []"""


@cache
def _script() -> str:
    """axe-core as its package carries it. The package is not imported: it would want a browser driver."""
    found = importlib.util.find_spec("axe_playwright_python")
    assert found is not None and found.submodule_search_locations
    return Path(found.submodule_search_locations[0], "axe.min.js").read_text()


async def barriers(tab: Page) -> list[str]:
    """What is wrong with the page as it is drawn now, of any impact: "impact rule: element"."""
    if not await tab.value("'axe' in window"):
        await tab.value(f"{_script()};0")
    return [*await tab.value(_RUN), *await tab.value(_REFLOW)]
