"""A web server for tests, on this machine: it serves some files, and misbehaves as it is told to."""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Web:
    """Serves `files` by path, at `url`.

    Attributes:
        ranges: whether it knows them. length: whether it says how much it sends.
        breaks: after how many bytes each next answer breaks off, first one first; stalls: whether it then falls silent
            instead until `close`. asked: (path or address, Range) of every request.
    """

    def __init__(self, files):
        self.files, self.ranges, self.length, self.stalls = dict(files), True, True, False
        self.breaks, self.asked = [], []
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"web": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextlib.contextmanager
def serving(files):
    web = Web(files)
    try:
        yield web
    finally:
        web.close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        web, asked = self.web, self.headers["Range"]
        web.asked.append((self.path, asked))
        content = web.files.get("/" + self.path.rsplit("/", 1)[-1])
        if content is None:
            return self.send_error(404)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and web.ranges else 0
        if start >= len(content) > 0:
            return self.send_error(416)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if web.length:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = start + web.breaks.pop(0) if web.breaks else None
        self.wfile.write(content[start:end])
        if end is not None and web.stalls:
            web.closing.wait()
        return None

    def log_message(self, *_):
        """Says nothing."""
