"""Shares as remembered: imports of the questionnaire, what came of each line, and which post on X belongs to whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Literal

import msgspec

from bot.awards.joining import Entered, Joined, Known, Share, Standing, State
from bot.awards.leaderboard import Count, Said
from bot.awards.problems import Problem
from bot.store.connection import Connection
from bot.store.log import EventLog
from bot.store.times import UNBOUNDED, from_us, to_us
from detectors.evidence import Value

Source = Literal["api", "file"]
SUBJECT = "shares"
"""The subject of events about shares as a whole."""

_PERSON = "coalesce(c.person, a.person)"  # whom a moderator confirmed, else whom a source named
_WITH_PERSON = (
    "LEFT JOIN accounts a ON a.id = s.author_id LEFT JOIN confirmed_persons c ON c.owner = 'author:' || s.author_id"
)


class _Codes(msgspec.Struct):
    """As much of a verdict as is asked here."""

    findings: list[_Code]


class _Code(msgspec.Struct):
    code: str


_codes = msgspec.json.Decoder(_Codes).decode


class Import(Value):
    """One import. ``rows``: those that were not blank; ``joined``: new shares; ``again``: lines known before."""

    id: int
    kind: str
    sha256: str
    rows: int
    joined: int
    again: int
    who: str
    at: dt.datetime


class Moment(Value):
    """When views count, and when that was fixed."""

    at: dt.datetime
    fixed_at: dt.datetime
    who: str


class Shares:
    """Every method runs in the caller's transaction."""

    def __init__(self, connection: Connection, log: EventLog) -> None:
        self._connection, self._log = connection, log

    def columns(self) -> dict[str, str]:
        """The columns that were named with ``--map`` before."""
        return dict(self._connection.rows("SELECT field, name FROM share_columns"))

    def save_columns(self, named: Mapping[str, str]) -> None:
        """Remember columns for the next import."""
        for field, name in named.items():
            self._connection.run("INSERT OR REPLACE INTO share_columns VALUES (?, ?)", (field, name))

    def known(self, post_ids: Collection[str]) -> dict[str, Known]:
        """What is known of these posts; one that no source delivered is missing."""
        ids = (_array(post_ids),)
        found = {
            str(post_id): Known(author_id=None, person=None, status=None)
            for (post_id,) in self._connection.rows(
                "SELECT DISTINCT post_id FROM sightings WHERE post_id IN (SELECT value FROM json_each(?))", ids
            )
        }
        for post_id, author, person, status, verdict in self._connection.rows(
            "SELECT p.id, p.author_id, a.person, p.status, p.verdict FROM posts p LEFT JOIN accounts a"
            " ON a.id = p.author_id WHERE p.id IN (SELECT value FROM json_each(?))",
            ids,
        ):
            codes = frozenset(finding.code for finding in _codes(verdict).findings)
            found[post_id] = Known(author_id=author, person=person, status=status, codes=codes)
        return found

    def persons(self, accounts: Collection[str]) -> dict[str, str]:
        """The person behind each of these accounts, where a source told."""
        sql = "SELECT id, person FROM accounts WHERE id IN (SELECT value FROM json_each(?))"
        return dict(self._connection.rows(sql, (_array(accounts),)))

    def standing(self) -> dict[str, Standing]:
        """Every share by its post."""
        return {
            post_id: Standing(x_id=x_id, owner=person or author, state=state)
            for post_id, x_id, author, person, state in self._connection.rows(
                f"SELECT s.post_id, s.x_id, s.author_id, {_PERSON}, s.state FROM shares s {_WITH_PERSON}"
            )
        }

    def begin(self, kind: str, sha256: str, counts: tuple[int, int, int], who: str, at: dt.datetime) -> int:
        """Note an import of so many (rows, joined, again). Returns its number."""
        return self._connection.insert(
            "INSERT INTO share_imports (kind, sha256, rows, joined, again, who, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (kind, sha256, *counts, who, to_us(at)),
        )

    def add(self, number: int, joined: Joined) -> None:
        """Store what an import brought."""
        for share in joined.shares:
            self._put(number, share, "contested" if share.post_id in joined.contested else "joined")
        for post_id in joined.contested:
            self._connection.run(
                "UPDATE shares SET state = 'contested' WHERE post_id = ? AND state = 'joined'", (post_id,)
            )

    def _put(self, number: int, share: Share, state: State) -> None:
        self._connection.run(
            "INSERT OR REPLACE INTO shares VALUES (?, ?, ?, ?, ?, ?)",
            (share.post_id, share.x_id, share.author_id, number, share.line, state),
        )

    def note_problems(self, number: int, problems: Iterable[tuple[Problem, str | None, str | None]]) -> None:
        """Store problems, each with the account and the post that its line names, so that they can be forgotten."""
        for problem, account, post_id in problems:
            self._connection.run(
                "INSERT OR IGNORE INTO share_problems VALUES (?, ?, ?, ?, ?, ?)",
                (number, problem.line, problem.code, problem.told, account, post_id),
            )

    def log(self, kind: str, at: dt.datetime, fact: Mapping[str, object], subject: str = SUBJECT) -> None:
        """Record an event about shares: counts and hashes, never what leads to a person."""
        self._log.append(kind, subject, to_us(at), fact)

    def imports(self) -> tuple[Import, ...]:
        """Every import, oldest first."""
        return tuple(
            Import(id=i, kind=k, sha256=h, rows=r, joined=j, again=a, who=w, at=from_us(at))
            for i, k, h, r, j, a, w, at in self._connection.rows(
                "SELECT id, kind, sha256, rows, joined, again, who, at FROM share_imports ORDER BY id"
            )
        )

    def problems(self, number: int) -> tuple[Problem, ...]:
        """What was wrong with the lines of one import."""
        rows = self._connection.rows(
            "SELECT line, code, told FROM share_problems WHERE import = ? ORDER BY line, code", (number,)
        )
        return tuple(Problem(line=line, code=code, told=told) for line, code, told in rows)

    def entered(self) -> tuple[Entered, ...]:
        """Every share, in the order in which they were entered."""
        return tuple(
            Entered(
                post_id=p, x_id=x, author_id=a, owner=q or a, state=state, status=status, line=line, import_id=number
            )
            for p, x, a, q, state, status, line, number in self._connection.rows(
                f"SELECT s.post_id, s.x_id, s.author_id, {_PERSON}, s.state, p.status, s.line, s.import FROM shares s"
                f" {_WITH_PERSON} LEFT JOIN posts p ON p.id = s.post_id ORDER BY s.import, s.line"
            )
        )

    def set_state(self, post_id: str, state: State) -> None:
        """How a share stands from now on."""
        self._connection.run("UPDATE shares SET state = ? WHERE post_id = ?", (state, post_id))

    def moment(self, campaign: str) -> Moment | None:
        """When views of this campaign count; None where that is not fixed."""
        row = self._connection.row("SELECT moment, fixed_at, who FROM share_moments WHERE campaign = ?", (campaign,))
        return None if row is None else Moment(at=from_us(row[0]), fixed_at=from_us(row[1]), who=row[2])

    def fix_moment(self, campaign: str, moment: dt.datetime, who: str, at: dt.datetime) -> None:
        """Fix it, once. There must be none."""
        self._connection.run("INSERT INTO share_moments VALUES (?, ?, ?, ?)", (campaign, to_us(moment), to_us(at), who))
        self.log("shares.moment", at, {"campaign": campaign, "moment": to_us(moment), "who": who})

    def chains(self) -> dict[str, str]:
        """The first version of every post on X that was ever counted."""
        return dict(self._connection.rows("SELECT x_id, chain FROM x_chains"))

    def counts(self, since: dt.datetime | None = None, until: dt.datetime | None = None) -> tuple[Count, ...]:
        """What was counted between two times, both included."""
        bounds = (-UNBOUNDED if since is None else to_us(since), UNBOUNDED if until is None else to_us(until))
        return tuple(
            Count(x_id=x_id, at=from_us(at), views=views, failure=failure)
            for x_id, at, views, failure in self._connection.rows(
                "SELECT x_id, at, views, failure FROM x_counts WHERE at BETWEEN ? AND ? ORDER BY at, x_id", bounds
            )
        )

    def count(self, counts: Iterable[Count], chains: Mapping[str, str], source: Source) -> None:
        """Add snapshots, and what they tell of versions. A count of that instant stays as it was."""
        for x_id, chain in chains.items():
            self._connection.run("INSERT OR REPLACE INTO x_chains VALUES (?, ?)", (x_id, chain))
        for count in counts:
            self._connection.run("INSERT OR IGNORE INTO x_chains VALUES (?, ?)", (count.x_id, count.x_id))
            self._connection.run(
                "INSERT OR IGNORE INTO x_counts VALUES (?, ?, ?, ?, ?)",
                (count.x_id, to_us(count.at), count.views, count.failure, source),
            )

    def hear(self, said: Mapping[str, Said]) -> None:
        """Keep what versions of posts on X say."""
        for x_id, it in said.items():
            self._connection.run(
                "INSERT OR REPLACE INTO x_said VALUES (?, ?, ?, ?)",
                (x_id, it.account, int(it.tagged), _array(it.posts)),
            )

    def said(self) -> dict[str, Said]:
        """What versions of posts on X say."""
        return {
            x_id: Said(account=account, tagged=bool(tagged), posts=msgspec.json.decode(posts, type=tuple[str, ...]))
            for x_id, account, tagged, posts in self._connection.rows("SELECT x_id, account, tagged, posts FROM x_said")
        }

    def read_since(self, start: dt.datetime) -> frozenset[str]:
        """Posts on X that the API has given since then: X charges for each once a UTC day."""
        rows = self._connection.rows(
            "SELECT DISTINCT x_id FROM x_counts WHERE source = 'api' AND failure IS NOT 'x.deleted'"
            " AND failure IS NOT 'x.protected' AND at >= ?",
            (to_us(start),),
        )
        return frozenset(str(x_id) for (x_id,) in rows)

    def charge(self, day: str, posts: int) -> None:
        """So many posts were charged for on this UTC day."""
        self._connection.run(
            "INSERT INTO x_reads VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET posts = posts + excluded.posts",
            (day, posts),
        )

    def charged(self) -> int:
        """How many posts were charged for in all."""
        row = self._connection.row("SELECT coalesce(sum(posts), 0) FROM x_reads")
        return 0 if row is None else int(row[0])

    def forget(self, author_id: str, post_ids: Collection[str]) -> bool:
        """Erase what was entered by an author or for their posts, and the counts of their posts on X. Returns whether
        anything was."""
        posts = _array(post_ids)
        told = self._connection.run(
            "DELETE FROM share_problems WHERE account = ?1 OR instr(told, ?1) OR post_id IN"
            " (SELECT value FROM json_each(?2))",
            (author_id, posts),
        )
        mine = "SELECT x_id FROM shares WHERE author_id = ?1 OR post_id IN (SELECT value FROM json_each(?2))"
        chains = f"SELECT x_id FROM x_chains WHERE chain IN (SELECT chain FROM x_chains WHERE x_id IN ({mine}))"
        self._connection.run(f"DELETE FROM x_counts WHERE x_id IN ({mine} UNION {chains})", (author_id, posts))
        self._connection.run(f"DELETE FROM x_said WHERE x_id IN ({mine} UNION {chains})", (author_id, posts))
        self._connection.run(f"DELETE FROM x_chains WHERE x_id IN ({chains})", (author_id, posts))
        shared = self._connection.run(
            "DELETE FROM shares WHERE author_id = ?1 OR post_id IN (SELECT value FROM json_each(?2))",
            (author_id, posts),
        )
        return told + shared > 0


def _array(texts: Collection[str]) -> str:
    return msgspec.json.encode(list(texts)).decode()
