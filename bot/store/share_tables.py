"""The tables of shares and views, as migrations like those of ``schema``, after them.

What people wrote into the questionnaire, and numbers of posts on X, lead to persons: they stand here, not in events,
and are erased with their author.
"""

from __future__ import annotations

from typing import Final

from sqlite_utils import Database

from bot.store.schema import migrations

__all__ = ["migrations"]

_SHARES: Final = (
    "CREATE TABLE share_columns (field TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE share_imports (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('questionnaire', 'views')),
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64), rows INTEGER NOT NULL, joined INTEGER NOT NULL,
        again INTEGER NOT NULL, who TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE share_problems (
        import INTEGER NOT NULL REFERENCES share_imports (id), line INTEGER NOT NULL, code TEXT NOT NULL,
        told TEXT NOT NULL, account TEXT, post_id TEXT, PRIMARY KEY (import, line, code)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE shares (
        post_id TEXT PRIMARY KEY, x_id TEXT NOT NULL, author_id TEXT NOT NULL,
        import INTEGER NOT NULL REFERENCES share_imports (id), line INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('joined', 'contested', 'settled', 'dropped'))
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX shares_by_x ON shares (x_id)",
    "CREATE INDEX shares_by_author ON shares (author_id)",
    """CREATE TABLE x_chains (x_id TEXT PRIMARY KEY, chain TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX x_chains_by_chain ON x_chains (chain)",
    """CREATE TABLE x_counts (
        x_id TEXT NOT NULL, at INTEGER NOT NULL, views INTEGER CHECK (views >= 0), failure TEXT,
        source TEXT NOT NULL CHECK (source IN ('api', 'file')),
        PRIMARY KEY (x_id, at), CHECK ((views IS NULL) <> (failure IS NULL))
    ) STRICT, WITHOUT ROWID""",
    "CREATE TABLE x_reads (day TEXT PRIMARY KEY, posts INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE share_moments (
        campaign TEXT PRIMARY KEY, moment INTEGER NOT NULL, fixed_at INTEGER NOT NULL, who TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
)


_SAID: Final = """CREATE TABLE x_said (
    x_id TEXT PRIMARY KEY, account TEXT, tagged INTEGER NOT NULL CHECK (tagged IN (0, 1)),
    posts TEXT NOT NULL CHECK (json_valid(posts))
) STRICT, WITHOUT ROWID"""


@migrations()
def m010_shares(db: Database) -> None:
    """Answers of the questionnaire, shares, counts of views over time, and the moment that they are ranked by."""
    for statement in _SHARES:
        db.execute(statement)


@migrations()
def m011_what_posts_on_x_say(db: Database) -> None:
    """Whose post on X it is, and whether it has anything to do with the share."""
    db.execute(_SAID)
