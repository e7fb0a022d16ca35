"""What the command line and the configuration together ask of the program. Plain data; imports nothing heavy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from checks.policy import Policy

THEMES = ("colour", "light", "ansi16", "mono")
"""Names of the palettes that widgets offer."""
DEEP = ("running", "all")
"""Which images are looked into without anybody asking for each."""
ENGINES = ("trivy", "grype", "docker-scout")
"""Scanners that can be asked besides our own matching; they are run only where the configuration names them."""
IN_CLUSTER = "in-cluster"
"""The context of a pod that looks at its own cluster."""


class ClusterOptions(NamedTuple):
    """Which clusters: `contexts` of the kubeconfig (() is the current one), `namespaces` of them (() is all).

    Reading the
    certificates in TLS secrets and the kubelets' configuration takes rights that many accounts have not, so both are
    done only where the configuration says so.
    """

    kubeconfig: Path | None = None
    contexts: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    read_tls_secrets: bool = False
    kubelet_config: bool = False

    @property
    def asked_for(self) -> bool:
        """Whether one is named, and not only whatever cluster this machine knows."""
        return bool(self.kubeconfig or self.contexts)


class AnalysisOptions(NamedTuple):
    """How images are looked into: `[scanner]`, and `--deep` on the command line.

    `deep` says which ("running", "all") without anybody asking for each; "" is none, but what an earlier look found is
    used. `registries`: whether registries are asked for signatures. `reports` are files and directories of other
    scanners' reports, `engines` the scanners on PATH (trivy, grype, docker-scout) that are run besides our matching.
    """

    deep: str = ""
    registries: bool = True
    reports: tuple[Path, ...] = ()
    engines: tuple[str, ...] = ()


class SourceOptions(NamedTuple):
    """What to look at: engines (URLs or context names; () means this machine's), clusters, a recording, or files.

    `probe`: published ports are asked for TLS. `names` are the host names that their certificates should be good for,
    by globs on containers' names. `manifests` are paths to files and directories, `-` for standard input.
    """

    hosts: tuple[str, ...] = ()
    docker: bool = True
    bundle: Path | None = None
    demo: bool = False
    probe: bool = False
    names: Mapping[str, str] = MappingProxyType({})
    kubernetes: bool = True
    clusters: ClusterOptions = ClusterOptions()
    manifests: tuple[str, ...] = ()
    analysis: AnalysisOptions = AnalysisOptions()


class UiSettings(NamedTuple):
    """`[ui]`: None where the file says nothing, so that what the terminal can do decides. `refresh` is in seconds."""

    theme: str | None = None
    ascii: bool | None = None
    mono: bool | None = None
    mouse: bool | None = None
    refresh: float | None = None


class Settings(NamedTuple):
    """A configuration file, checked. `keys` maps the name of an action to the keys that replace its own.

    `clusters` and `analysis` are what the file says of clusters and of images; the command line goes before.

    `rules` None is the default policy, which is made when it is asked for: the first paint does not wait for it.
    """

    rules: Policy | None = None
    ui: UiSettings = UiSettings()
    keys: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    path: Path | None = None
    tables: Path | None = None
    probe: bool = False
    names: Mapping[str, str] = MappingProxyType({})
    clusters: ClusterOptions = ClusterOptions()
    analysis: AnalysisOptions = AnalysisOptions()

    @property
    def policy(self) -> Policy:
        """What to trust, to waive and to take more or less seriously, with the tables of versions that were fetched.

        A file of tables that cannot be used counts as none: `unread_tables` says why.
        """
        from checks.policy import Policy

        rules = self.rules or Policy()
        if self.tables is None or not os.path.exists(self.tables):  # one in a directory of somebody else counts as none
            return rules
        from msgspec.structs import replace

        from tui.tables import TablesError, stored

        try:
            return replace(rules, tables=stored(self.tables))
        except TablesError:
            return rules

    @property
    def unread_tables(self) -> str:
        """Why the fetched tables are not used, "" where they are or where there are none."""
        if self.tables is None or not os.path.exists(self.tables):
            return ""
        from tui.tables import TablesError, stored

        try:
            stored(self.tables)
        except TablesError as error:
            return str(error)
        return ""


class ExplorerOptions(NamedTuple):
    """How to open the explorer. Command line before configuration before what the terminal can do (None)."""

    sources: SourceOptions
    settings: Settings
    refresh: float | None = None
    theme: str | None = None
    ascii: bool | None = None
    mono: bool | None = None
    mouse: bool | None = None
    plain: bool = False
    low_bandwidth: bool = False
