"""Options that the model has no field for, from the engine's own answer."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from checks.answer import answer, part
from checks.remedy.option import Option
from inventory.container import Container, DeviceRequest
from inventory.image import Image


class Extra(msgspec.Struct, frozen=True):
    """A member of the answer with one value, and how it is written; `usual` are values that need no option."""

    place: str  # HostConfig or Config
    member: str
    flag: str
    key: str
    kind: type[int] | type[str] | type[bool]
    usual: tuple[object, ...] = ()
    unit: str = ""  # behind the value in a Compose file
    inside: str = ""  # the name in Compose where the key holds a map

    def needed(self, value: object, own: object = None) -> bool:
        """Whether an option says it: a value of the right type, and no default of the engine unless the image has one.

        `own` is the image's value.
        """
        right = type(value) is self.kind and (self.kind is not int or int(str(value)) >= 0)
        return right and value != "" and value is not False and (own is not None or value not in self.usual)


# Docker 20.10 to 28 and Podman 4 to 5; 65536000 is Podman's /dev/shm, 15 its SIGTERM.
EXTRAS = (
    Extra("Config", "Domainname", "--domainname", "domainname", str),
    Extra("Config", "MacAddress", "--mac-address", "mac_address", str),
    Extra("HostConfig", "ShmSize", "--shm-size", "shm_size", int, (0, 67108864, 65536000)),
    Extra("HostConfig", "MemoryReservation", "--memory-reservation", "mem_reservation", int, (0,)),
    Extra("HostConfig", "MemorySwappiness", "--memory-swappiness", "mem_swappiness", int),
    Extra("HostConfig", "CpuPeriod", "--cpu-period", "cpu_period", int, (0,)),
    Extra("HostConfig", "CpusetMems", "--cpuset-mems", "x-cpuset-mems", str),
    Extra("HostConfig", "BlkioWeight", "--blkio-weight", "blkio_config", int, (0,), inside="weight"),
    Extra("HostConfig", "Init", "--init", "init", bool),
    Extra("Config", "StopSignal", "--stop-signal", "stop_signal", str, ("SIGTERM", "TERM", "15")),
    Extra("Config", "StopTimeout", "--stop-timeout", "stop_grace_period", int, (10,), unit="s"),
)


def extras(container: Container, image: Image | None) -> Iterator[Option]:
    """What differs from the engine's default and from what the image gives."""
    found = answer(container)
    given = part(answer(image), "Config") if image is not None else {}
    for each in EXTRAS:
        value = part(found, each.place).get(each.member)
        own = given.get(each.member) if each.place == "Config" else None
        if value != own and each.needed(value, own) and not _said_otherwise(each, value, container, found):
            yield _option(each, value)
    yield from devices(container)


def _said_otherwise(each: Extra, value: object, container: Container, found: Mapping[str, Any]) -> bool:
    """Podman writes --cpus as quota and period too, and a swappiness of 0 where none is set."""
    if each.member == "CpuPeriod":
        return bool(container.peek("nano_cpus"))
    return each.member == "MemorySwappiness" and value == 0 and part(found, "HostConfig").get("Runtime") == "oci"


def _option(each: Extra, value: Any) -> Option:
    words = (each.flag,) if each.kind is bool else (each.flag, str(value))
    entry = f"{value}{each.unit}" if each.unit else value
    return Option(each.member, words, each.key, "pair" if each.inside else "value", entry, each.inside)


def devices(container: Container) -> Iterator[Option]:
    """`--gpus`, and `--device` for names of the Container Device Interface (vendor.com/class=name)."""
    requests = container.device_requests
    for each in requests:
        if each.driver == "cdi":
            yield from (
                Option("device_requests", ("--device", name), "devices", "item", name) for name in each.device_ids
            )
    others = [each for each in requests if each.driver != "cdi"]
    if others:
        words = tuple(word for each in others for word in ("--gpus", _gpus(each)))
        entry = {"reservations": {"devices": [_reservation(each) for each in others]}}
        yield Option("device_requests", words, "deploy", "pair", entry, "resources")


def _gpus(request: DeviceRequest) -> str:
    """A line of CSV; the client adds the capability `gpu` itself."""
    more = [name for every in request.capabilities for name in every if name != "gpu"]
    fields = [f"driver={request.driver}"] if request.driver else []
    fields.append(f"device={','.join(request.device_ids)}" if request.device_ids else _count(request))
    fields += [f"capabilities={','.join(more)}"] if more else []
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()


def _count(request: DeviceRequest) -> str:
    return "all" if request.count < 0 else str(request.count)


def _reservation(request: DeviceRequest) -> Mapping[str, Any]:
    found: dict[str, Any] = {"driver": request.driver} if request.driver else {}
    if request.device_ids:
        found["device_ids"] = list(request.device_ids)
    else:
        found["count"] = "all" if request.count < 0 else request.count
    return {**found, "capabilities": list(dict.fromkeys(name for every in request.capabilities for name in every))}
