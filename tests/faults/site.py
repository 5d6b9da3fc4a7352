"""A web site on loopback with pictures that differ, each as large as wanted though quickly looked at."""

from __future__ import annotations

import contextlib
import http.server
import random
import threading
from collections.abc import Iterator, Mapping

from tests.faults.malformed import chunk
from tests.faults.samples import picture


def padded(number: int, size: int) -> bytes:
    """A PNG of 32 by 24 pixels that is about so many bytes long; what fills it is no picture."""
    plain = picture("PNG")
    filling = chunk(b"paDd", random.Random(number).randbytes(max(0, size - len(plain))))
    return plain[:-12] + filling + plain[-12:]


@contextlib.contextmanager
def site(size: int) -> Iterator[int]:
    """Serve ``/NUMBER.png``, each of about ``size`` bytes; the port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = padded(int(self.path[1:].partition(".")[0]), size)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Say nothing of whoever hung up."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def permitting(*ports: int) -> Mapping[str, str]:
    """Settings under which these ports of loopback may be fetched from."""
    return {
        "FETCH__ALLOW_ADDRESSES": "127.0.0.0/8",
        "FETCH__ALLOW_PORTS": ",".join(map(str, ports)),
        "FETCH__RATE": "1000",
    }
