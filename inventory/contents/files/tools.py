"""Programs that serve whoever got in, by class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from inventory.contents.files.finder import FILES, Idle, fact
from inventory.contents.finding import Entry, FileAt

CLASSES: Mapping[str, str] = {
    "shell": "sh bash dash ash zsh ksh ksh93 mksh csh tcsh fish busybox toybox pwsh",
    "package manager": "apt apt-get aptitude dpkg apk yum dnf dnf5 microdnf tdnf rpm zypper pacman opkg pip npm yarn "
    "pnpm gem conda mamba composer uv snap flatpak",
    "compiler": "gcc g++ cc c++ clang clang++ tcc as ld make cmake go rustc cargo javac gfortran",
    "network": "curl wget nc ncat netcat nc.openbsd nc.traditional socat ssh sshd scp sftp telnet ftp tftp nmap "
    "tcpdump rsync dig",
    "interpreter": "python python2 python3 pypy3 perl ruby node nodejs php lua tclsh guile",
    "debugger": "gdb gdbserver strace ltrace lldb perf bpftrace",
}
"""Names of programs without the version that some bear (`python3.11`, `gcc-12`)."""
_CLASS = {program: kind for kind, programs in CLASSES.items() for program in programs.split()}
_DIRECTORIES = frozenset(
    ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "usr/local/go/bin", "busybox", "opt/bin")
)
_VERSION = "0123456789.-"


class Tools(Idle):
    """Programs in the directories of the usual search path, also as links: a shell by another name is one."""

    name: ClassVar[str] = "tools"

    def notice(self, entry: Entry) -> FileAt | None:
        """By directory and name."""
        directory, _, name = entry.path.rpartition("/")
        if directory not in _DIRECTORIES:
            return None
        kind = tool_class(name)
        if not kind or not (entry.kind == "symlink" or (entry.kind in FILES and entry.mode & 0o111)):
            return None
        return FileAt(entry.path, fact(entry), f"tool:{kind}")


def tool_class(name: str) -> str:
    """The class of a program of this name, "" where it is of none."""
    found = _CLASS.get(name, "")
    if found or name[-1:].isalpha():
        return found or (_CLASS.get(name.rpartition("-")[2], "") if "-linux-" in name else "")
    bare = name.rstrip(_VERSION)
    return _CLASS.get(bare, "") or (_CLASS.get(bare.rpartition("-")[2], "") if "-linux-" in bare else "")
