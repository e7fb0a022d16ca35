"""Where secrets are kept, by path alone: which files hold one by their very name, and which are worth reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Place(NamedTuple):
    """A kind of file that holds secrets. `cleared`: where all of it was read and nothing found, it is no finding."""

    rule: str
    cleared: bool = False


_KEY, _HISTORY, _HASHES = Place("ssh-key-file", True), Place("shell-history"), Place("password-file", True)
_CONFIG = Place("client-configuration", True)
_STORE, _CREDENTIALS, _STATE = Place("key-store"), Place("credentials-file"), Place("terraform-state")
_CONTENT = Place("", True)

NAMES: Mapping[str, Place] = {
    **dict.fromkeys(("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk", "id_xmss"), _KEY),
    **dict.fromkeys(
        (
            ".bash_history", ".sh_history", ".ash_history", ".zsh_history", ".history", ".python_history",
            ".mysql_history", ".psql_history", ".sqlite_history", ".rediscli_history", ".node_repl_history",
            ".irb_history", ".mongorc.js", ".dbshell",
        ),
        _HISTORY,
    ),
    **dict.fromkeys(
        (".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc", ".dockercfg", ".my.cnf", ".mylogin.cnf", "pip.conf", "pip.ini",
         ".gemrc", ".condarc", ".curlrc", ".wgetrc", ".terraformrc", "NuGet.Config", "nuget.config", "wp-config.php",
         "settings-security.xml"),
        _CONFIG,
    ),
    **dict.fromkeys(
        (".netrc", "_netrc", ".git-credentials", ".pgpass", ".vault-token", ".s3cfg", ".boto", "rclone.conf",
         "credentials", "credentials.json", "credentials.tfrc.json", "application_default_credentials.json",
         "accessTokens.json", "secring.gpg", ".credentials"),
        _CREDENTIALS,
    ),
    "kubeconfig": Place("kubeconfig"),
    ".env": Place("env-file"),
    **dict.fromkeys((".htpasswd", "htpasswd"), _HASHES),
    "terraform.tfstate": _STATE,
}  # fmt: skip
PATHS: Mapping[str, Place] = {
    ".docker/config.json": _CONFIG,
    ".config/containers/auth.json": _CONFIG, "containers/auth.json": _CONFIG, ".composer/auth.json": _CONFIG,
    "gh/hosts.yml": _CONFIG, ".cargo/credentials.toml": _CREDENTIALS, ".git/config": _CONTENT,
    ".git/HEAD": Place("git-repository"), ".kube/config": Place("kubeconfig"), ".m2/settings.xml": _CONFIG,
    "gcloud/credentials.db": _CREDENTIALS, "gcloud/access_tokens.db": _CREDENTIALS,
    **dict.fromkeys(("etc/shadow-", "etc/gshadow-", "etc/shadow.bak", "etc/shadow.old", "etc/shadow~", "etc/passwd-"),
                    _HASHES),
}  # fmt: skip
"""By the last two parts of the path."""
EXTENSIONS: Mapping[str, Place] = {
    **dict.fromkeys(("jks", "keystore", "bks", "p12", "pfx", "kdbx", "kdb", "psafe3", "agekey"), _STORE),
    **dict.fromkeys(("pem", "key", "der", "ppk", "ovpn", "asc", "rsa", "p8", "pk8"), _CONTENT),
    **dict.fromkeys(("tfstate", "tfstate.backup"), _STATE),
    "kubeconfig": Place("kubeconfig"),
    "htpasswd": _HASHES,
}
STORE = "key-store"
"""The rule of files whose contents say nothing to us: their name is all there is."""
STORES = frozenset(extension for extension, place in EXTENSIONS.items() if place.rule == STORE)

_TEXT = frozenset(
    (
        "", "env", "txt", "yml", "yaml", "json", "toml", "ini", "cfg", "conf", "cnf", "config", "properties", "xml",
        "sh", "bash", "zsh", "py", "rb", "pl", "php", "js", "mjs", "cjs", "ts", "go", "java", "kt", "cs", "rs", "lua",
        "sql", "tf", "tfvars", "hcl", "gradle", "groovy", "service", "bak", "old", "orig", "save", "log", "crt", "cer",
        "local", "production", "development", "staging", "prod", "dev", "dockerfile", "secret", "secrets", "token",
        "pub", "md", "csv", "ps1", "bat", "http", "rest", "list", "repo", "sources", "cron", "netrc",
    )
)  # fmt: skip
_TEMPLATES = (".example", ".sample", ".template", ".tmpl", ".dist", ".tpl", ".j2", "-example", "-sample", ".ts", ".js")
_PACKAGED = (
    "usr/lib", "usr/share/", "usr/include/", "usr/bin/", "usr/sbin/", "usr/games/", "usr/local/lib/",
    "usr/local/share/", "usr/local/include/", "usr/local/go/", "usr/local/rustup/", "usr/src/linux", "bin/", "sbin/",
    "lib", "boot/", "dev/", "proc/", "sys/", "var/lib/dpkg/", "var/lib/apt/", "var/lib/apk/", "var/lib/rpm/",
    "var/lib/ucf/", "var/lib/python", "var/cache/", "etc/ssl/certs/", "etc/ca-certificates/", "etc/pki/ca-trust/",
    "etc/alternatives/", "opt/conda/lib/", "opt/conda/pkgs/",
)  # fmt: skip
"""Where distributions put their packages. What people put there too is found by its name, not by reading everything."""
_SHIPPED = frozenset(("openssl.cnf", "openssl.cnf.dist", "fipsmodule.cnf"))
"""Settings with examples in them that every image has."""
_SERVED = ("usr/share/nginx/", "usr/local/share/app/")
_LIBRARIES = (
    "site-packages/", "dist-packages/", "node_modules/", "/gems/", "pkg/mod/", "vendor/", "bower_components/",
    ".cargo/registry/", ".m2/repository/", ".npm/_cacache/", "/.git/", "/.cache/", "__pycache__/",
)  # fmt: skip
_SAMPLES = frozenset(
    (
        "test", "tests", "testing", "testdata", "test-data", "test_data", "testsuite", "test-suite", "__tests__",
        "spec", "specs", "fixtures", "fixture", "certdata", "example", "examples", "sample", "samples", "demo", "demos",
        "doc", "docs", "templates", "dummyserver", "mock", "mocks", "man", "info", "locale",
        "benchmark", "benchmarks", "ssl-cert",
    )
)  # fmt: skip
"""Directories inside of packages in which keys belong to tests and texts: everybody has them, so nobody minds."""


def place(path: str) -> Place | None:
    """What the path says of a file; None where nothing. An extension counts only where the name does not."""
    slash = path.rfind("/")
    name = path[slash + 1 :]
    found = NAMES.get(name)
    if found is None and (dot := name.rfind(".")) > 0:
        found = EXTENSIONS.get(name[dot + 1 :].lower())
    if found is None:
        if name.startswith(".env."):
            found = NAMES[".env"]
        elif slash > 0 and name in _LAST:
            found = PATHS.get(path[path.rfind("/", 0, slash) + 1 :])
        if found is None:
            return None
    if name.endswith(_TEMPLATES) or (packaged(path) and not _SAMPLES.isdisjoint(path.lower().split("/"))):
        return None
    return found


_LAST = frozenset(path.rpartition("/")[2] for path in PATHS)


def packaged(path: str) -> bool:
    """Whether the file belongs to a package of the distribution or of a language, going by where it is."""
    return (path.startswith(_PACKAGED) and not path.startswith(_SERVED)) or any(part in path for part in _LIBRARIES)


def readable(path: str) -> bool:
    """Whether a file that no rule names is text that somebody wrote for this very image."""
    name = path[path.rfind("/") + 1 :]
    dot = name.rfind(".")
    return (name[dot + 1 :].lower() if dot > 0 else "") in _TEXT and name not in _SHIPPED and not packaged(path)
