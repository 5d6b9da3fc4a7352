"""The files that ``init`` writes: settings, and a campaign of one's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bot.campaign import load_campaign, time_zone
from bot.errors import ConfigError, UserError
from bot.posts.instants import parse_instant
from bot.whole_file import make_folder, write_whole
from detectors.brand import load_kit
from detectors.evidence import Value

SOURCES: Final = ("gate_square", "push")


class Answers(Value):
    """What was asked. ``starts`` and ``ends`` as written, empty for no bound."""

    name: str
    hashtags: tuple[str, ...]
    zone: str = "UTC+8"
    starts: str = ""
    ends: str = ""
    official_authors: tuple[str, ...] = ()
    sources: tuple[str, ...] = ("gate_square",)


def write_files(folder: Path, answers: Answers, *, replace: bool) -> tuple[Path, Path]:
    """Write ``gatewarden.toml`` and ``campaign.toml`` and prove that they load. Returns both paths.

    Raises ConfigError where an answer cannot stand, UserError where a file is there already and ``replace`` is False.
    """
    settings, campaign = folder / "gatewarden.toml", folder / "campaign.toml"
    for path in (settings, campaign):
        if path.exists() and not replace:
            raise UserError(f"{path} is there already: --force replaces it")
    unknown = [name for name in answers.sources if name not in SOURCES]
    if unknown:
        raise ConfigError(f"no source {unknown[0]}; there are {', '.join(SOURCES)}")
    make_folder(folder)
    trial = folder / ".campaign.toml"
    try:
        write_whole(trial, [campaign_text(answers)])
        load_campaign(trial)
        trial.replace(campaign)
    except ConfigError as error:
        raise ConfigError(str(error).replace(str(trial), "campaign")) from error
    finally:
        trial.unlink(missing_ok=True)
    write_whole(settings, [settings_text(answers)])
    return settings, campaign


def campaign_text(answers: Answers) -> str:
    """A campaign file with the shipped thresholds. Raises ConfigError."""
    kit = load_kit()
    bounds = [
        f"{key} = {_time(key, value, answers.zone)}" for key in ("starts", "ends") if (value := getattr(answers, key))
    ]
    lines = [
        "# A campaign. Every other key keeps its default; `gatewarden campaign check FILE` says what is wrong.",
        "",
        "[campaign]",
        f"name = {_string(answers.name)}",
        f"zone = {_string(answers.zone)}",
        *(bounds or ["# starts and ends: none, so no post is early or late"]),
        f"hashtags = {_array(answers.hashtags)}",
        "# Post ids of the announcement, so that it is never taken for an entry.",
        "notices = []",
        f"official_authors = {_array(answers.official_authors)}",
        "",
        "[brand]",
        f"kit = {_string(kit.name)}",
        f"counts = {_array(kit.marks)}",
        "",
    ]
    return "\n".join(lines)


def settings_text(answers: Answers) -> str:
    """A settings file."""
    lines = [
        "# Settings. Every key has a default and a variable GATEWARDEN_<SECTION>__<KEY>; secrets never stand in here.",
        "",
        "[sources]",
        f"enabled = {_array(answers.sources)}",
        "",
    ]
    if "push" in answers.sources:
        lines += [
            "[push]",
            "# The file that holds the secret shared with the sender.",
            '# secret_file = "push.secret"',
            "",
        ]
    return "\n".join(lines)


def _time(key: str, value: str, zone: str) -> str:
    try:
        tz = time_zone(zone)
        moment, _ = parse_instant(value, tz)
    except ValueError as error:
        raise ConfigError(f"{key}: {value!r}: {error}") from error
    return moment.astimezone(tz).isoformat()


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _array(texts: Sequence[str]) -> str:
    return f"[{', '.join(_string(text) for text in texts)}]"
