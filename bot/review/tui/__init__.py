"""``gatewarden review``: the queue in the terminal, one key a decision.

``app.py`` is what a key does, ``backstage.py`` what goes on behind it (decisions, the next posts, their pictures),
``sheet.py`` what a post looks like in rows. Start in ``app.py``.
"""
