"""``init``, ``demo``, ``completion``: getting started."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot.cli.options import Place, debug, place
from bot.cli.output import _, remark, say
from bot.text_safety import one_line


@click.command()
@click.option("--name", metavar="NAME", help="The campaign's name.")
@click.option("--hashtag", "hashtags", multiple=True, metavar="TAG", help="Its hashtag; repeated for each spelling.")
@click.option("--zone", metavar="ZONE", help="Its time zone, such as UTC+8.")
@click.option("--starts", metavar="TIME", help="When it starts; empty for no bound.")
@click.option("--ends", metavar="TIME", help="When it ends; the instant itself is out.")
@click.option("--official-author", "official", multiple=True, metavar="ID", help="An account of the operators.")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="gate_square, push.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@place()
def init(
    place: Place,
    name: str | None,
    hashtags: tuple[str, ...],
    zone: str | None,
    starts: str | None,
    ends: str | None,
    official: tuple[str, ...],
    sources: tuple[str, ...],
    force: bool,
) -> None:
    """Write settings and a campaign file into the data directory.

    On a terminal it asks for what no option told; elsewhere defaults stand in, and a hashtag must be given.
    """
    from bot.operations.starting import Answers, write_files

    if not hashtags:
        hashtags = tuple(
            tag.strip() for tag in _asked(_("Hashtag (several: separated by commas)"), "").split(",") if tag.strip()
        )
    if not hashtags:
        raise click.UsageError("a campaign needs a hashtag: --hashtag TAG")
    answers = Answers(
        hashtags=hashtags,
        name=name or _asked(_("Name of the campaign"), "my-campaign"),
        zone=zone or _asked(_("Time zone"), "UTC+8"),
        starts=_asked(_("Starts (RFC 3339, empty: no bound)"), "") if starts is None else starts,
        ends=_asked(_("Ends (RFC 3339, empty: no bound)"), "") if ends is None else ends,
        official_authors=official,
        sources=sources or ("gate_square",),
    )
    settings, campaign = write_files(place.settings_only.data, answers, replace=force)
    say(one_line(str(settings)))
    say(one_line(str(campaign)))
    told = _("next: gatewarden doctor --campaign {campaign}, then gatewarden run --campaign {campaign}")
    remark(told.format(campaign=campaign))


def _asked(question: str, default: str) -> str:
    """The answer of whoever sits at the terminal; the default where nobody does."""
    if not sys.stdin.isatty():
        return default
    return str(click.prompt(question, default=default, err=True))


@click.command()
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help="A folder of the demo's own.")
@debug
def demo(data: Path | None) -> None:
    """Run the whole flow on a simulated square: about 80 posts, a deadline, and what came out beside what was meant.

    Nothing outside this machine is contacted. The data stay, so that queue, show and export can be tried on them.
    """
    from bot.demo.run import run

    status = run(data)
    if status:
        sys.exit(status)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@debug
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    For bash: gatewarden completion bash > ~/.local/share/bash-completion/completions/gatewarden
    """
    from click.shell_completion import get_completion_class

    from bot.cli.app import gatewarden

    complete = get_completion_class(shell)
    if complete is None:
        raise click.UsageError(f"no completion for {shell}")
    say(complete(gatewarden, {}, "gatewarden", "_GATEWARDEN_COMPLETE").source())
