"""The scanner's script in Node: the same vectors, the same codes and seals as in Python."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from badges.attendance.sealing import encode, seal, short_key
from convention.codes import Claim, address, new_key_pair, sign

HERE = Path(__file__).parent
RECORD = {
    "name": "Zoé d’Hérouville-李",
    "company": "Société du Test",
    "ticket": "Adhérent",
    "note": "",
}


def vectors() -> dict:
    """A badge as the organizer prints it, and others that are not it."""
    private_key, public_key = new_key_pair()
    claim = Claim(key=70000, registration="ABCDEFGHIJ234", generation=2)
    token = sign(claim, private_key)
    return {
        "key": claim.key,
        "registration": claim.registration,
        "generation": claim.generation,
        "public_key": encode(public_key),
        "other_public_key": encode(new_key_pair()[1]),
        "token": token,
        "address": address(token, "https://convention.example.org"),
        "next_token": sign(Claim(claim.key, claim.registration, 3), private_key),
        "other_event": sign(Claim(5, claim.registration, 2), private_key),
        "other_version": "E" + token[1:],
        "stray_bits": token[:-1] + chr(ord(token[-1]) + 1 if token[-1] in "AEIMQUY" else ord("B")),
        "short_key": short_key(claim.registration),
        "record": RECORD,
        "sealed": seal(token, RECORD),
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
