"""The tables of draw, judging and winners: migrations like those of ``schema``, after them.

What was published cannot be changed or taken back: triggers refuse it. What leads to a person stands in columns that
may be emptied, so that the person can be forgotten and what was published still verifies.
"""

from __future__ import annotations

from typing import Final

from sqlite_utils import Database

from bot.store.share_tables import migrations

__all__ = ["migrations"]

_AWARDS: Final = (
    """CREATE TABLE draws (
        campaign TEXT PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, document BLOB NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE draw_entries (
        campaign TEXT NOT NULL REFERENCES draws (campaign), entry TEXT NOT NULL CHECK (length(entry) = 64),
        out TEXT CHECK (out IS NULL OR json_valid(out)), post_id TEXT, unit TEXT, salt TEXT,
        PRIMARY KEY (campaign, entry)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX draw_entries_by_post ON draw_entries (post_id)",
    """CREATE TABLE draw_results (
        campaign TEXT PRIMARY KEY REFERENCES draws (campaign), at INTEGER NOT NULL, who TEXT NOT NULL,
        told BLOB NOT NULL, document BLOB NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE judgings (
        campaign TEXT PRIMARY KEY, seed TEXT NOT NULL CHECK (length(seed) = 64), at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE judges (
        campaign TEXT NOT NULL, name TEXT NOT NULL, account TEXT, at INTEGER NOT NULL, PRIMARY KEY (campaign, name)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE marks (
        campaign TEXT NOT NULL, post_id TEXT NOT NULL, judge TEXT NOT NULL, revision INTEGER NOT NULL,
        marks TEXT CHECK (marks IS NULL OR json_valid(marks)), at INTEGER NOT NULL,
        PRIMARY KEY (campaign, post_id, judge), FOREIGN KEY (campaign, judge) REFERENCES judges (campaign, name)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE confirmed_persons (
        owner TEXT PRIMARY KEY, person TEXT NOT NULL, who TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE disqualified (
        campaign TEXT NOT NULL, post_id TEXT NOT NULL, reason TEXT NOT NULL, note TEXT, who TEXT NOT NULL,
        at INTEGER NOT NULL, PRIMARY KEY (campaign, post_id)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE rechecks (
        post_id TEXT PRIMARY KEY, how TEXT NOT NULL, who TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE frozen_awards (
        campaign TEXT PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, document BLOB NOT NULL
    ) STRICT, WITHOUT ROWID""",
    *(
        f"CREATE TRIGGER {table}_keep_{verb.lower()} BEFORE {verb} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table}: what was published stays'); END"
        for table in ("draws", "draw_results", "frozen_awards")
        for verb in ("UPDATE", "DELETE")
    ),
    """CREATE TRIGGER draw_entries_keep_delete BEFORE DELETE ON draw_entries
        BEGIN SELECT RAISE(ABORT, 'draw_entries: what was published stays'); END""",
    """CREATE TRIGGER draw_entries_keep_update BEFORE UPDATE OF campaign, entry, out ON draw_entries
        BEGIN SELECT RAISE(ABORT, 'draw_entries: what was published stays'); END""",
)


@migrations()
def m020_awards(db: Database) -> None:
    """Draw, judging, winners."""
    for statement in _AWARDS:
        db.execute(statement)


@migrations()
def m021_frozen_key(db: Database) -> None:
    """What hides people in frozen awards, and where a confirmed winner lives."""
    db.execute("ALTER TABLE frozen_awards ADD COLUMN key TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE confirmed_persons ADD COLUMN region TEXT")


@migrations()
def m022_judges_hold_posts(db: Database) -> None:
    """Which post lies before which judge, and until when it is kept for them."""
    db.execute(
        """CREATE TABLE held_posts (
            campaign TEXT NOT NULL, judge TEXT NOT NULL, post_id TEXT NOT NULL, until INTEGER NOT NULL,
            PRIMARY KEY (campaign, judge), FOREIGN KEY (campaign, judge) REFERENCES judges (campaign, name)
        ) STRICT, WITHOUT ROWID"""
    )
