"""Run the JavaScript tests of scanner and desk in Node, with codes and encrypted records made by Python."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from badges.attendance.scanning.inputs.device_signatures import write_canonical_text, write_signed_item
from badges.attendance.scanning.record_encryption import (
    encode_base64url,
    encrypt_record,
    make_registration_key,
)
from convention.codes.badge_codes import BadgeClaim, build_code_address, generate_key_pair, sign_claim
from convention.text.address_suggestions import list_mail_domains

BADGES = Path(__file__).parent.parent
SCRIPTS = sorted(str(path.relative_to(BADGES)) for path in BADGES.glob("*/*.test.mjs"))
RECORD = {
    "name": "Zoé d’Hérouville-李",
    "company": "Société du Test",
    "ticket": "Adhérent",
    "note": "",
}
SIGNED_SCANS = {
    "a scan as the phone sends it": {
        "id": "5e0f2f0a-8c0c-4a57-9c0d-0b7a1f0e7a11", "code": "HTTPS://X.EXAMPLE/B/AEBAG", "direction": "in",
        "at": "2026-06-17T08:31:02.500Z", "checkpoint": 3, "sequence": 17, "clock_offset_ms": -40,
        "local_verdict": "admitted", "let_in": True, "page": "c0ffee", "elapsed_ms": 123456,
        "operator": "Zoé “Z” 李", "override_reason": "",
    },
    "an undo of somebody found by name": {
        "id": "5e0f2f0a-8c0c-4a57-9c0d-0b7a1f0e7a12", "code": "", "registration": "ABCDEFGHIJ234",
        "direction": "out", "at": "2026-06-17T08:31:02Z", "checkpoint": 3, "sequence": 18,
        "clock_offset_ms": None, "local_verdict": "admitted", "let_in": False,
        "undoes": "5e0f2f0a-8c0c-4a57-9c0d-0b7a1f0e7a11", "page": "", "elapsed_ms": 0,
    },
}  # fmt: skip


def vectors() -> dict:
    """Return a valid badge code, invalid variants of it, an encrypted record and signed scans."""
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
        "mail_domains": list_mail_domains(),
        "signed_scans": [
            {
                "name": name,
                "scan": scan,
                "device": 7,
                "text": write_canonical_text(write_signed_item(scan), 7),
            }
            for name, scan in SIGNED_SCANS.items()
        ],
    }


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_tests_pass_in_node(script: str, tmp_path: Path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here")
    made = tmp_path / "vectors.json"
    made.write_text(json.dumps(vectors()))

    run = subprocess.run(
        [node, "--test", "--test-reporter=tap", script],
        cwd=BADGES,
        env={**os.environ, "VECTORS": str(made)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
