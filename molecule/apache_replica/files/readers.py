# Copyright: (c) 2026, clustered.storage contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Twenty clients that read one page after the other.

readers.py read URL...  until `stop`; what each page says must not change. Prints the figures.
readers.py await COUNT  until so many more pages have been read
readers.py stop
"""

from __future__ import annotations

import json
import pathlib
import random
import sys
import threading
import time
import urllib.request

CLIENTS = 20
PATIENCE_SECONDS = 60
# Clients that never rest would leave nothing of two processors to the servers.
REST_SECONDS = 0.05
FOLDER = pathlib.Path("/run/readers")
COUNT, STOP = FOLDER / "count", FOLDER / "stop"


def get(url: str) -> bytes:
    """The page."""
    with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
        return bytes(answer.read())


class Readers:
    """The clients and what they have seen."""

    def __init__(self, urls: list[str]) -> None:
        self.pages = {url: get(url) for url in urls}
        self.lock = threading.Lock()
        self.requests = 0
        self.failures: list[str] = []
        self.longest_request = self.longest_pause = 0.0
        self.last = time.monotonic()

    def client(self) -> None:
        while not STOP.exists():
            url = random.choice(list(self.pages))
            begun, failure = time.monotonic(), ""
            try:
                if get(url) != self.pages[url]:
                    failure = f"{url} says something else"
            except OSError as error:
                failure = f"{url}: {error}"
            self.note(begun, failure)
            time.sleep(REST_SECONDS)

    def note(self, begun: float, failure: str) -> None:
        with self.lock:
            now = time.monotonic()
            self.longest_request = max(self.longest_request, now - begun)
            self.longest_pause = max(self.longest_pause, now - self.last)
            self.last = now
            self.requests += 1
            self.failures += [failure] if failure else []
            COUNT.write_text(f"{self.requests}\n")

    def read(self) -> None:
        threads = [threading.Thread(target=self.client) for _number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        figures = {
            "requests": self.requests,
            "failures": self.failures,
            "longest_request_seconds": round(self.longest_request, 1),
            "longest_pause_seconds": round(self.longest_pause, 1),
        }
        print(json.dumps(figures))


def count() -> int:
    """Pages read so far."""
    text = COUNT.read_text() if COUNT.exists() else ""
    return int(text or 0)


def main(verb: str, words: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    if verb == "read":
        STOP.unlink(missing_ok=True)
        COUNT.unlink(missing_ok=True)
        Readers(words).read()
    elif verb == "await":
        goal = count() + int(words[0])
        while count() < goal:
            time.sleep(0.1)
    else:
        STOP.touch()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
