"""Every command, in the order of ``--help``, with where it lives. A module is imported only when its command is used,
so that ``gatewarden --help`` is quick."""

from __future__ import annotations

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """One command: where its click object is, and its line in ``--help``."""

    module: str
    attribute: str
    help: str


COMMANDS: Final[dict[str, dict[str, Entry]]] = {
    "Watch": {
        "init": Entry("setup", "init", "Write settings and a campaign file."),
        "demo": Entry("setup", "demo", "Run the whole flow on a simulated square."),
        "run": Entry("daemon", "run", "Watch the sources and judge every new or changed post."),
        "ingest": Entry("daemon", "ingest", "Judge the posts in a JSON Lines file."),
    },
    "Look": {
        "scan": Entry("look", "scan", "Look at local images and videos."),
        "match": Entry("look", "match", "Find near-duplicates of pictures in another folder."),
        "match-text": Entry("look", "match_text", "Find near-duplicates of texts in another file."),
        "brand": Entry("brand", "brand", "List brand kits, or check one."),
        "bank": Entry("bank", "bank", "Keep the bank of pictures that everybody shares."),
        "check-url": Entry("urls", "check_url", "Say whether media may be fetched from URLs."),
    },
    "Decide": {
        "serve": Entry("serve", "serve", "Serve the queue as a web page on this machine."),
        "review": Entry("review", "review", "Review what waits, in the terminal."),
        "queue": Entry("queue", "queue", "List what waits for a person, worst first."),
        "show": Entry("show", "show", "Show one post with its evidence and history."),
        "approve": Entry("decide", "approve", "Accept posts."),
        "reject": Entry("decide", "reject", "Turn posts down, with a reason."),
        "reopen": Entry("decide", "reopen", "Put a decided post back into the queue."),
        "flag": Entry("decide", "flag", "Send a post to a second pair of eyes."),
        "cluster": Entry("cluster", "cluster", "Settle the copies of a picture at once, or tell them apart."),
        "parked": Entry("bulk", "parked", "Confirm or drop what a bulk action had over its quota."),
        "undo": Entry("decide", "undo", "Take back your last decision."),
        "note": Entry("decide", "note", "Leave a note on a post."),
    },
    "Award": {
        "shares": Entry("shares", "shares", "Count who shared to X, and how often that was seen."),
        "judge": Entry("judge", "judge", "Score eligible posts, blind, and rank them."),
        "draw": Entry("draw", "draw", "Draw winners so that anybody can check it."),
        "winners": Entry("winners", "winners", "From rankings to published winners."),
    },
    "Report": {
        "export": Entry("export", "export", "Print the verdict of every post."),
        "stats": Entry("operations", "stats", "Count posts, reasons, decisions and days."),
        "replay": Entry("campaign", "replay", "Judge stored evidence under another campaign file."),
        "advice": Entry("advice", "advice", "Say which thresholds the decisions so far speak for."),
        "campaign": Entry("campaign", "campaign", "Check a campaign file."),
    },
    "Operate": {
        "moderators": Entry("moderators", "moderators", "Name moderators and give them login tokens."),
        "doctor": Entry("operations", "doctor", "Say what is wrong with this installation."),
        "backup": Entry("operations", "backup", "Copy the database, and prove that the copy can be restored."),
        "forget": Entry("operations", "forget", "Erase what is stored of one author."),
        "completion": Entry("setup", "completion", "Print the completion script of a shell."),
    },
}
