"""The short and long forms of a Compose file's values, in the words of the Engine API.

A value that Compose would refuse raises `ValueError`, which costs the one field that it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Values = dict[str, Any]
_SIZE = re.compile(r"(?i)\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?\s*")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PORT = re.compile(
    r"(?:(?P<ip>\[[^\]]*\]|[^:]*):)??(?:(?P<host>[\d-]*):)?(?P<inside>\d+(?:-\d+)?)(?:/(?P<protocol>\w+))?"
)
_MOST_PORTS = 2000
_PATH = re.compile(r"(?:[./~\\]|[A-Za-z]:[\\/])")


def words(value: Any) -> list[str]:
    """A list of strings, or one."""
    if value is None:
        return []
    if isinstance(value, str | int | float):
        return [text(value)]
    if isinstance(value, list):
        return [text(one) for one in value]
    raise ValueError("expected a list of strings")


def text(value: Any) -> str:
    """A string; YAML makes numbers and booleans of some."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError("expected a string")


def command(value: Any) -> list[str]:
    """A command line: a list as it is, a string by the shell's rules."""
    import shlex

    return shlex.split(value) if isinstance(value, str) else words(value)


def pairs(value: Any, separator: str = "=") -> dict[str, str | None]:
    """A mapping, written as one or as a list of `KEY=value`; None where only the key is given."""
    if isinstance(value, dict):
        return {name: None if one is None else text(one) for name, one in value.items()}
    found: dict[str, str | None] = {}
    for entry in words(value):
        name, given, one = entry.partition(separator)
        found[name.strip()] = one if given else None
    return found


def flag(value: Any) -> bool:
    """A boolean; Compose takes the words, too."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false", "yes", "no", "on", "off"):
        return value.lower() in ("true", "yes", "on")
    raise ValueError("expected true or false")


def size(value: Any) -> int:
    """Bytes: `512m`, `1.5gb`, or a number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value)
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("expected a size such as 512m")
    return int(float(found[1]) * _UNITS[found[2].lower()])


def number(value: Any) -> float:
    """A number, or its text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("expected a number")
    return float(value)


def nanoseconds(value: Any) -> int:
    """A duration such as `1m30s`."""
    found = _SPAN.findall(value) if isinstance(value, str) else []
    if not found or "".join(f"{count}{unit}" for count, unit in found) != value.strip():
        raise ValueError("expected a duration such as 30s")
    return int(sum(float(count) * _SECONDS[unit] for count, unit in found) * 1e9)


def ports(value: Any) -> dict[str, list[dict[str, str]]]:
    """`ports:` as `PortBindings`."""
    found: dict[str, list[dict[str, str]]] = {}
    for entry in value or []:
        for inside, protocol, address, outside in _long(entry) if isinstance(entry, dict) else _short(text(entry)):
            found.setdefault(f"{inside}/{protocol}", []).append({"HostIp": address, "HostPort": outside})
            if len(found) > _MOST_PORTS:
                raise ValueError(f"more than {_MOST_PORTS} ports")
    return found


def _long(entry: Values) -> Iterator[tuple[int, str, str, str]]:
    outside = text(entry.get("published"))
    address = text(entry.get("host_ip"))
    for inside in _range(text(entry.get("target"))):
        yield inside, text(entry.get("protocol")) or "tcp", address, outside


def _short(entry: str) -> Iterator[tuple[int, str, str, str]]:
    found = _PORT.fullmatch(entry)
    if found is None:
        raise ValueError(f"{entry[:80]!r} is no port")
    inside = _range(found["inside"])
    given = found["host"] or ""
    outside = [str(one) for one in _range(given)] if given else [""] * len(inside)
    if len(outside) != len(inside):
        outside = [given] * len(inside)  # any one of a range
    address = (found["ip"] or "").strip("[]")
    for one, other in zip(inside, outside, strict=True):
        yield one, found["protocol"] or "tcp", address, other


def _range(written: str) -> range:
    first, _, last = written.partition("-")
    low, high = int(first), int(last or first)
    if not 0 < low <= high < 65536:
        raise ValueError(f"{written[:40]!r} is no port")
    return range(low, high + 1)


def mount(entry: Any, project: str, named: Values) -> Values:
    """One of `volumes:` as `Mounts` tells it."""
    if isinstance(entry, dict):
        kind = text(entry.get("type")) or "volume"
        source, target = text(entry.get("source")), text(entry.get("target"))
        writable = not entry.get("read_only")
        bind = entry.get("bind")
        propagation = text(bind.get("propagation")) if isinstance(bind, dict) else ""
    else:
        written = text(entry)
        drive = written[:2] if re.match(r"[A-Za-z]:[\\/]", written) else ""
        parts = written[len(drive) :].split(":")
        source, target = (drive + parts[0], parts[1]) if len(parts) > 1 else ("", written)
        options = parts[2].split(",") if len(parts) > 2 else []
        kind = "bind" if _PATH.match(source) else "volume"
        writable = "ro" not in options
        propagation = next((one for one in options if one.lstrip("r") in ("shared", "slave", "private")), "")
    if not target:
        raise ValueError("a volume without a target")
    name = ""
    if kind == "volume" and source:
        told = named.get(source)
        own = told if isinstance(told, dict) else {}
        name = text(own.get("name")) or (source if own.get("external") else f"{project}_{source}")
    found = {"Type": kind, "Source": "" if kind == "volume" else source, "Destination": target, "RW": writable}
    return found | {"Propagation": propagation or ("rprivate" if kind == "bind" else ""), "Name": name}


def ulimits(value: Any) -> list[Values]:
    """`ulimits:` with one number for both, or two."""
    found = []
    for name, limit in (value or {}).items():
        both = limit if isinstance(limit, dict) else {"soft": limit, "hard": limit}
        found.append({"Name": name, "Soft": int(number(both["soft"])), "Hard": int(number(both["hard"]))})
    return found


def devices(value: Any) -> tuple[list[Values], list[Values]]:
    """`devices:` as devices, and as requests for those that a CDI specification names (`vendor.com/class=name`)."""
    plain: list[Values] = []
    requests: list[Values] = []
    for entry in value or []:
        if isinstance(entry, dict):
            source, target = text(entry.get("source")), text(entry.get("target"))
            rights = text(entry.get("permissions"))
        else:
            source, _, rest = text(entry).partition(":")
            target, _, rights = rest.partition(":")
        if "=" in source and not source.startswith("/"):
            requests.append({"Driver": "cdi", "DeviceIDs": [source]})
        else:
            plain.append(
                {"PathOnHost": source, "PathInContainer": target or source, "CgroupPermissions": rights or "rwm"}
            )
    return plain, requests


def healthcheck(value: Any) -> Values | None:
    """`healthcheck:`; None inherits that of the image."""
    if not isinstance(value, dict):
        raise ValueError("expected an object")
    if value.get("disable") is True:
        return {"Test": ["NONE"]}
    test = value.get("test")
    if test is None:
        return None
    found: Values = {"Test": ["CMD-SHELL", test] if isinstance(test, str) else words(test)}
    for name, api in (("interval", "Interval"), ("timeout", "Timeout"), ("start_period", "StartPeriod")):
        if value.get(name) is not None:
            found[api] = nanoseconds(value[name])
    if value.get("retries") is not None:
        found["Retries"] = int(number(value["retries"]))
    return found


def restart(value: Any, deployed: Any) -> Values:
    """`restart:`, else what `deploy.restart_policy` says. YAML makes false of a bare `no`."""
    if value is not None:
        name, _, count = ("no" if value is False else text(value)).partition(":")
        return {"Name": name, "MaximumRetryCount": int(count or 0)}
    if isinstance(deployed, dict):
        name = {"none": "no", "on-failure": "on-failure"}.get(text(deployed.get("condition")), "always")
        return {"Name": name, "MaximumRetryCount": int(number(deployed.get("max_attempts") or 0))}
    return {"Name": "no", "MaximumRetryCount": 0}
