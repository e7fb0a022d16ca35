"""What an endpoint is, and how to make a transport to it."""

from __future__ import annotations

import msgspec

from inventory.gap import Reason
from inventory.sources.docker.sockets import connect_ssh, connect_unix, ssh_command
from inventory.sources.docker.transport import ApiError, HttpTransport, Transport


class TlsFiles(msgspec.Struct, frozen=True):
    """Paths of PEM files, "" where there is none; `verify` False accepts any server certificate."""

    ca: str = ""
    cert: str = ""
    key: str = ""
    verify: bool = True


class Endpoint(msgspec.Struct, frozen=True):
    """Where an engine is: `url` is unix://, tcp://, https:// or ssh://; `origin` says how it was found."""

    url: str
    origin: str = ""
    tls: TlsFiles | None = None

    @property
    def socket_path(self) -> str:
        """The path of a unix socket, "" for any other endpoint."""
        return self.url.removeprefix("unix://") if self.url.startswith("unix://") else ""

    @property
    def local(self) -> bool:
        """Whether the engine is on this machine as far as the address tells."""
        return bool(self.socket_path)


def transport(endpoint: Endpoint) -> Transport:
    """A transport; connects nowhere yet. Raises `ApiError` on an endpoint that cannot be used."""
    if endpoint.socket_path:
        return HttpTransport(lambda clock: connect_unix(endpoint.socket_path, clock))
    if endpoint.url.startswith("ssh://"):
        try:
            ssh_command(endpoint.url)
        except ValueError as error:
            raise ApiError(Reason.ERROR, 0, str(error)) from error
        return HttpTransport(lambda clock: connect_ssh(endpoint.url, clock))
    # docker-py takes 130 ms to import, which a local engine need not pay.
    from inventory.sources.docker.client_session import ClientTransport

    return ClientTransport(endpoint.url, endpoint.tls)
