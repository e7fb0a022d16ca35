"""Coroutine tests run in a fresh event loop each; no test meets what this machine's user keeps."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from itertools import count

import pytest

_KEPT = ("XDG_CACHE_HOME", "XDG_DATA_HOME")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_ASIDE = (*_PROXIES, *map(str.upper, _PROXIES), "COLUMNS", "LINES")
"""Of a user's environment what leads elsewhere than to the servers of the tests, and how wide a terminal is."""
_places = count()


def _own_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Point the user's caches and data to a new place, which is only made by what writes there; no proxy, no width."""
    home = tmp_path_factory.getbasetemp() / "kept" / str(next(_places))
    with pytest.MonkeyPatch.context() as patched:
        for name in _KEPT:
            patched.setenv(name, str(home / name.removeprefix("XDG_").removesuffix("_HOME").lower()))
        for name in _ASIDE:
            patched.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _nothing_kept_in_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For what lives longer than one test: servers and programs that fixtures start."""
    yield from _own_surroundings(tmp_path_factory)


@pytest.fixture(autouse=True)
def _nothing_kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test finds what another one, or the user, has put into the caches; none leaves anything there."""
    yield from _own_surroundings(tmp_path_factory)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run `async def` tests without a further plugin."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True
