"""What is sealed opens with our keys alone, where it belongs, and survives a change of key."""

import pytest
from cryptography.fernet import Fernet

from convention.sealed import NoKey, Unsealable, boxes, resealed, seal, unseal

VALUE = {"document_number": "QX0000001ZZ", "birth_place": "Saint-Étienne"}


def new_key() -> str:
    return Fernet.generate_key().decode()


def test_what_is_sealed_opens_as_it_was_and_shows_nothing(settings):
    settings.IDENTITY_KEYS = [new_key()]
    sealed = seal(VALUE, of="identity:1")
    assert unseal(sealed, of="identity:1") == VALUE
    assert unseal(memoryview(sealed), of="identity:1") == VALUE
    assert b"QX0000001ZZ" not in sealed
    assert seal(VALUE, of="identity:1") != sealed


def test_another_key_opens_nothing(settings):
    settings.IDENTITY_KEYS = [new_key()]
    sealed = seal(VALUE, of="identity:1")
    settings.IDENTITY_KEYS = [new_key(), new_key()]
    with pytest.raises(Unsealable):
        unseal(sealed, of="identity:1")
    with pytest.raises(Unsealable):
        resealed(sealed)


def test_it_opens_nowhere_but_where_it_belongs(settings):
    settings.IDENTITY_KEYS = [new_key()]
    sealed = seal(VALUE, of="identity:1")
    with pytest.raises(Unsealable):
        unseal(sealed, of="identity:2")


@pytest.mark.parametrize("place", [0, 20, 60, -1])
def test_a_changed_byte_is_noticed(settings, place):
    settings.IDENTITY_KEYS = [new_key()]
    sealed = bytearray(seal(VALUE, of="identity:1"))
    sealed[place] ^= 1
    with pytest.raises(Unsealable):
        unseal(bytes(sealed), of="identity:1")


def test_keys_rotate_and_the_old_one_can_go(settings):
    old, new = new_key(), new_key()
    settings.IDENTITY_KEYS = [old]
    sealed = seal(VALUE, of="identity:1")
    settings.IDENTITY_KEYS = [new, old]
    assert unseal(sealed, of="identity:1") == VALUE
    fresh = resealed(sealed)
    assert fresh is not None
    assert resealed(fresh) is None
    settings.IDENTITY_KEYS = [new]
    assert unseal(fresh, of="identity:1") == VALUE
    with pytest.raises(Unsealable):
        unseal(sealed, of="identity:1")


def test_without_a_key_nothing_is_kept(settings):
    settings.IDENTITY_KEYS = []
    with pytest.raises(NoKey) as refused:
        seal(VALUE, of="identity:1")
    assert refused.value.status == 503


def test_what_is_no_key_is_refused():
    with pytest.raises(ValueError):  # noqa: PT011 (whatever the library says)
        boxes(["not a key"])
