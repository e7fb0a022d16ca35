"""Bounded threads that nobody ever waits for longer than asked: a hanging call must not hold the program."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


def run_all(jobs: Sequence[Callable[[], T]], threads: int, until: float) -> list[T | BaseException]:
    """Run all jobs on a few daemon threads and give their results in order, an exception for one that failed.

    At `until` (monotonic seconds) whatever has not ended is given up as TimeoutError and left to its own deadline.
    """
    results: list[T | BaseException] = [TimeoutError("not finished in time")] * len(jobs)
    todo: queue.SimpleQueue[int] = queue.SimpleQueue()
    for index in range(len(jobs)):
        todo.put(index)
    done = threading.Semaphore(0)

    def work() -> None:
        while True:
            try:
                index = todo.get_nowait()
            except queue.Empty:
                return
            try:
                results[index] = jobs[index]()
            except Exception as error:  # the one who asked decides what a failure means
                results[index] = error
            done.release()

    for number in range(min(threads, len(jobs))):
        threading.Thread(target=work, name=f"reader-{number}", daemon=True).start()
    for _ in jobs:
        if not done.acquire(timeout=max(0.0, until - time.monotonic())):
            while not todo.empty():
                todo.get_nowait()
            break
    return list(results)


class Workers(Generic[T]):
    """A few daemon threads that do jobs and hand each result to `done`; `stop` returns at once."""

    def __init__(self, name: str, threads: int, done: Callable[[T], None]) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], T] | None] = queue.SimpleQueue()
        self._done = done
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(threads)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def submit(self, job: Callable[[], T]) -> None:
        """Add a job; it must not raise."""
        self._jobs.put(job)

    def stop(self) -> None:
        """Let the threads end after the job they are at."""
        for _ in self._threads:
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._done(job())
