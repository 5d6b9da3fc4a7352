"""``advice``: what moderators' decisions say of the campaign's thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bot.cli.options import Place, as_json, place
from bot.cli.output import _, emit, say
from bot.text_safety import one_line

if TYPE_CHECKING:
    from bot.review.advice import Share
    from bot.review.learning import Told


@click.command()
@click.option("--missed", type=click.FloatRange(0, 0.5), default=0.002, show_default=True,
              help="Share of the posts reviewed so far that may be accepted against a person's word.")  # fmt: skip
@click.option("--wronged", type=click.FloatRange(0, 0.5), default=0.005, show_default=True,
              help="Share of them that may be rejected against a person's word.")  # fmt: skip
@as_json
@place(campaign=True)
def advice(place: Place, missed: float, wronged: float, as_json: bool) -> None:
    """Say which thresholds the decisions so far speak for, and what they would save and cost. Changes nothing.

    Learnt from posts that one signal alone sent to a person; where enough of them had a second opinion ([review]
    second_share), from these, so that one person's slips do not count as a threshold's errors. With --missed 0 nothing
    slips through that does not now. The shares were counted on decisions left out of the learning, with their 95 %
    intervals. Put what convinces you into a campaign file and try it with 'gatewarden replay' first.
    """
    from bot.review.advice import Budget
    from bot.review.learning import learn
    from bot.store.opening import reading

    campaign = place.campaign
    with reading(place.settings) as store:
        found = learn(store, campaign, Budget(missed=missed, wronged=wronged))
    for told in found:
        if as_json:
            emit(_object(told))
        else:
            _print(told, rejects=told.signal.name == "brand" and campaign.stance_of("brand.absent") != "block")


def _print(told: Told, *, rejects: bool) -> None:
    signal, found = told.signal, told.advice
    if found is None:
        say(_("{signal}: {count} decisions, too few to tell").format(signal=signal.name, count=told.decisions))
        return
    band = [f"{signal.shown(end):.2f}" for b in (found.now, found.then) for end in (b.low, b.high)]
    if signal.keys[0] is None:
        band = ["", band[1], "", band[3]]
    say(one_line(_(
        "{signal}: review band {now} -> {then}: queue -{queue}, wrongly accepted {missed}, wrongly rejected {wronged}"
        " ({count} decisions{twice}, {method})"
    ).format(
        signal=signal.name, now="-".join(filter(None, band[:2])), then="-".join(filter(None, band[2:])),
        queue=_share(found.queue), missed=_share(found.missed), wronged=_share(found.wronged),
        count=found.decisions, twice=_(" by two people each") if told.twice else "", method=found.method,
    )))  # fmt: skip
    lower, upper = signal.keys
    if lower is not None and found.then.low > found.now.low:
        say(f"    {lower} = {signal.shown(found.then.low):.4g}")
        if rejects:
            say('    [stance] "brand.absent" = "block"')
    if found.then.high < found.now.high:
        say(f"    {upper} = {signal.shown(found.then.high):.4g}")


def _share(share: Share) -> str:
    return f"{share.value:.1%} ({share.low:.1%}-{share.high:.1%})"


def _object(told: Told) -> dict[str, Any]:
    import msgspec

    found = None if told.advice is None else msgspec.to_builtins(told.advice)
    if found is not None:
        for band in ("now", "then"):
            found[band] = {
                "low": None if told.signal.keys[0] is None else round(told.signal.shown(found[band]["low"]), 4),
                "high": round(told.signal.shown(found[band]["high"]), 4),
            }
    return {"signal": told.signal.name, "keys": told.signal.keys, "decisions": told.decisions, "twice": told.twice,
            "advice": found}  # fmt: skip
