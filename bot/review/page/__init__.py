"""The queue as a web page on loopback: ``gatewarden serve``.

Start in ``app.py``: routes, and what every answer carries. ``guard.py`` lets people in and keeps others out, ``views``
show, ``actions`` write through a ``Desk``, ``pictures`` shows media that were decoded in the sandbox and encoded anew.
Templates and static files lie beside this file; nothing is built, and no script or style is a stranger's.
"""
