"""A small replica of the published dataset, and a server of it that misbehaves on demand."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import numpy as np

from cauda.tables.published_files import PublishedFile, published_files

SUBJECTS = ("01", "03", "14")
IMAGES = ("CISS", "DESS", "T2TSE")


def contents() -> dict[str, dict[str, bytes]]:
    """Return what is in each archive, in the published layout."""
    noise = np.random.default_rng(0)
    raw = {"participants.tsv": b"participant_id\tage\nsub-01\t23\n", "participants.json": b"{}"}
    markers, models, quality = {}, {}, {}
    for label in SUBJECTS:
        for image in IMAGES:
            raw[f"sub-{label}/anat/sub-{label}_{image}.json"] = json.dumps({"EchoTime": 0.1}).encode()
            raw[f"sub-{label}/anat/sub-{label}_{image}.nii.gz"] = noise.bytes(150_000)
        for number in range(1, 6):
            markers[f"sub-{label}/sub-{label}_cord_{number}.json"] = b'{"markups": []}' * 40
            markers[f"sub-{label}/sub_{label}_dura_{number}.json"] = b'{"markups": [{}]}' * 40
        models[f"sub-{label}/sub-{label}_Cord.stl"] = bytes(3000)
        quality[f"sub-{label}/anat/sub-{label}_CISS_SNR.csv"] = b"a,b\n1,2\n"
    return {"rawdata.zip": raw, "markers.zip": markers, "model.zip": models, "anatqc.zip": quality}


def packed(files: dict[str, bytes]) -> bytes:
    """Return a zip archive; images are stored, all else is deflated."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_STORED if name.endswith(".gz") else zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return out.getvalue()


def bodies(**archives: bytes) -> dict[str, bytes]:
    """Return the bytes of every published file of the replica; `archives` replace some, named by part."""
    found = {name: packed(files) for name, files in contents().items()}
    found["dataset_description.json"] = b'{"Name": "replica", "BIDSVersion": "1.8.0"}'
    found["README"] = b"a replica"
    found["inter-annotators variability.xlsx"] = b"PK a table"
    by_part = {file.part: file.name for file in published_files() if file.is_archive}
    found |= {by_part[part]: data for part, data in archives.items()}
    return found


def edition(served: dict[str, bytes]) -> tuple[PublishedFile, ...]:
    """Return the list of files that fits these bytes."""
    return tuple(
        replace(file, bytes=len(served[file.name]), md5=hashlib.md5(served[file.name]).hexdigest())
        for file in published_files()
    )


@dataclass
class Server:
    """What the server has and how it behaves.

    Attributes
    ----------
    gives_ranges : bool
    drops_after : int or None
        Bytes after which a connection breaks; used up one by one from `drops`, the number of such answers.
    statuses : list of (int, dict)
        Answers that come first, with their headers.
    """

    files: dict[str, bytes]
    gives_ranges: bool = True
    drops: int = 0
    drops_after: int = 1000
    statuses: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    content_range: str | None = None
    told_length: int | None = None
    corrupts: int = 0
    corrupts_above: int = 50_000
    redirects_to: str | None = None
    by_name: bool = False
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    sent: int = 0
    url: str = ""

    def file(self, path: str) -> bytes | None:
        """Return what is at an address."""
        key = unquote(path.rsplit("/", 1)[-1])
        for file in published_files():
            if key == (file.name if self.by_name else file.id):
                return self.files[file.name]
        return None


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Serve on the loopback until the end of the block."""
    listener = _Listener(("127.0.0.1", 0), _handler(server))
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    proxies = dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1")
    server.url = f"http://127.0.0.1:{listener.server_port}/files"
    try:
        with patch.dict(os.environ, proxies):
            yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args: Any) -> None:
        """Keep quiet about clients that have read enough."""


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_args: Any) -> None:
            """Keep quiet."""

        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            server.requests.append((self.path, asked))
            if server.statuses:
                status, headers = server.statuses.pop(0)
                self._answer(status, headers)
                return
            if server.redirects_to is not None and "/there/" not in self.path:
                key = self.path.rsplit("/", 1)[-1]
                self._answer(302, {"Location": f"{server.redirects_to}/there/{key}"})
                return
            data = server.file(self.path)
            if data is None:
                self._answer(404, {})
                return
            self._send(data, asked)

        def _send(self, data: bytes, asked: str | None) -> None:
            found = re.fullmatch(r"bytes=(\d+)-(\d*)", asked or "")
            first = 0
            body = data
            headers = {}
            if found and server.gives_ranges:
                first = int(found[1])
                last = min(int(found[2] or len(data)), len(data) - 1)
                if first >= len(data):
                    self._answer(416, {"Content-Range": f"bytes */{len(data)}"})
                    return
                body = data[first : last + 1]
                headers["Content-Range"] = server.content_range or f"bytes {first}-{last}/{len(data)}"
            if server.corrupts and len(body) > server.corrupts_above:
                server.corrupts -= 1
                body = body[:30_000] + bytes([body[30_000] ^ 255]) + body[30_001:]
            self.send_response(206 if headers else 200)
            self.send_header("Content-Length", str(server.told_length or len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if server.drops and len(body) > server.drops_after:
                server.drops -= 1
                body = body[: server.drops_after]
                self.close_connection = True
            server.sent += len(body)
            self.wfile.write(body)

        def _answer(self, status: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Handler
