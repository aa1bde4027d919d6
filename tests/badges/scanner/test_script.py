"""The scanner's script in Node: the same vectors, the same codes and seals as in Python."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from badges.attendance.scanning.record_encryption import (
    encode_base64url,
    encrypt_record,
    make_registration_key,
)
from convention.codes.badge_codes import BadgeClaim, build_code_address, generate_key_pair, sign_claim

HERE = Path(__file__).parent
RECORD = {
    "name": "Zoé d’Hérouville-李",
    "company": "Société du Test",
    "ticket": "Adhérent",
    "note": "",
}


def vectors() -> dict:
    """A badge as the organizer prints it, and others that are not it."""
    private_key, public_key = generate_key_pair()
    claim = BadgeClaim(key_number=70000, registration_reference="ABCDEFGHIJ234", badge_version=2)
    token = sign_claim(claim, private_key)
    return {
        "key": claim.key_number,
        "registration": claim.registration_reference,
        "badge_version": claim.badge_version,
        "public_key": encode_base64url(public_key),
        "other_public_key": encode_base64url(generate_key_pair()[1]),
        "token": token,
        "address": build_code_address(token, "https://convention.example.org"),
        "next_token": sign_claim(BadgeClaim(claim.key_number, claim.registration_reference, 3), private_key),
        "other_event": sign_claim(BadgeClaim(5, claim.registration_reference, 2), private_key),
        "other_version": "E" + token[1:],
        "stray_bits": token[:-1] + chr(ord(token[-1]) + 1 if token[-1] in "AEIMQUY" else ord("B")),
        "short_key": make_registration_key(claim.registration_reference),
        "record": RECORD,
        "sealed": encrypt_record(token, RECORD),
    }


@pytest.mark.parametrize("script", sorted(path.name for path in HERE.glob("*.test.mjs")))
def test_in_node(script: str, tmp_path: Path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here")
    made = tmp_path / "vectors.json"
    made.write_text(json.dumps(vectors()))
    run = subprocess.run(
        [node, "--test", "--test-reporter=tap", script],
        cwd=HERE,
        env={**os.environ, "VECTORS": str(made)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
