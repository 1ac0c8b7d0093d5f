"""How passwords are kept, with the hashes of a real station."""

import pytest
from argon2 import extract_parameters
from argon2.exceptions import VerifyMismatchError

from ground.access import passwords
from ground.access.passwords import hash_password, verify_password
from hil_tests.support.people import PASSWORD


def test_a_hash_is_argon2id_and_salted():
    first, second = hash_password(PASSWORD), hash_password(PASSWORD)
    assert first.startswith("$argon2id$")
    assert first != second
    assert verify_password(first, PASSWORD)
    assert not verify_password(first, PASSWORD + "x" * 300)
    assert not verify_password("no hash at all", PASSWORD)


def test_an_unknown_user_costs_as_much_work(monkeypatch):
    """Who measures the time must not learn which names exist."""
    assert extract_parameters(passwords._NOBODY) == extract_parameters(hash_password(PASSWORD))
    with pytest.raises(VerifyMismatchError):  # it is compared with, not refused as no hash
        passwords._HASHER.verify(passwords._NOBODY, PASSWORD)
    asked = []

    class Counting:
        def verify(self, kept, given):
            asked.append((kept, given))
            return True

    monkeypatch.setattr(passwords, "_HASHER", Counting())
    assert not verify_password(None, PASSWORD)
    assert asked == [(passwords._NOBODY, PASSWORD)]
