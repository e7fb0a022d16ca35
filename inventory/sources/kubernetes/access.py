"""The way to a cluster: configuration and authentication by the `kubernetes` package, which nothing else imports.

Inline keys and certificates reach TLS through anonymous memory (memfd), never through files that could stay behind.
"""

from __future__ import annotations

import base64
import binascii
import logging
import os
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import msgspec

from inventory.gap import Reason
from inventory.kubernetes.cluster import Access, ClientCertificate
from inventory.sources.kubernetes import plugin
from inventory.sources.kubernetes.errors import ApiError
from inventory.sources.kubernetes.guard import Looking
from inventory.sources.kubernetes.kubeconfig import (
    IN_CLUSTER,
    KubeconfigError,
    Resolved,
    content,
    in_cluster,
    load,
    without_user,
)
from inventory.sources.kubernetes.pool import manager, proxy_of
from inventory.sources.kubernetes.transport import Opened

_LARGEST_TOKEN = 1 << 20
_QUIET = ("kubernetes", "urllib3", "requests_oauthlib", "oauthlib", "google.auth")


class Way(msgspec.Struct, frozen=True):
    """An open way: the connections, and what can be said about how we come and as whom."""

    opened: Opened
    access: Access


def open_way(context: str = "", path: str = "", limit: float = plugin.LIMIT) -> Way:
    """Read the configuration, get credentials and set up connections; nothing is asked of the server yet.

    Args:
        context: its name; "" for the current one.
        path: a kubeconfig instead of those that KUBECONFIG names.
        limit: seconds that a credential plugin may take.

    Raises `ApiError` with a sentence that says what is wrong.
    """
    try:
        config = load(path)
        if not path and (context == IN_CLUSTER or not config.contexts) and in_cluster() is not None:
            return _from_account()
        return _from_config(config.resolve(context), limit)
    except KubeconfigError as error:
        raise ApiError(Reason.ERROR, 0, str(error)) from error
    except ImportError as error:
        raise ApiError(Reason.UNSUPPORTED, 0, f"a package is missing: {error}") from error
    except (OSError, ValueError) as error:
        raise ApiError(Reason.ERROR, 0, _words(error)) from error


def describe(resolved: Resolved) -> Access:
    """How the context would be reached, from its files alone: no plugin runs and no server is asked."""
    cluster, user, context = resolved.cluster_entry, resolved.user_entry, resolved.context
    found = None
    with suppress(OSError, ValueError):
        pem = _pem(user, "client-certificate")
        found = client_certificate(pem) if pem else None
    return Access(
        context.name, context.cluster, context.user, context.namespace, context.server, credential_of(user),
        bool(cluster.get("insecure-skip-tls-verify")), without_user(_proxy(cluster, context.server)), found,
    )  # fmt: skip


def credential_of(user: Mapping[str, Any]) -> str:
    """The kind of credential that counts, where an entry has several."""
    kinds = (
        ("exec", "exec"), ("auth-provider", "auth-provider"), ("tokenFile", "token-file"), ("token", "token"),
        ("username", "basic"), ("client-certificate-data", "client-certificate"),
        ("client-certificate", "client-certificate"),
    )  # fmt: skip
    return next((kind for name, kind in kinds if user.get(name)), "none")


def client_certificate(pem: bytes) -> ClientCertificate | None:
    """Whom a client certificate names, and until when it counts; None when it cannot be read."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    try:
        found = x509.load_pem_x509_certificate(pem)
        names = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        groups = found.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        return ClientCertificate(
            str(names[0].value) if names else "",
            tuple(str(one.value) for one in groups),
            found.not_valid_before_utc.timestamp(),
            found.not_valid_after_utc.timestamp(),
        )
    except Exception:  # whatever a certificate makes the parser raise, it is one that cannot be read
        return None


# -- by kubeconfig ------------------------------------------------------------------------------------------------


def _from_config(resolved: Resolved, limit: float) -> Way:
    access = describe(resolved)
    user, cluster = dict(resolved.user_entry), dict(resolved.cluster_entry)
    entry = user.pop("exec", None)
    if isinstance(entry, Mapping) and not (user.get("token") or user.get("tokenFile")):
        given = plugin.run(entry, cluster, limit)
        if given.token:
            user["token"] = given.token
        if given.certificate:
            user["client-certificate-data"] = base64.b64encode(given.certificate.encode()).decode()
            user["client-key-data"] = base64.b64encode(given.key.encode()).decode()
            access = msgspec.structs.replace(access, client_certificate=client_certificate(given.certificate.encode()))
    named, provider = user.pop("tokenFile", None), user.pop("auth-provider", None)
    if isinstance(provider, Mapping):
        user["token"] = _id_token(provider)
    elif isinstance(named, str) and named:
        user["token"] = _token(named)
    proxy = _proxy(cluster, access.server)
    cluster.pop("proxy-url", None)
    with ExitStack() as files:
        for one, names in ((cluster, ("certificate-authority",)), (user, ("client-certificate", "client-key"))):
            for name in names:
                _in_memory(one, name, files)
        configuration = _configuration(resolved, cluster, user)
        context = _tls(configuration, access.server)
    return _way(access, _headers(configuration), context, str(cluster.get("tls-server-name") or ""), proxy)


def _configuration(resolved: Resolved, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> Any:
    """The package's own configuration of one context. Raises `KubeconfigError`."""
    quiet()
    from kubernetes import config
    from kubernetes.client import Configuration

    context = resolved.context
    document = {
        "current-context": context.name,
        "contexts": [{"name": context.name, "context": {"cluster": context.cluster, "user": context.user}}],
        "clusters": [{"name": context.cluster, "cluster": dict(cluster)}],
        "users": [{"name": context.user, "user": dict(user)}],
    }
    configuration, untyped = Configuration(), cast(Any, config)
    try:
        untyped.load_kube_config_from_dict(
            document, context=context.name, client_configuration=configuration, persist_config=False
        )
    except config.ConfigException as error:
        raise KubeconfigError(f"kubeconfig: {error}"[:500]) from None
    except Exception as error:  # an entry of another type than it should have
        raise KubeconfigError(
            f"context {context.name!r} of the kubeconfig cannot be used: {type(error).__name__}"
        ) from (None)
    return configuration


@contextmanager
def _memory(content: bytes) -> Iterator[str]:
    """A file name for some bytes that lie in memory alone."""
    descriptor = os.memfd_create("deckwatch", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, content)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _in_memory(entry: dict[str, Any], name: str, files: ExitStack) -> None:
    """Put inline data where a file name can point to it."""
    content = _pem(entry, name)
    entry.pop(f"{name}-data", None)
    if content:
        entry[name] = files.enter_context(_memory(content))


def _pem(entry: Mapping[str, Any], name: str) -> bytes:
    """Inline data before a file, as the API says. Raises `KubeconfigError`."""
    data = entry.get(f"{name}-data")
    if isinstance(data, str) and data:
        try:
            return base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            raise KubeconfigError(f"{name}-data in the kubeconfig is not base64") from None
    named = entry.get(name)
    if not isinstance(named, str) or not named:
        return b""
    try:
        return content(named)
    except OSError as error:
        raise KubeconfigError(f"{name} {named}: {error.strerror}") from None


def _id_token(provider: Mapping[str, Any]) -> str:
    """The token that an OpenID provider gave, as long as it counts.

    It is not renewed: a provider may take the old one back then, and whoever owns the file would be logged out. Other
    providers ran programs on the terminal; kubectl has none of them any more.
    """
    name, config = str(provider.get("name"))[:80], provider.get("config")
    if name != "oidc":
        raise KubeconfigError(f"auth-provider {name!r} is not supported, nor is it by kubectl: use its plugin (exec)")
    token = config.get("id-token") if isinstance(config, Mapping) else None
    if not isinstance(token, str) or not token or _has_expired(token):
        raise KubeconfigError("the login with the OpenID provider has expired; run `kubectl get ns` once to renew it")
    return token


def _has_expired(token: str) -> bool:
    """By its own word (RFC 7519: `exp`); what has none is for the server to judge."""
    try:
        part = token.split(".")[1]
        ends = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), type=_Claims).exp
    except (IndexError, ValueError, msgspec.MsgspecError):
        return False
    return 0 < ends < time.time()


class _Claims(msgspec.Struct, frozen=True):
    exp: float = 0.0


def _token(named: str) -> str:
    try:
        text = content(named)[:_LARGEST_TOKEN].decode("ascii", "replace").strip()
    except OSError as error:
        raise KubeconfigError(f"token file {named}: {error.strerror}") from None
    if not text:
        raise KubeconfigError(f"token file {named} is empty")
    return text


# -- by the account of a pod --------------------------------------------------------------------------------------


def _from_account() -> Way:
    quiet()
    from kubernetes import config
    from kubernetes.client import Configuration

    pod = in_cluster()
    if pod is None:
        raise KubeconfigError("not inside of a cluster")
    configuration, untyped = Configuration(), cast(Any, config)
    try:
        untyped.load_incluster_config(client_configuration=configuration)
    except config.ConfigException as error:
        raise KubeconfigError(f"account of the pod: {error}") from None
    access = Access(pod.name, pod.cluster, pod.user, pod.namespace, pod.server, "in-cluster")
    return _way(access, _headers(configuration), _tls(configuration, pod.server), "", "")


# -- connections --------------------------------------------------------------------------------------------------


def _way(access: Access, headers: dict[str, str], context: ssl.SSLContext | None, server_name: str, proxy: str) -> Way:
    try:
        pool = manager(context, server_name, proxy)
    except ImportError as error:
        raise KubeconfigError(f"proxy {access.proxy}: {error}") from None
    except Exception as error:  # urllib3's own errors, about a URL that is none
        raise KubeconfigError(f"proxy {access.proxy!r} cannot be used: {type(error).__name__}") from None
    server = access.server.rstrip("/")
    return Way(Opened(server, Looking(pool, server), headers), access)


def _headers(configuration: Any) -> dict[str, str]:
    """The credentials as the package puts them into a request."""
    made: dict[str, str] = {}
    for one in configuration.auth_settings().values():
        if one.get("in") == "header" and one.get("value"):
            made["Authorization"] = str(one["value"])
    if any("\n" in value or "\r" in value or not value.isascii() for value in made.values()):
        raise KubeconfigError("the token in the kubeconfig has characters that no token has")
    return made


def _tls(configuration: Any, server: str) -> ssl.SSLContext | None:
    """TLS as the configuration wants it, with the keys loaded: their files are not needed afterwards."""
    if not server.startswith("https:"):
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without the strictness of newer Pythons, as kubectl is
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif configuration.ssl_ca_cert:
        try:
            context.load_verify_locations(cadata=Path(configuration.ssl_ca_cert).read_text(encoding="ascii"))
        except (ssl.SSLError, ValueError):
            raise KubeconfigError("the certificate authority in the kubeconfig is no certificate") from None
    else:
        context.load_default_certs()
    if configuration.cert_file and configuration.key_file:
        try:
            context.load_cert_chain(configuration.cert_file, configuration.key_file, password=lambda: b"")
        except (ssl.SSLError, ValueError):  # without a password it would be asked for on the terminal
            raise KubeconfigError("client certificate and key in the kubeconfig do not fit or cannot be read") from None
    return context


def _proxy(cluster: Mapping[str, Any], server: str) -> str:
    """The cluster's own, or that of the environment."""
    own = cluster.get("proxy-url")
    return own if isinstance(own, str) and own else proxy_of(server, os.environ)


def quiet() -> None:
    """The package's loggers would write whole answers, urllib3's whole addresses: off, whatever the level."""
    for name in _QUIET:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False


def _words(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
    return str(error)[:300] or type(error).__name__
