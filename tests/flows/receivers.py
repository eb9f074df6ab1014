"""Receivers on loopback: a web server, over TLS if asked, and a mail server that wants a password."""

import json
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from benchmarks.servers import free_port


@dataclass
class Receiver:
    """A web server that keeps what it is sent; what it answers can be changed.

    ``bodies`` are all that arrived, whatever was answered, ``got`` what was taken, ``asked`` the paths of what was
    asked by GET, as one does who follows a redirect to ``leads_to``.
    """

    status: int = 200
    leads_to: str = ""
    got: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    holds: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.holds.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.bodies.append(content)
                receiver.holds.wait(60)
                if receiver.status == 200:
                    receiver.got.append({"path": self.path, **json.loads(content)})
                # Whoever waited for it may be gone.
                with suppress(OSError):
                    self.answer(receiver.status)

            def do_GET(self) -> None:
                receiver.asked.append(self.path)
                self.answer(200)

            def answer(self, status: int) -> None:
                self.send_response(status)
                if receiver.leads_to:
                    self.send_header("Location", receiver.leads_to)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.where = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def with_tls(self, folder: Path) -> "Receiver":
        """Speak TLS from now on, with a certificate that nobody signed."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(folder))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        return self

    def close(self) -> None:
        """Listen no more."""
        self.holds.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def titles(self) -> list[str]:
        """The titles of the messages that apprise posted as JSON."""
        return [message["title"] for message in self.got]


def certificate(folder: Path) -> Path:
    """A certificate for loopback with its key."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loop")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
        + made.sign(key, hashes.SHA256()).public_bytes(encoding)
    )
    return path


class Mailbox:
    """A mail server that takes mail from whoever knows the password, for everybody but the ``unknown``."""

    def __init__(self, name: str, password: str, unknown: str = "nobody@") -> None:
        self.got: list[bytes] = []
        self.unknown = unknown
        wanted = LoginPassword(name.encode(), password.encode())
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=free_port(),
            # Not handled: the server answers who is refused, instead of leaving it without an answer.
            authenticator=lambda *said: AuthResult(success=said[-1] == wanted, handled=False),
            auth_required=True,
            auth_require_tls=False,
            ready_timeout=60,
        )
        self._controller.start()
        self.where = f"127.0.0.1:{self._controller.port}"

    async def handle_RCPT(  # noqa: N802
        self, _server: object, _session: object, envelope: Any, address: str, _options: object
    ) -> str:
        """Refuse who is unknown."""
        if address.startswith(self.unknown):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802
        """Keep a mail."""
        self.got.append(envelope.content)
        return "250 OK"

    @property
    def texts(self) -> list[bytes]:
        """What each mail says, with its headers, decoded."""
        return [_read(message_from_bytes(content, policy=default)) for content in self.got]

    def close(self) -> None:
        """Listen no more."""
        self._controller.stop()


def _read(mail: EmailMessage) -> bytes:
    headers = "".join(f"{name}: {value}\n" for name, value in mail.items())
    return headers.encode() + b"".join(bytes(part.get_payload(decode=True) or b"") for part in mail.walk())
