"""The one way in which a value is written where its bytes are hashed. Pure."""

from __future__ import annotations

import json


def canonical(value: object) -> bytes:
    """JSON in ASCII: keys sorted, no blanks, no line end; other characters as ``\\u`` escapes.

    >>> canonical({"b": "é", "a": [1, None]})
    b'{"a":[1,null],"b":"\\\\u00e9"}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")
