"""TLS servers with certificates of every kind, made for the moment."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from handler_servers import Server

_PEM = serialization.Encoding.PEM
_DAY = timedelta(days=1)


class Authority:
    """Signs certificates. `certificate` is its own, for those who trust it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        builder = self._builder(self._key, self._name, _DAY).add_extension(constraints, critical=True)
        self.certificate = directory / "authority.pem"
        self.certificate.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(_PEM))

    def server(self, address: str = "127.0.0.1", valid: timedelta = _DAY) -> ssl.SSLContext:
        """A server's side of TLS with a certificate for `address`, valid for so long from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        builder = self._builder(key, x509.Name([]), valid).add_extension(names, critical=True)
        file = self._directory / f"{x509.random_serial_number()}.pem"
        private = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(private + builder.sign(self._key, hashes.SHA256()).public_bytes(_PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _builder(
        self, key: ec.EllipticCurvePrivateKey, subject: x509.Name, valid: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(timezone.utc)
        return x509.CertificateBuilder(
            self._name, subject, key.public_key(), x509.random_serial_number(), now - 2 * _DAY, now + valid
        )


def speak_tls(server: Server, context: ssl.SSLContext) -> None:
    """From now on the server's connections are TLS; one whose handshake fails is dropped."""
    server.socket = context.wrap_socket(server.socket, server_side=True)
