"""A simulated square on loopback, and the real worker run against it: ``gatewarden demo``.

``scenario.toml`` says what is posted, when, and what is meant to come out; ``album.py`` draws the pictures;
``square.py`` is the public search and the media host, ``backend.py`` the operator's own backend that pushes;
``run.py`` lets the bot of ``wire.py`` work on all that over real HTTP, under a clock that crosses the deadline.
"""
