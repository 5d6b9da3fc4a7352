"""The tables, as numbered migrations (sqlite-utils ``Migrations``): applied in order, each once.

Two kinds of table. ``events`` and ``seals`` are the append-only log: ids, hashes and facts. All others are what is
asked every day: what sources delivered, the merge of it, evidence, the graph of copies, verdicts, decisions.
Names, texts and raw records stand in ``bodies`` alone, so that a person can be forgotten.
Times are integer microseconds since 1970 UTC.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("gatewarden")

_FIRST = """
CREATE TABLE events (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1, payload TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE INDEX events_by_subject ON events (subject, seq);
CREATE TABLE seals (
    last_seq INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL, hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT;
CREATE TABLE terms (epoch INTEGER PRIMARY KEY, holder TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE positions (source TEXT PRIMARY KEY, position TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE polls (source TEXT NOT NULL, started INTEGER NOT NULL, finished INTEGER NOT NULL, complete
    INTEGER NOT NULL,
    PRIMARY KEY (source, started)) STRICT, WITHOUT ROWID;
CREATE TABLE pushes (id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (
    digest TEXT PRIMARY KEY, source TEXT NOT NULL, line INTEGER, reason TEXT NOT NULL, raw TEXT NOT NULL, at
    INTEGER NOT NULL
) STRICT;
CREATE TABLE bodies (ref TEXT PRIMARY KEY, salt TEXT NOT NULL, snapshot BLOB NOT NULL, raw BLOB NOT NULL) STRICT;
CREATE TABLE sightings (
    post_id TEXT NOT NULL, source TEXT NOT NULL, digest TEXT NOT NULL, first_observed INTEGER NOT NULL,
    last_observed INTEGER NOT NULL CHECK (last_observed >= first_observed), not_before INTEGER, ref TEXT NOT
    NULL REFERENCES bodies (ref),
    PRIMARY KEY (post_id, source, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE stats (
    post_id TEXT NOT NULL, source TEXT NOT NULL, at INTEGER NOT NULL, views INTEGER, likes INTEGER, comments
    INTEGER, shares INTEGER,
    PRIMARY KEY (post_id, source, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE work (
    post_id TEXT PRIMARY KEY, generation INTEGER NOT NULL, state TEXT NOT NULL CHECK (state IN ('ready', 'busy')),
    tries INTEGER NOT NULL DEFAULT 0, crashes INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL, epoch
    INTEGER, reason TEXT
) STRICT;
CREATE INDEX work_due ON work (state, crashes, due);
CREATE TABLE media (sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64), size INTEGER NOT NULL, at INTEGER
    NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE attachments (
    post_id TEXT NOT NULL, key TEXT NOT NULL, sha256 TEXT, failure TEXT,
    PRIMARY KEY (post_id, key), CHECK ((sha256 IS NULL) <> (failure IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX attachments_by_media ON attachments (sha256);
CREATE TABLE evidence (
    sha256 TEXT NOT NULL, version TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (sha256, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE nodes (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL CHECK (kind IN ('media', 'text', 'person')),
    cluster INTEGER NOT NULL, common TEXT, content BLOB
) STRICT;
CREATE INDEX nodes_by_cluster ON nodes (cluster);
CREATE TABLE links (
    a INTEGER NOT NULL REFERENCES nodes (id), b INTEGER NOT NULL REFERENCES nodes (id),
    kind TEXT NOT NULL CHECK (kind IN ('near', 'partial', 'text')), distance INTEGER NOT NULL,
    detail TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (a, b), CHECK (a < b)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_b ON links (b, a);
CREATE TABLE occurrences (
    post_id TEXT NOT NULL, slot INTEGER NOT NULL, node INTEGER NOT NULL REFERENCES nodes (id), cluster INTEGER NOT NULL,
    author TEXT NOT NULL, earliest INTEGER NOT NULL, latest INTEGER NOT NULL CHECK (latest >= earliest),
    standing INTEGER NOT NULL CHECK (standing BETWEEN 0 AND 4),
    PRIMARY KEY (post_id, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX occurrences_by_node ON occurrences (node, standing, earliest);
CREATE INDEX occurrences_by_cluster ON occurrences (cluster, standing, earliest);
CREATE INDEX occurrences_first_in_node ON occurrences (node, latest, author);
CREATE INDEX occurrences_first_in_cluster ON occurrences (cluster, latest, author);
CREATE INDEX occurrences_by_author ON occurrences (cluster, author, latest);
CREATE INDEX occurrences_span ON occurrences (cluster, earliest, latest, author);
CREATE TABLE accounts (id TEXT PRIMARY KEY, person TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE bank (
    sha256 TEXT PRIMARY KEY, label TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('common', 'official')),
    pdqs TEXT NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE posts (
    id TEXT PRIMARY KEY, revision INTEGER NOT NULL, author_id TEXT, status TEXT NOT NULL
        CHECK (status IN ('eligible', 'ineligible', 'review', 'withdrawn')),
    decided_by TEXT NOT NULL, decided_at INTEGER NOT NULL, priority INTEGER NOT NULL, queued_at INTEGER,
    verdict BLOB NOT NULL, faults TEXT NOT NULL DEFAULT '[]', CHECK ((status = 'review') = (queued_at IS NOT NULL))
) STRICT;
CREATE INDEX posts_queue ON posts (status, priority DESC, id);
CREATE INDEX posts_by_author ON posts (author_id);
CREATE TABLE decisions (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, post_id TEXT NOT NULL, revision INTEGER NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('approve', 'reject', 'reopen', 'note', 'undo')), code TEXT, note TEXT,
    who TEXT NOT NULL, at INTEGER NOT NULL, saw TEXT NOT NULL CHECK (json_valid(saw)), undoes TEXT UNIQUE
    REFERENCES decisions (id),
    CHECK ((action = 'undo') = (undoes IS NOT NULL)), CHECK (action <> 'reject' OR code IS NOT NULL)
) STRICT;
CREATE INDEX decisions_by_post ON decisions (post_id, seq);
CREATE TABLE shown (who TEXT NOT NULL, post_id TEXT NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (who,
    post_id)) STRICT, WITHOUT ROWID;
"""


_FEATURES = """
CREATE TABLE features (
    sha256 TEXT PRIMARY KEY, codes BLOB NOT NULL, rest BLOB NOT NULL
) STRICT;
"""

_PEOPLE = """
CREATE TABLE decisions_3 (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, post_id TEXT NOT NULL, revision INTEGER NOT NULL,
    action TEXT NOT NULL CHECK
        (action IN ('approve', 'reject', 'reopen', 'flag', 'note', 'apart', 'together', 'undo')),
    code TEXT, note TEXT, who TEXT NOT NULL, at INTEGER NOT NULL, saw TEXT NOT NULL CHECK (json_valid(saw)),
    undoes TEXT UNIQUE REFERENCES decisions_3 (id), held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1)), batch TEXT,
    pair_a TEXT, pair_b TEXT,
    CHECK ((action = 'undo') = (undoes IS NOT NULL)), CHECK (action <> 'reject' OR code IS NOT NULL),
    CHECK (held = 0 OR action IN ('approve', 'reject')),
    CHECK ((action IN ('apart', 'together')) = (pair_a IS NOT NULL)), CHECK ((pair_a IS NULL) = (pair_b IS NULL))
) STRICT;
INSERT INTO decisions_3 (id, seq, post_id, revision, action, code, note, who, at, saw, undoes)
    SELECT id, seq, post_id, revision, action, code, note, who, at, saw, undoes FROM decisions ORDER BY seq;
DROP TABLE decisions;
ALTER TABLE decisions_3 RENAME TO decisions;
CREATE INDEX decisions_by_post ON decisions (post_id, seq);
CREATE INDEX decisions_by_person ON decisions (who, seq);
CREATE INDEX decisions_by_batch ON decisions (batch, seq) WHERE batch IS NOT NULL;
ALTER TABLE posts ADD COLUMN codes TEXT NOT NULL DEFAULT '';
UPDATE posts SET codes = coalesce((SELECT ' ' || group_concat(DISTINCT f.value ->> 'code') || ' '
    FROM json_each(CAST(verdict AS TEXT), '$.findings') f WHERE f.value ->> 'stance' <> 'supports'), '');
UPDATE posts SET codes = replace(codes, ',', ' ');
CREATE INDEX posts_waiting ON posts (status, priority DESC, queued_at, length(id), id);
CREATE TABLE opinions (
    post_id TEXT NOT NULL, who TEXT NOT NULL, decision TEXT NOT NULL REFERENCES decisions (id),
    PRIMARY KEY (post_id, who)
) STRICT, WITHOUT ROWID;
CREATE INDEX opinions_by_decision ON opinions (decision);
CREATE TABLE claims (
    token INTEGER PRIMARY KEY AUTOINCREMENT, post_id TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL,
    holder TEXT NOT NULL, until INTEGER NOT NULL, saw TEXT NOT NULL CHECK (json_valid(saw))
) STRICT;
CREATE TABLE skips (
    who TEXT NOT NULL, post_id TEXT NOT NULL, revision INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (who, post_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE moderators (
    name TEXT PRIMARY KEY, role TEXT NOT NULL CHECK (role IN ('moderator', 'lead', 'judge')), token_hash TEXT NOT NULL
        UNIQUE CHECK (length(token_hash) = 64), at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE pairs (
    a TEXT NOT NULL, b TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('apart', 'together')),
    PRIMARY KEY (a, b), CHECK (a < b)
) STRICT, WITHOUT ROWID;
CREATE TABLE held_links (
    a INTEGER NOT NULL REFERENCES nodes (id), b INTEGER NOT NULL REFERENCES nodes (id), kind TEXT NOT NULL,
    distance INTEGER NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (a, b), CHECK (a < b)
) STRICT, WITHOUT ROWID;
"""

_BULK = """
CREATE TABLE parked (
    id TEXT PRIMARY KEY, who TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL CHECK (json_valid(body))
) STRICT, WITHOUT ROWID;
"""


@migrations()
def m001_first_tables(db: Database) -> None:
    """Everything that the main job remembers."""
    _run(db, _FIRST)


@migrations()
def m002_local_features(db: Database) -> None:
    """Local features of pictures, beside the evidence: the index reads only the codes, a proof reads all."""
    db.execute(_FEATURES)


@migrations()
def m003_people(db: Database) -> None:
    """Claims, second opinions, batches, moderators, and decisions about pairs of media."""
    _run(db, _PEOPLE)


@migrations()
def m004_parked(db: Database) -> None:
    """What a bulk action had over its quota, waiting to be confirmed."""
    _run(db, _BULK)


@migrations()
def m005_grounds(db: Database) -> None:
    """Under which thresholds links were proven; "?" for those from before anybody asked."""
    db.execute("CREATE TABLE grounds (hash TEXT PRIMARY KEY) STRICT, WITHOUT ROWID")
    db.execute("INSERT INTO grounds SELECT '?' WHERE EXISTS (SELECT 1 FROM nodes)")


@migrations()
def m006_story_blocks(db: Database) -> None:
    """Which files are the index of stories; see ``bot/store/stories.py``."""
    db.execute(
        "CREATE TABLE story_blocks (place INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, stories INTEGER NOT NULL)"
        " STRICT"
    )


@migrations()
def m007_places(db: Database) -> None:
    """At how many places two pictures agree whose link depends on who else is there; 0: it does not."""
    for table in ("links", "held_links"):
        db.execute(f"ALTER TABLE {table} ADD COLUMN places INTEGER NOT NULL DEFAULT 0")
    db.execute("INSERT OR IGNORE INTO grounds SELECT '?' WHERE EXISTS (SELECT 1 FROM links)")  # proven by other rules


@migrations()
def m008_newest_last(db: Database) -> None:
    """Links in the order in which they come: those of a newcomer lie side by side, not one on each page."""
    columns = (
        "a INTEGER NOT NULL REFERENCES nodes (id), b INTEGER NOT NULL REFERENCES nodes (id), kind TEXT NOT NULL"
        " CHECK (kind IN ('near', 'partial', 'text')), distance INTEGER NOT NULL, detail TEXT NOT NULL DEFAULT '{}',"
        " places INTEGER NOT NULL DEFAULT 0"
    )
    db.execute(f"CREATE TABLE links_8 ({columns}, PRIMARY KEY (b, a), CHECK (a < b)) STRICT, WITHOUT ROWID")
    db.execute("INSERT INTO links_8 SELECT a, b, kind, distance, detail, places FROM links ORDER BY b, a")
    db.execute("DROP TABLE links")
    db.execute("ALTER TABLE links_8 RENAME TO links")
    db.execute("CREATE INDEX links_by_a ON links (a, b)")
    db.execute("CREATE INDEX held_links_by_b ON held_links (b, a)")
    db.execute("CREATE INDEX pairs_by_b ON pairs (b)")


@migrations()
def m009_links_refer_by_number(db: Database) -> None:
    """Links without foreign keys: that both nodes of each are there took a quarter of the time of writing it. ``Graph``
    links what it holds, and takes away nodes only with all links."""
    columns = (
        "a INTEGER NOT NULL, b INTEGER NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('near', 'partial', 'text')),"
        " distance INTEGER NOT NULL, detail TEXT NOT NULL DEFAULT '{}', places INTEGER NOT NULL DEFAULT 0"
    )
    db.execute(f"CREATE TABLE links_9 ({columns}, PRIMARY KEY (b, a), CHECK (a < b)) STRICT, WITHOUT ROWID")
    db.execute("INSERT INTO links_9 SELECT a, b, kind, distance, detail, places FROM links ORDER BY b, a")
    db.execute("DROP TABLE links")
    db.execute("ALTER TABLE links_9 RENAME TO links")
    db.execute("CREATE INDEX links_by_a ON links (a, b)")


def _run(db: Database, statements: str) -> None:
    for statement in statements.split(";\n"):
        if statement.strip():
            db.execute(statement)
