"""The least that reading a host can cost: `python floor.py SOCKET` prints seconds, requests and bytes as JSON.

One process, one keep-alive connection, `http.client` and `json`: the lists, and an inspect of every container, image
and network. The clock starts before the two modules are imported, after the interpreter has.
"""

import time

STARTED = time.perf_counter()

import http.client  # noqa: E402 - the clock comes first
import json  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402
from typing import Any  # noqa: E402

LISTS = ("/info", "/version", "/images/json", "/volumes", "/networks", "/containers/json?all=1")


class Floor:
    """One connection and what went over it."""

    def __init__(self, path: str) -> None:
        self._connection = http.client.HTTPConnection("localhost")
        self._connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.sock.connect(path)
        self.requests = self.bytes = 0

    def get(self, path: str) -> Any:
        """The decoded answer."""
        self._connection.request("GET", path)
        body = self._connection.getresponse().read()
        self.requests += 1
        self.bytes += len(body)
        return json.loads(body)

    def everything(self) -> None:
        """All lists, then every object of three of them."""
        answers = {path: self.get(path) for path in LISTS}
        for listing, one in (("/containers/json?all=1", "containers"), ("/images/json", "images")):
            for entry in answers[listing]:
                self.get(f"/{one}/{entry['Id']}/json")
        for entry in answers["/networks"]:
            self.get(f"/networks/{entry['Id']}")


if __name__ == "__main__":
    floor = Floor(sys.argv[1])
    floor.everything()
    took = time.perf_counter() - STARTED
    print(json.dumps({"seconds": took, "requests": floor.requests, "bytes": floor.bytes}))
