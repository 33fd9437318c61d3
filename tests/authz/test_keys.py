"""Keys: one for each purpose, the same every time, and never shown."""

import pytest

from authz.keys import Keys, WeakSecret

SECRET = "a secret of some length"


def test_purposes_have_keys_of_their_own() -> None:
    keys = Keys.derive(SECRET)
    firsts = {keys.sign_in[:32], keys.cursors[:32], keys.cursors[32:], keys.downloads[:32]}
    assert len(firsts) == 4
    assert SECRET.encode() not in keys.sign_in + keys.cursors + keys.downloads


def test_the_same_secret_gives_the_same_keys() -> None:
    assert Keys.derive(SECRET) == Keys.derive(SECRET)
    assert Keys.derive(SECRET) != Keys.derive(SECRET + ".")


def test_no_key_is_shown() -> None:
    assert repr(Keys.derive(SECRET)) == "Keys()"


@pytest.mark.parametrize("secret", ["", "short", "fifteen letters"])
def test_a_short_secret_is_refused_with_a_way_out(secret: str) -> None:
    with pytest.raises(WeakSecret, match=r"CARTEIRA_SECRET.*token_urlsafe"):
        Keys.derive(secret)
