"""Messages of people in two languages, by gettext. English stands in the code; Chinese in ``bot/locales``.

After a change of the ``.po``: ``make messages``. A test holds that every message is translated and compiled.
"""

from __future__ import annotations

import functools
import gettext
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bot.reasons import Lang

DOMAIN: Final = "gatewarden"
LOCALES: Final = Path(__file__).with_name("locales")


@functools.cache
def translator(lang: Lang) -> Callable[[str], str]:
    """The function that gives an English message in a language: itself, where there is no other."""
    return gettext.translation(DOMAIN, LOCALES, [lang], fallback=lang == "en").gettext
