"""SOURCES: the options that say what to look at. Shared by every command that looks at something."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tui.cli.parser import Once, one_of
from tui.cli.problem import Problem
from tui.data_home import tables_file as place
from tui.options import DEEP, IN_CLUSTER, ClusterOptions, Settings, SourceOptions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def add_sources(
    parser: argparse.ArgumentParser, *, config: bool = True, probe: bool = True, deep: bool | None = None
) -> None:
    """Add the options: `config` for a command that reads the configuration, `probe` for one that asks ports for TLS.

    `deep` is for one that looks into images; by itself that is one that asks ports.
    """
    group = parser.add_argument_group(
        "sources",
        "Without any: DOCKER_HOST or the current docker context, else the usual sockets of this machine; and the "
        "cluster of the kubeconfig's current context, or of the pod that this runs in.",
    )
    group.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="URL|CONTEXT",
        help="an engine: unix://, tcp:// or ssh:// URL or the name of a docker context (repeatable)",
    )
    group.add_argument("--no-docker", action="store_true", help="look for no container engine")
    group.add_argument(
        "--kubeconfig", action=Once, type=Path, metavar="FILE", help="instead of KUBECONFIG or ~/.kube/config"
    )
    group.add_argument(
        "--context",
        action="append",
        default=[],
        metavar="C",
        help="a cluster: a context of the kubeconfig (repeatable)",
    )
    group.add_argument(
        "-n",
        "--namespace",
        action="append",
        default=[],
        metavar="N",
        help="only this namespace of a cluster (repeatable); for manifests: where those without one go",
    )
    group.add_argument("--no-kubernetes", action="store_true", help="look for no cluster")
    group.add_argument(
        "--manifests",
        action="extend",
        nargs="+",
        default=[],
        metavar="PATH",
        help="files instead: Kubernetes YAML or JSON, Compose files, directories of them, - for standard input",
    )
    group.add_argument(
        "--from", dest="bundle", action=Once, type=Path, metavar="BUNDLE", help="a recording made by 'capture'"
    )
    group.add_argument("--demo", action="store_true", help="the recorded host that ships with the program")
    if probe:
        group.add_argument(
            "--probe", action="store_true", help="ask published ports for TLS: a few handshakes each ([probe] tls)"
        )
    if probe if deep is None else deep:
        group.add_argument(
            "--deep",
            action=Once,
            nargs="?",
            const="running",
            type=one_of(*DEEP),
            metavar="WHICH",
            help="look into images: packages, vulnerabilities, secrets, signatures (registries are asked); running (if "
            "nothing is said) or all ([scanner] deep)",
        )
    if config:
        group.add_argument("--config", type=Path, metavar="FILE", help="instead of deckwatch.toml here or of the user")


def source_options(args: argparse.Namespace) -> SourceOptions:
    """The chosen sources; raises `Problem` for a choice that contradicts itself or leaves nothing."""
    cluster = "--context" if args.context else "--kubeconfig" if args.kubeconfig else ""
    alone = [
        name
        for name, given in (("--from", args.bundle), ("--demo", args.demo), ("--manifests", args.manifests))
        if given
    ]
    live = [name for name, given in (("--host", args.host), (cluster, cluster)) if given]
    if len(alone) + bool(live) > 1:
        raise Problem(f"{' and '.join((*live[:1], *alone))} cannot be combined; choose one of them")
    if args.host and args.no_docker:
        raise Problem("--host and --no-docker cannot be combined; choose one of them")
    if cluster and args.no_kubernetes:
        raise Problem(f"{cluster} and --no-kubernetes cannot be combined; choose one of them")
    if args.no_docker and args.no_kubernetes and not alone:
        raise Problem("--no-docker and --no-kubernetes leave nothing to look at; add --from BUNDLE or --demo")
    for host in args.host:
        _check_host(host)
    _check_clusters(args, [name for name in alone if name != "--manifests"])
    _check_paths(args.manifests)
    return SourceOptions(
        tuple(args.host),
        not args.no_docker and (bool(args.host) or not cluster),
        args.bundle,
        args.demo,
        kubernetes=not args.no_kubernetes and (bool(cluster) or not args.host),
        clusters=ClusterOptions(args.kubeconfig, tuple(args.context), tuple(dict.fromkeys(args.namespace))),
        manifests=tuple(args.manifests),
    )


def _check_clusters(args: argparse.Namespace, recording: list[str]) -> None:
    """That the kubeconfig and its contexts exist; what they lead to is seen when it is read."""
    for namespace in args.namespace:
        if not namespace.strip() or "/" in namespace:
            raise Problem(f"--namespace {namespace!r}: expected the name of a namespace")
    if args.namespace and recording:
        raise Problem(f"--namespace and {recording[0]} cannot be combined; choose one of them")
    if args.manifests and len(set(args.namespace)) > 1:
        raise Problem("--manifests takes one --namespace: objects that name none go there")
    if args.kubeconfig is not None:
        try:
            if not args.kubeconfig.is_file() and args.kubeconfig.stat():
                raise Problem(f"--kubeconfig {args.kubeconfig} is not a regular file")  # a pipe may never be written to
            with args.kubeconfig.open("rb"):
                pass
        except OSError as error:
            raise Problem(f"--kubeconfig {args.kubeconfig} cannot be read: {error.strerror}") from None
    if args.context:
        check_contexts("--context", args.context, args.kubeconfig)


def check_contexts(option: str, names: Iterable[str], kubeconfig: Path | None) -> None:
    """Raises `Problem` for a context that the kubeconfig does not have, with the near one."""
    from inventory.sources.kubernetes.kubeconfig import load
    from tui.near import hint

    found = load(str(kubeconfig or ""))
    for name in names:
        if name not in found.contexts and name != IN_CLUSTER:
            known = ", ".join(sorted(found.contexts)) or "none"
            problems = "".join(f"; {problem}" for problem in found.problems)
            near = hint(name, found.contexts) or f"; contexts: {known}{problems}"
            raise Problem(f"{option}: the kubeconfig has no context {name!r}{near}")


def _check_paths(paths: Collection[str]) -> None:
    """That each is there: a path that is misspelt must not pass for one without findings."""
    if list(paths).count("-") > 1:
        raise Problem("--manifests -: standard input can be read once only")
    for path in paths:
        if path == "-":
            continue
        try:
            os.stat(path)
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error)
            raise Problem(f"--manifests {path} cannot be read: {said}{_near_path(path)}") from None


def _near_path(path: str) -> str:
    from tui.near import hint

    folder, name = os.path.split(path)
    try:
        return hint(name, os.listdir(folder or "."))
    except (OSError, ValueError):
        return ""


def probing(args: argparse.Namespace, sources: SourceOptions, settings: Settings) -> SourceOptions:
    """The sources with what may be asked over the network, by the command line or the configuration."""
    live = sources.bundle is None and not sources.demo and not sources.manifests
    if args.probe and not live:
        raise Problem("--probe asks what runs now; it cannot be combined with --from, --demo or --manifests")
    if args.deep and not live:
        raise Problem("--deep looks into images here; it cannot be combined with --from, --demo or --manifests")
    sources = configured(sources, settings)
    sources = looking(args, sources, settings, live=live)
    return sources._replace(probe=live and (args.probe or settings.probe), names=settings.names)


def looking(
    args: argparse.Namespace, sources: SourceOptions, settings: Settings, *, live: bool = True
) -> SourceOptions:
    """The sources with which images are looked into, by the command line or the configuration; none of a recording."""
    deep = (args.deep or settings.analysis.deep) if live else ""
    return sources._replace(analysis=settings.analysis._replace(deep=deep))


def configured(sources: SourceOptions, settings: Settings) -> SourceOptions:
    """The sources with what `[kubernetes]` says of clusters; what the command line says goes before."""
    asked, told = sources.clusters, settings.clusters
    contexts = asked.contexts
    if told.contexts and not asked.asked_for and sources.kubernetes and not sources.manifests:
        check_contexts("[kubernetes] contexts", told.contexts, None)
        contexts = told.contexts
    clusters = told._replace(
        kubeconfig=asked.kubeconfig,
        contexts=contexts,
        namespaces=asked.namespaces or (() if sources.manifests else told.namespaces),
    )
    return sources._replace(clusters=clusters)


def _check_host(host: str) -> None:
    from inventory.sources.docker.userinfo import ADVICE, holds_secret
    from tui.near import hint

    if holds_secret(host):
        raise Problem(f"--host: {ADVICE}")
    scheme, separator, rest = host.partition("://")
    known = ("unix", "tcp", "ssh")
    if separator and scheme not in known:
        raise Problem(
            f"--host {host}: unknown scheme {scheme!r}, expected unix://, tcp:// or ssh://{hint(scheme, known)}"
        )
    if not host.strip() or (separator and not rest):
        raise Problem(f"--host {host!r}: expected a URL such as unix:///run/docker.sock or the name of a context")


def load_settings(args: argparse.Namespace) -> Settings:
    """The configuration that applies; raises `Problem` with file and line if it is wrong."""
    from tui.config import ConfigError, load

    try:
        return load(args.config, checks=check_ids, actions=action_ids)._replace(tables=place())
    except ConfigError as error:
        raise Problem(str(error), more=map(str, error.more)) from None


def check_ids() -> Collection[str]:
    """What `[severity]` and `[[waiver]]` may name."""
    from checks.catalogue import catalogue

    return [check.id for check in catalogue()]


def action_ids() -> Collection[str]:
    """What `[keys]` may name."""
    from tui.keymap import ACTIONS

    return [action.id for action in ACTIONS]
