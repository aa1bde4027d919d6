"""Encrypted values can be decrypted only with our keys and for their row; keys can be rotated."""

import pytest
from cryptography.fernet import Fernet

from convention.codes.encryption import (
    DecryptionFailed,
    MissingEncryptionKey,
    decrypt_value,
    encrypt_value,
    make_fernets,
    reencrypt_value,
)

VALUE = {"document_number": "QX0000001ZZ", "birth_place": "Saint-Étienne"}


def new_key() -> str:
    return Fernet.generate_key().decode()


def test_encrypted_value_is_decrypted_unchanged_and_reveals_nothing(settings):
    settings.IDENTITY_KEYS = [new_key()]
    sealed = encrypt_value(VALUE, row_label="identity:1")

    assert decrypt_value(sealed, row_label="identity:1") == VALUE
    assert decrypt_value(memoryview(sealed), row_label="identity:1") == VALUE
    assert b"QX0000001ZZ" not in sealed
    assert encrypt_value(VALUE, row_label="identity:1") != sealed


def test_value_cannot_be_decrypted_with_another_key(settings):
    settings.IDENTITY_KEYS = [new_key()]
    sealed = encrypt_value(VALUE, row_label="identity:1")

    settings.IDENTITY_KEYS = [new_key(), new_key()]

    with pytest.raises(DecryptionFailed):
        decrypt_value(sealed, row_label="identity:1")
    with pytest.raises(DecryptionFailed):
        reencrypt_value(sealed)


def test_value_cannot_be_decrypted_for_another_row(settings):
    settings.IDENTITY_KEYS = [new_key()]
    sealed = encrypt_value(VALUE, row_label="identity:1")

    with pytest.raises(DecryptionFailed):
        decrypt_value(sealed, row_label="identity:2")


@pytest.mark.parametrize("place", [0, 20, 60, -1])
def test_value_with_changed_byte_cannot_be_decrypted(settings, place):
    settings.IDENTITY_KEYS = [new_key()]
    sealed = bytearray(encrypt_value(VALUE, row_label="identity:1"))

    sealed[place] ^= 1

    with pytest.raises(DecryptionFailed):
        decrypt_value(bytes(sealed), row_label="identity:1")


def test_old_key_can_be_removed_after_reencryption(settings):
    old, new = new_key(), new_key()
    settings.IDENTITY_KEYS = [old]
    sealed = encrypt_value(VALUE, row_label="identity:1")

    settings.IDENTITY_KEYS = [new, old]

    assert decrypt_value(sealed, row_label="identity:1") == VALUE

    fresh = reencrypt_value(sealed)

    assert fresh is not None
    assert reencrypt_value(fresh) is None

    settings.IDENTITY_KEYS = [new]

    assert decrypt_value(fresh, row_label="identity:1") == VALUE
    with pytest.raises(DecryptionFailed):
        decrypt_value(sealed, row_label="identity:1")


def test_encryption_without_key_is_refused(settings):
    settings.IDENTITY_KEYS = []

    with pytest.raises(MissingEncryptionKey) as refused:
        encrypt_value(VALUE, row_label="identity:1")
    assert refused.value.status == 503


def test_invalid_key_is_refused():
    with pytest.raises(ValueError):  # noqa: PT011 (whatever the library says)
        make_fernets(["not a key"])
