"""Forgetting an author for good: rows, journal and media bytes."""

from __future__ import annotations

import datetime as dt

from bot.errors import UserError
from bot.store import Store
from bot.store.blobs import Blobs
from bot.store.erasure import Erased, Erasure
from bot.store.people import Persons
from bot.store.times import to_us


def forget(store: Store, blobs: Blobs, author_id: str, now: dt.datetime) -> Erased:
    """Erase what is stored of an author; what that is, ``bot.store.erasure`` says. Raises UserError where nothing is.

    Copies outside the data directory, backups above all, are not touched.
    """
    erasure = Erasure(store.connection, store.log)
    erasure.overwrite()
    with store.transaction():
        erased = erasure.author(author_id, to_us(now))
        answered = store.shares.forget(author_id, erased.post_ids)
        if not erased.post_ids and not answered:
            raise UserError(f"nothing is stored of an author {author_id}")
        Persons(store.connection, store.log).forget(author_id, erased.post_ids)
        store.stories.forget(erased.nodes)
    with store.transaction():
        store.stories.tidy()
    erasure.flush()
    for sha256 in erased.media:
        blobs.remove(sha256)
    return erased
