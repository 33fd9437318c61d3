"""Forged tokens: other keys, other algorithms, other shapes. None of them reaches the database."""

import json
import warnings
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt as encoding
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from authz import tokens
from authz.jwt import LONGEST_TOKEN, BadToken, Jwt
from authz.keys import Keys
from models import clock
from tests.authz.forging import encode, forge

KEYS = Keys.derive("a secret of some length")
OUR_KEY = OctKey.import_key(KEYS.sign_in)
RSA = RSAKey.generate_key(2048)


def claims(**changes: Any) -> dict[str, Any]:
    """What a token of ours claims, with changes; None leaves a claim out."""
    now = clock.now()
    ours = {
        "iss": "carteira",
        "aud": str(uuid4()),
        "sub": str(uuid4()),
        "kind": "AGENT",
        "jti": str(uuid4()),
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(hours=1)).timestamp()),
    }
    return {name: value for name, value in {**ours, **changes}.items() if value is not None}


def sign(key: Key, algorithm: str, header: Mapping[str, Any] | None = None, **changes: Any) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        named = {"alg": algorithm, **(header or {})}
        return encoding.encode(named, claims(**changes), key, algorithms=[algorithm])


def raw(header: Any, payload: Any, key: bytes = KEYS.sign_in) -> str:
    return forge(header, payload, key)


def refused(bearer: str) -> None:
    with pytest.raises(BadToken):
        tokens.verify(KEYS, bearer)


def test_one_signed_rightly_is_accepted() -> None:
    assert isinstance(tokens.verify(KEYS, sign(OUR_KEY, "HS256")), tokens.Signed)
    assert isinstance(tokens.verify(KEYS, raw({"alg": "HS256"}, claims())), tokens.Signed)


def test_one_signed_by_another_key_is_refused() -> None:
    refused(sign(OctKey.import_key(Keys.derive("another secret of some length").sign_in), "HS256"))


@pytest.mark.parametrize("key", [KEYS.downloads, KEYS.cursors, b"a secret of some length", b"x"])
def test_a_key_for_another_purpose_signs_nothing(key: bytes) -> None:
    refused(raw({"alg": "HS256"}, claims(), key))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_our_own_key_with_another_algorithm_is_refused(algorithm: str) -> None:
    refused(sign(OUR_KEY, algorithm))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, 0, ["HS256"], "HS256 "])
def test_no_algorithm_is_refused(algorithm: Any) -> None:
    unsigned = raw({"alg": algorithm}, claims()).rsplit(".", 1)[0]
    refused(unsigned + ".")
    refused(unsigned)
    refused(raw({"alg": algorithm}, claims()))


def test_an_asymmetric_signature_under_our_issuer_is_refused() -> None:
    refused(sign(RSA, "RS256"))
    refused(sign(ECKey.generate_key("P-256"), "ES256"))
    refused(sign(RSA, "RS256", header={"jwk": RSA.as_dict(private=False)}))


@pytest.mark.parametrize(
    "header", [{"kid": "x"}, {"jku": "https://evil.example/keys"}, {"x5u": "https://evil.example"}]
)
def test_no_header_chooses_the_key(header: dict[str, Any]) -> None:
    refused(raw({"alg": "HS256", **header}, claims(), b"another key of thirty-two bytes!"))


def test_an_extension_that_must_be_understood_is_refused() -> None:
    refused(raw({"alg": "HS256", "crit": ["b64"], "b64": False}, claims()))
    refused(raw({"alg": "HS256", "crit": []}, claims()))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_part_is_signed(place: int) -> None:
    parts = sign(OUR_KEY, "HS256").split(".")
    others = sign(OUR_KEY, "HS256", sub=str(uuid4()), kind="PORTAL").split(".")
    if place == 0:
        others[0] = encode({"alg": "HS256", "typ": "jwt"})
    parts[place] = others[place]
    refused(".".join(parts))


def test_only_one_spelling_of_the_signature_is_good() -> None:
    bearer = sign(OUR_KEY, "HS256")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for letter in alphabet.replace(bearer[-1], ""):
        refused(bearer[:-1] + letter)
    for ending in ("=", "\n", " ", "\0", ".", ".."):
        refused(bearer + ending)


def test_an_expired_token_is_refused() -> None:
    refused(sign(OUR_KEY, "HS256", exp=int(clock.now().timestamp()) - 1))


@pytest.mark.parametrize("expiry", [None, "tomorrow", True, [], {}, 1e400, -1e400, 10**30])
def test_an_expiry_that_is_no_instant_is_refused(expiry: Any) -> None:
    refused(raw({"alg": "HS256"}, claims(exp=expiry)))


def test_an_expiry_that_is_no_number_never_compares() -> None:
    refused(raw({"alg": "HS256"}, json.dumps(claims(exp=1.5)).replace("1.5", "NaN").encode()))


@pytest.mark.parametrize("kind", [None, "API", "DISPLAY", "agent", "", 1, ["AGENT"], {}])
def test_a_kind_that_is_not_signed_is_refused(kind: Any) -> None:
    refused(raw({"alg": "HS256"}, claims(kind=kind)))


@pytest.mark.parametrize("name", ["aud", "sub", "jti"])
@pytest.mark.parametrize("value", [None, "", "x", 7, [], "\0", "\ud800", "0" * 5000])
def test_a_name_that_is_no_id_is_refused(name: str, value: Any) -> None:
    refused(raw({"alg": "HS256"}, claims(**{name: value})))


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b'"text"', b"{", b"\xff", b"[" * 4000, b"7"])
def test_claims_that_are_no_object_are_refused(payload: bytes) -> None:
    refused(raw({"alg": "HS256"}, payload))
    refused(raw(payload, claims()))


def test_one_that_is_too_long_is_refused_unread() -> None:
    refused(sign(OUR_KEY, "HS256", padding="x" * LONGEST_TOKEN))


@pytest.mark.parametrize(
    "bearer", ["", ".", "..", "...", "a", "a.b", "a.b.c", "a.b.c.d", "a.b.c.d.e", "é.é.é"]
)
def test_what_has_no_three_parts_is_refused(bearer: str) -> None:
    refused(bearer)


@pytest.mark.parametrize("issuer", ["https://elsewhere.example", "Carteira", "carteira "])
def test_another_issuer_is_left_to_its_provider(issuer: str) -> None:
    assert isinstance(tokens.verify(KEYS, sign(OUR_KEY, "HS256", iss=issuer)), Jwt)


@pytest.mark.parametrize("issuer", [None, "", 7, ["carteira"], "car\0teira", "\ud800"])
def test_no_issuer_is_refused(issuer: Any) -> None:
    refused(raw({"alg": "HS256"}, claims(iss=issuer)))
