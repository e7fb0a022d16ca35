"""kubeconfig files as `kubectl` reads them: several in KUBECONFIG, the first to name a thing wins, paths relative.

Only what the files say; nothing is connected to, no plugin runs, and the `kubernetes` package is not needed.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

LARGEST = 8 << 20
"""Bytes of a file above which it is not parsed."""
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
IN_CLUSTER = "in-cluster"
"""The name of the context that a pod has without any file."""
_PATHS = {"clusters": ("certificate-authority",), "users": ("client-certificate", "client-key", "tokenFile")}
_INNER = {"clusters": "cluster", "users": "user", "contexts": "context"}


class KubeconfigError(Exception):
    """A configuration that leads nowhere; the message is a sentence for people."""


class Context(msgspec.Struct, frozen=True):
    """One context as it is listed; `problem` says why it cannot be opened, "" when nothing speaks against it."""

    name: str
    cluster: str = ""
    user: str = ""
    namespace: str = ""
    server: str = ""
    problem: str = ""


class Resolved(msgspec.Struct, frozen=True):
    """A context with the entries that it names; file names in them are absolute. `user` holds secrets."""

    context: Context
    cluster_entry: dict[str, Any]
    user_entry: dict[str, Any]

    def __repr__(self) -> str:
        return f"Resolved({self.context.name!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("context", self.context.name)]


class Kubeconfig(msgspec.Struct, frozen=True):
    """All files together. `problems` are sentences about files that could not be read; the rest counts."""

    current: str
    contexts: Mapping[str, dict[str, Any]]
    clusters: Mapping[str, dict[str, Any]]
    users: Mapping[str, dict[str, Any]]
    problems: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Kubeconfig({sorted(self.contexts)})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("contexts", sorted(self.contexts))]

    def listed(self) -> tuple[Context, ...]:
        """Every context, by name."""
        return tuple(self._context(name) for name in sorted(self.contexts))

    def resolve(self, name: str = "") -> Resolved:
        """The context of this name, or the current one. Raises `KubeconfigError`."""
        name = name or self.current
        if not name:
            raise KubeconfigError("; ".join(self.problems) or "no current context in the kubeconfig")
        if name not in self.contexts:
            raise KubeconfigError("; ".join((f"no context {name!r} in the kubeconfig", *self.problems)))
        context = self._context(name)
        if context.problem:
            raise KubeconfigError(context.problem)
        return Resolved(context, self.clusters[context.cluster], self.users.get(context.user, {}))

    def _context(self, name: str) -> Context:
        entry = self.contexts[name]
        cluster, user = _text(entry, "cluster"), _text(entry, "user")
        server = without_user(_text(self.clusters.get(cluster, {}), "server"))
        problem = ""
        if cluster not in self.clusters:
            problem = f"context {name!r} names the cluster {cluster!r}, which no file defines"
        elif user and user not in self.users:
            problem = f"context {name!r} names the user {user!r}, which no file defines"
        elif not server:
            problem = f"cluster {cluster!r} has no server"
        return Context(name, cluster, user, _text(entry, "namespace"), server, problem)


def places(path: str = "", environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """The files to read: the one that was named, those of KUBECONFIG, or the one in the home directory."""
    if path:
        return (Path(path).expanduser(),)
    told = [Path(one) for one in environ.get("KUBECONFIG", "").split(os.pathsep) if one]
    return tuple(dict.fromkeys(told)) or (Path(environ.get("HOME", "~")).expanduser() / ".kube" / "config",)


def stamps(path: str = "", environ: Mapping[str, str] = os.environ) -> tuple[tuple[int, int, int] | None, ...]:
    """What changes when one of the files is written or replaced; nothing is opened."""
    return tuple(map(_stamp, places(path, environ)))


def _stamp(place: Path) -> tuple[int, int, int] | None:
    try:
        found = place.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def load(path: str = "", environ: Mapping[str, str] = os.environ) -> Kubeconfig:
    """Everything that the files say. A file that is not there is passed over unless it was named."""
    current = ""
    found: dict[str, dict[str, dict[str, Any]]] = {family: {} for family in _INNER}
    problems: list[str] = []
    for place in places(path, environ):
        try:
            document = _document(place)
        except FileNotFoundError:
            if path:
                problems.append(f"{place}: no such file")
            continue
        except OSError as error:
            problems.append(f"{place}: {error.strerror or error}")
            continue
        except ValueError as error:
            problems.append(f"{place}: {error}")
            continue
        current = current or _text(document, "current-context")
        for family, known in found.items():
            for name, entry in _entries(document.get(family), _INNER[family]):
                known.setdefault(name, _absolute(entry, family, place.absolute().parent))
    return Kubeconfig(current, found["contexts"], found["clusters"], found["users"], tuple(problems))


def in_cluster(environ: Mapping[str, str] = os.environ, account: Path = ACCOUNT) -> Context | None:
    """The context of the pod that this program runs in, or None outside of one."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "")
    if not host or not port or not (account / "token").is_file():
        return None
    try:
        namespace = (account / "namespace").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        namespace = ""
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    return Context(IN_CLUSTER, IN_CLUSTER, IN_CLUSTER, namespace, server)


def contexts(path: str = "", environ: Mapping[str, str] = os.environ) -> tuple[tuple[Context, ...], str]:
    """What can be opened, and the name of the one that is taken when none is named."""
    config = load(path, environ)
    listed, current = config.listed(), config.current
    pod = None if listed else in_cluster(environ)
    return ((pod,), pod.name) if pod is not None else (listed, current)


def _document(place: Path) -> Mapping[str, Any]:
    """Raises OSError, or ValueError with a sentence that quotes nothing of the file."""
    if not place.is_file():  # a pipe would be waited for without end
        place.stat()
        raise ValueError("not a regular file")
    with place.open("rb") as file:
        text = file.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise ValueError(f"larger than {LARGEST >> 20} MiB")
    from inventory.sources.manifests.builder import BrokenDocument  # late: most starts look at no cluster
    from inventory.sources.manifests.yamltext import read

    try:
        text.decode()
        built = next(read(text, 0, again=True), None)
    except UnicodeDecodeError:
        raise ValueError("not YAML") from None
    except BrokenDocument as error:
        raise ValueError(f"not YAML in line {error.line}") from None
    found = built.value if built is not None else None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ValueError("not a kubeconfig")
    return found


def _entries(found: Any, inner: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in found if isinstance(found, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            content = entry.get(inner)
            yield entry["name"], content if isinstance(content, dict) else {}


def _absolute(entry: dict[str, Any], family: str, folder: Path) -> dict[str, Any]:
    """With file names that are relative to the file they stand in made absolute."""
    named: Iterable[str] = _PATHS.get(family, ())
    made = dict(entry)
    for name in named:
        if isinstance(entry.get(name), str) and entry[name]:
            made[name] = str(folder / entry[name])
    plugin = entry.get("exec")
    if family == "users" and isinstance(plugin, dict):
        command = plugin.get("command")
        if isinstance(command, str) and os.sep in command:  # without a separator it is looked for in PATH
            made["exec"] = {**plugin, "command": str(folder / command)}
    return made


def content(path: str) -> bytes:
    """What a file holds that a kubeconfig names. Raises OSError; a pipe or a device is not waited for."""
    from inventory.sources.host.reader import LocalReader

    try:
        return LocalReader().read(path)
    except OSError as error:
        if error.errno == errno.EINVAL:
            raise OSError(errno.EINVAL, "not a regular file", path) from None
        raise


def without_user(url: str) -> str:
    """A URL without a name and a password."""
    try:
        parts = urlsplit(url)
        if parts.netloc:
            return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    except ValueError:
        pass
    return url.rpartition("@")[2]


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""
