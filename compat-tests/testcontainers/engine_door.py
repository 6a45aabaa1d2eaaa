"""A door to the Docker engine for clients that insist on a newer version of its API than the engine speaks.

Most libraries ask the engine for its version. Testcontainers for Rust does not, and Debian's engine refuses what it names. The door is a Unix
socket that passes everything on and puts the engine's own version in the place of the newer one. Each connection carries one request, so
only its first line has to be read.
"""

import re
import socket
import threading
from pathlib import Path

HEAD_LIMIT = 64 * 1024
VERSIONED = re.compile(rb"^([A-Z]+ )/v[0-9.]+/")


class EngineDoor:
    """`with EngineDoor(engine, folder, "1.41") as address:` where `engine` is the engine's own "unix:///path"."""

    def __init__(self, engine: str, folder: Path, version: str):
        if not engine.startswith("unix://"):
            raise ValueError(f"only engines on a Unix socket have a door, not {engine}")
        self._engine, self._version = engine.removeprefix("unix://"), version.encode()
        self._path = folder / "engine.sock"
        self._listener = socket.socket(socket.AF_UNIX)

    def __enter__(self) -> str:
        self._listener.bind(str(self._path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return f"unix://{self._path}"

    def __exit__(self, *_: object) -> None:
        # Wakes the thread that accepts; closing alone would not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._path.unlink()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as engine:
            engine.connect(self._engine)
            engine.sendall(self._translated(_head(client)))
            back = threading.Thread(target=_pump, args=(engine, client), daemon=True)
            back.start()
            _pump(client, engine)
            back.join()

    def _translated(self, head: bytes) -> bytes:
        """The request with the engine's version; an ordinary one also asks that the connection ends with its answer."""
        head = VERSIONED.sub(rb"\1/v" + self._version + b"/", head, count=1)
        if b"\r\nupgrade:" not in head.lower():
            head = head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
        return head


def _head(client: socket.socket) -> bytes:
    """What comes up to the empty line, and what came with it."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < HEAD_LIMIT:
        piece = client.recv(16 * 1024)
        if not piece:
            break
        head += piece
    return head


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(64 * 1024):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        # The other direction has ended: nobody waits for the rest.
        return
