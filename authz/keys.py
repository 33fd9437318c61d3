"""Keys, one for each purpose, derived apart from the one secret of the installation (HKDF, RFC 5869).

A key that leaks, or an oracle on one of them, says nothing about the others.
"""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SHORTEST_SECRET = 16


class WeakSecret(ValueError):
    """The secret is missing, or too short to derive keys from."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The derived keys; none of them is ever shown, not even in a traceback."""

    sign_in: bytes = field(repr=False)
    cursors: bytes = field(repr=False)
    downloads: bytes = field(repr=False)

    @classmethod
    def derive(cls, secret: str) -> "Keys":
        """The keys of the installation whose CARTEIRA_SECRET is `secret`. Raises WeakSecret."""
        material = secret.encode("utf-8", "surrogateescape")
        if len(material) < SHORTEST_SECRET:
            raise WeakSecret(
                f"CARTEIRA_SECRET has {len(material)} bytes; give it at least {SHORTEST_SECRET}, at random: "
                'python -c "import secrets; print(secrets.token_urlsafe(32))"'
            )
        return cls(
            sign_in=_derive(material, "sign-in", 32),
            cursors=_derive(material, "cursors", 64),
            downloads=_derive(material, "downloads", 32),
        )


def _derive(material: bytes, purpose: str, length: int) -> bytes:
    info = f"carteira/{purpose}/1".encode()
    return HKDF(algorithm=SHA256(), length=length, salt=b"carteira", info=info).derive(material)
