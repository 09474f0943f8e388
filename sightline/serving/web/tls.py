"""TLS in front of a connection, with limits for clients that do not come to an end with it."""

import asyncio
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from sightline.ground.errors import SettingsError, one_line
from sightline.serving.web.connections import BoundedProtocol


@dataclass(frozen=True, slots=True)
class Certificate:
    """The files of a certificate and its key, and what is made of them."""

    certificate: Path
    key: Path | None = None
    """None where the key stands with the certificate."""
    context: ssl.SSLContext = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the files.

        Raises:
            SettingsError: they do not belong together, or are none.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        object.__setattr__(self, "context", context)
        self.reload()

    def reload(self) -> None:
        """Read the files again, for connections from now on.

        Raises:
            SettingsError: they do not belong together, or are none.
        """
        try:
            # Without an answer OpenSSL asks the terminal for the passphrase of a key.
            self.context.load_cert_chain(self.certificate, self.key, password=lambda: "")
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"--tls-cert {self.certificate}: expected a certificate in PEM and its key "
                f"without a passphrase{f' in {self.key}' if self.key else ''}; received "
                f"{one_line(error)}. Name both with --tls-cert and --tls-key."
            ) from error


class _Early(asyncio.Protocol):
    """Keeps what arrives with the end of a handshake, before anybody is told that it has ended."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.is_lost = False

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True


class TlsGate(asyncio.Protocol):
    """Shakes hands, then leaves the connection to the protocol behind it.

    asyncio would do so as well, but tells nobody of connections that are not through yet: any
    number of them could be open. Here they count, and the oldest makes room, like any other.
    """

    context: ssl.SSLContext
    behind: type[BoundedProtocol]

    def __init__(self, *args: Any, **named: Any) -> None:
        self._inner = self.behind(*args, **named)
        self._shaking: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to shake hands."""
        self.transport = cast(asyncio.Transport, transport)
        # What the client has said belongs to the handshake.
        self.transport.pause_reading()
        # uvicorn asks no more of what is in there than to end.
        self._inner.connections.add(cast(Any, self))
        self._inner.waiting[self] = None
        self._shaking = asyncio.get_running_loop().create_task(self._shake())
        self._inner.make_room()

    def shutdown(self) -> None:
        """End with the server."""
        self.transport.abort()

    async def _shake(self) -> None:
        early = _Early()
        try:
            through = await asyncio.get_running_loop().start_tls(
                self.transport,
                early,
                self.context,
                server_side=True,
                ssl_handshake_timeout=self.behind.handshake_seconds,
                ssl_shutdown_timeout=self.behind.handshake_seconds,
            )
        except OSError:  # it takes too long, or speaks something else
            self.transport.abort()
            return
        finally:
            self._inner.connections.discard(cast(Any, self))
            self._inner.waiting.pop(self, None)
        # It is None for a connection that had to make room.
        if through is None or early.is_lost:
            return
        self._inner.connection_made(through)
        through.set_protocol(self._inner)
        if early.pieces:
            self._inner.data_received(b"".join(early.pieces))


def behind_tls(protocol: type[BoundedProtocol], context: ssl.SSLContext) -> type[TlsGate]:
    """Return the protocol of a server whose connections begin with TLS."""
    return type("TlsGate", (TlsGate,), {"behind": protocol, "context": context})
