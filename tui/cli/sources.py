"""SOURCES: the options that say what to look at. Shared by every command that looks at something."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tui.cli.parser import Once
from tui.cli.problem import Problem
from tui.data_home import tables_file as place
from tui.options import Settings, SourceOptions

if TYPE_CHECKING:
    from collections.abc import Collection


def add_sources(parser: argparse.ArgumentParser, *, config: bool = True, probe: bool = True) -> None:
    """Add the options: `config` for a command that reads the configuration, `probe` for one that asks ports for TLS."""
    group = parser.add_argument_group(
        "sources", "Without any: DOCKER_HOST or the current docker context, else the usual sockets of this machine."
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
        "--no-kubernetes", action="store_true", help="look for no cluster (this version reads none; for scripts)"
    )
    group.add_argument(
        "--from", dest="bundle", action=Once, type=Path, metavar="BUNDLE", help="a recording made by 'capture'"
    )
    group.add_argument("--demo", action="store_true", help="the recorded host that ships with the program")
    if probe:
        group.add_argument(
            "--probe", action="store_true", help="ask published ports for TLS: a few handshakes each ([probe] tls)"
        )
    if config:
        group.add_argument("--config", type=Path, metavar="FILE", help="instead of deckwatch.toml here or of the user")


def source_options(args: argparse.Namespace) -> SourceOptions:
    """The chosen sources; raises `Problem` for a choice that contradicts itself or leaves nothing."""
    chosen = [name for name, given in (("--host", args.host), ("--from", args.bundle), ("--demo", args.demo)) if given]
    if len(chosen) > 1:
        raise Problem(f"{' and '.join(chosen)} cannot be combined; choose one of them")
    if args.host and args.no_docker:
        raise Problem("--host and --no-docker cannot be combined; choose one of them")
    if args.no_docker and not chosen:
        raise Problem("--no-docker leaves nothing to look at; add --from BUNDLE or --demo")
    for host in args.host:
        _check_host(host)
    return SourceOptions(tuple(args.host), not args.no_docker, args.bundle, args.demo)


def probing(args: argparse.Namespace, sources: SourceOptions, settings: Settings) -> SourceOptions:
    """The sources with what may be asked over the network, by the command line or the configuration."""
    live = sources.bundle is None and not sources.demo
    if args.probe and not live:
        raise Problem("--probe asks what runs now; it cannot be combined with --from or --demo")
    return sources._replace(probe=live and (args.probe or settings.probe), names=settings.names)


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
