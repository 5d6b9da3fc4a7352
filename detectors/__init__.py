"""Pure arithmetic on the bytes of pictures and videos: bytes in, calibrated facts out.

Usable without ``bot``. Nothing here opens a socket, a database or a clock, and nothing knows a threshold:
what suffices is said by campaign data. Start reading in ``examine.py``.
"""
