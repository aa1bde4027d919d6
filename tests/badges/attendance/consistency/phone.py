"""A simulated phone: its clocks, its storage and its queue, as the scanner page has them.

It decides by device_facts.py and verdict.py, as the page does by their twins in JavaScript, and writes and
signs its scans by itself, from the description of the API.
"""

import base64
import dataclasses
import datetime
import json
import uuid
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from badges.attendance.scanning import device_facts
from badges.attendance.scanning.device_facts import DeviceScan, Reading
from badges.attendance.scanning.record_encryption import decrypt_record, make_registration_key
from badges.attendance.scanning.verdict import (
    ADMITTED,
    ALREADY_IN,
    COUNTED_VERDICTS,
    UNVERIFIED,
    Verdict,
    decide_verdict,
)
from badges.codes import make_short_code
from convention.codes.badge_codes import parse_badge_code
from tests.badges.attendance.consistency.world import BadgeReading, Passage

SCANS_URL, SNAPSHOT_URL, PAIR_URL = (f"/api/v1/scanner/{name}/" for name in ("scans", "snapshot", "pair"))
MILLISECOND = datetime.timedelta(milliseconds=1)
UNDO_WINDOW = datetime.timedelta(seconds=10)
MAX_BATCH = 6


def base64url(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class DeviceKey:
    """The key pair of one pairing, which outlives it as long as scans that it signed wait."""

    private_key: ec.EllipticCurvePrivateKey

    @property
    def public_key(self):
        return base64url(
            self.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        )

    def sign(self, item, device_id):
        """Return the signature over the canonical text, as WebCrypto gives it."""
        text = [
            "scan-1", device_id, item["id"], item["code"], "", item["direction"], item["at"],
            item["checkpoint"], item["sequence"], item["clock_offset_ms"], item["local_verdict"],
            item["let_in"], item["undoes"], item["page"], item["elapsed_ms"], item["operator"],
            item["override_reason"],
        ]  # fmt: skip
        raw = json.dumps(text, ensure_ascii=False, separators=(",", ":")).encode()
        numbers = decode_dss_signature(self.private_key.sign(raw, ec.ECDSA(SHA256())))
        return base64url(b"".join(number.to_bytes(32) for number in numbers))


class Phone:
    """One phone at one checkpoint."""

    def __init__(self, world, checkpoint, *, can_override=False):
        self.world, self.checkpoint, self.can_override = world, checkpoint, can_override
        self.skew = datetime.timedelta(seconds=world.random.choice([0, 0, 3, -40, 7200, -86400]))
        self.is_online = True
        self.outbox = {}
        self.carried = {}
        self.sequence = 0
        self.snapshot_sequence = 0
        # Whether the wall clock was set since the offset was measured, and the page that could tell is gone.
        self.was_clock_set, self.tainted_ids = False, set()
        self.forget_pairing()
        self.load_page()

    # --- clocks ---

    @property
    def wall_clock(self):
        return self.world.now + self.skew

    @property
    def elapsed_ms(self):
        return (self.world.now - self.page_loaded_at - self.slept) // MILLISECOND

    @property
    def server_ms(self):
        """The server's time as the phone believes it, in milliseconds."""
        at = self.wall_clock + (self.offset_ms or 0) * MILLISECOND
        return int(at.timestamp() * 1000)

    def set_clock(self, hours):
        # Set twice while a scan waits, no two clocks agree on it.
        if self.was_clock_set:
            self.world.doubtful_devices |= {item["device"] for item, _unsent in self.outbox.values()}
        self.skew += datetime.timedelta(hours=hours)
        self.was_clock_set = True

    def sleep(self, seconds):
        """Let the monotonic clock stop."""
        self.world.doubtful_devices.add(self.device_id)
        self.slept += datetime.timedelta(seconds=seconds)

    # --- storage ---

    def load_page(self):
        """Load the page again, as after a crash: another monotonic clock begins."""
        self.page, self.page_loaded_at = uuid.uuid4().hex[:8], self.world.now
        self.slept = datetime.timedelta(0)
        self.last_outcome = None
        self.lose_times()

    def lose_times(self):
        """Note the scans by a clock that was set, whose page can no longer tell: their times are lost."""
        lost = self.tainted_ids & self.outbox.keys()
        self.world.doubtful_devices |= {self.outbox[scan_id][0]["device"] for scan_id in lost}
        for scan_id in lost:
            if scan_id in self.world.passages:
                self.world.passages[scan_id].is_time_lost = True

    def evict_storage(self):
        """Lose what the browser stored; the open page writes the waiting scans again."""
        self.forget_pairing()
        self.sequence = 0

    def forget_pairing(self):
        self.token = self.device_id = self.key = self.offset_ms = None
        # The page forgets its last scans too (forgetPeople in app.js), so that none of them can be undone.
        self.last_outcome = None
        self.cursors, self.etag, self.listed_at = {}, "", None
        self.registrations, self.presences, self.checkpoints, self.limits = {}, {}, {}, {}
        # Acknowledged since the last snapshot.
        self.sent = []

    # --- network ---

    def request(self, method, url, body=None, **headers):
        """Return the answer, None if request or answer was lost."""
        fate = self.world.random.random()
        if not self.is_online or fate < 0.05:
            return None
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        client = self.world.client
        if method == "post":
            response = client.post(url, json.dumps(body), content_type="application/json", headers=headers)
        else:
            response = client.get(url, body or {}, headers=headers)
        if response.status_code == 500:
            self.world.fail(f"{url} answered {response.status_code}")
        # A busy server is as good as an answer that was lost.
        return None if fate > 0.93 or response.status_code == 503 else response

    def measure_offset(self, server_time):
        self.offset_ms = (datetime.datetime.fromisoformat(server_time) - self.wall_clock) // MILLISECOND
        self.was_clock_set = False

    def pair(self, code):
        """Pair by a code, again if the answer is lost; the status."""
        key = DeviceKey(ec.generate_private_key(ec.SECP256R1()))
        body = {"code": code, "public_key": key.public_key, "name": "Téléphone"}
        self.forget_pairing()
        for _try in range(6):
            response = self.request("post", PAIR_URL, body)
            if response is None:
                continue
            if response.status_code == 201:
                answer = response.json()
                self.token, self.device_id, self.key = answer["token"], answer["device"]["id"], key
                self.can_override = answer["device"]["can_override"]
                self.fetch_snapshot()
            return response.status_code
        return None

    def fetch_snapshot(self):
        """Fetch what changed; return whether an answer came."""
        if not self.token:
            return False
        state = json.dumps({"pending": len(self.outbox), "camera": "ok"})
        headers = {"scanner-state": state} | ({"if-none-match": self.etag} if self.etag else {})
        response = self.request("get", SNAPSHOT_URL, self.cursors, **headers)
        if response is None:
            return False
        if response.status_code == 401:
            self.forget_pairing()
            return True
        self.sent = []
        self.listed_at = self.world.now
        if response.status_code == 200:
            self.store_snapshot(response)
        return True

    def store_snapshot(self, response):
        answer = response.json()
        self.etag = response.headers["ETag"]
        if answer["full"]:
            self.registrations, self.presences = {}, {}
        self.registrations |= {row["key"]: row for row in answer["registrations"]}
        for key in answer["removed"]:
            self.registrations.pop(key, None)
        self.presences |= {(row["door"], row["key"]): row for row in answer["presences"]}
        self.checkpoints = {row["id"]: row for row in answer["checkpoints"]}
        self.limits = {row["door"]: row for row in answer["limits"]}
        self.cursors = {"since": answer["sequence"], "presences": answer["presences_cursor"]}
        self.measure_offset(answer["server_time"])

    # --- scans ---

    def read_badge(self, badge, direction, *, reason=""):
        """Judge a badge, let its holder pass or not, store the scan and send it."""
        code = f"HTTPS://EXAMPLE.ORG/B/{badge.token}"
        facts, row = self.collect_facts(badge, code, direction, reason)
        if facts is None:
            return
        verdict = decide_verdict(facts)
        let_in = self.choose_let_in(verdict)
        # A strict checkpoint asks the server, and its answer decides.
        is_asking = verdict.verdict == UNVERIFIED and verdict.reason == "offline" and not let_in
        item = self.make_item(code, direction, verdict, None if is_asking else let_in, reason=reason)
        self.store(item, row, changes_inside=device_facts.changes_inside(facts))
        self.world.readings[item["id"]] = BadgeReading(
            badge, direction, self.listed_at, verdict.verdict, is_explained=facts.has_override
        )
        is_tapped = let_in and not device_facts.lets_in_by_default(verdict)
        if let_in:
            self.let_pass(item, badge, is_explained=bool(reason) and self.can_override, is_tapped=is_tapped)
        self.last_outcome = (item, badge, row) if let_in else None
        results = self.send()
        if is_asking:
            self.follow_answer(results.get(item["id"]), item, badge, row)

    def type_short_code(self, badge, direction):
        """Send the letters on a badge whose code cannot be read; the server's answer decides."""
        item = self.make_item(make_short_code(badge.token), direction, Verdict(UNVERIFIED, "typed"), None)
        self.store(item, None)
        self.last_outcome = None
        results = self.send()
        self.follow_answer(results.get(item["id"]), item, badge, None)

    def collect_facts(self, badge, code, direction, reason):
        """Return the facts of a badge and the key of its registration; None without a checkpoint."""
        checkpoint = self.checkpoints.get(self.checkpoint.pk)
        if checkpoint is None:
            return None, None
        claim = parse_badge_code(code).claim
        key = make_registration_key(claim.registration_reference)
        registration = self.registrations.get(key)
        is_current = registration is not None and registration["badge_version"] == claim.badge_version
        reading = Reading(
            "valid", key, claim.badge_version, direction, self.server_ms, bool(reason) and direction == "in"
        )
        facts = device_facts.derive_device_facts(
            reading,
            checkpoint=checkpoint,
            registration=registration,
            record=decrypt_record(badge.token, registration["sealed"]) if is_current else None,
            presence=self.presences.get((checkpoint["door"], key)),
            limit=self.limits.get(checkpoint["door"]),
            unsent_scans=[
                dataclasses.replace(unsent, is_of_former_pairing=item["device"] != self.device_id)
                for item, unsent in self.outbox.values()
            ],
            sent_scans=self.sent,
        )
        return facts, key

    def choose_let_in(self, verdict):
        """Return what the operator does: mostly what the screen says."""
        may_tap = verdict.verdict in (UNVERIFIED, ALREADY_IN)
        if may_tap and self.world.random.random() < 0.12:
            return True
        return device_facts.lets_in_by_default(verdict)

    def follow_answer(self, result, item, badge, key):
        """Let the holder in if the server says so in time; otherwise take the question back."""
        if result and result["verdict"] == ADMITTED:
            self.let_pass(item, badge)
        elif not result or result["verdict"] == ALREADY_IN:
            self.undo(item, badge, key)

    def let_pass(self, item, badge, **fields):
        self.world.passages[item["id"]] = Passage(
            item["id"], badge.registration.pk, self.checkpoint, item["direction"], self.world.now,
            self.device_id, is_clock_wrong=self.was_clock_set, **fields,
        )  # fmt: skip

    def make_item(self, code, direction, verdict, let_in, *, reason="", undoes=""):
        self.sequence += 1
        at = self.wall_clock.astimezone(datetime.UTC).isoformat(timespec="milliseconds")
        item = {
            "id": str(uuid.UUID(int=self.world.random.getrandbits(128), version=4)),
            "code": code,
            "direction": direction,
            "at": at.replace("+00:00", "Z"),
            "checkpoint": self.checkpoint.pk,
            "sequence": self.sequence,
            "clock_offset_ms": self.offset_ms,
            "local_verdict": verdict.verdict if verdict else "",
            "let_in": let_in,
            "snapshot": self.cursors.get("since", 0),
            "operator": "Zoé « ü »",
            "override_reason": reason,
            "undoes": undoes,
            "page": self.page,
            "elapsed_ms": self.elapsed_ms,
            "device": self.device_id,
        }
        item["signature"] = self.key.sign(item, self.device_id)
        return item

    def store(self, item, key, *, changes_inside=True):
        unsent = DeviceScan(
            item["id"], key, self.door, item["direction"], self.server_ms, bool(item["let_in"]),
            changes_inside, item["undoes"],
        )  # fmt: skip
        if self.was_clock_set:
            self.tainted_ids.add(item["id"])
        self.outbox[item["id"]] = (item, unsent)
        self.world.scan_ids.add(item["id"])

    @property
    def door(self):
        return self.checkpoint.presence_checkpoint_id

    def undo(self, item, badge, key):
        """Take back a scan of this phone."""
        if not self.token:
            return
        undo = self.make_item(item["code"], item["direction"], None, False, undoes=item["id"])
        self.store(undo, key)
        if item["id"] in self.world.passages:
            self.world.passages[item["id"]].is_undone = True
        self.last_outcome = None

    def undo_last(self):
        if self.last_outcome:
            self.undo(*self.last_outcome)
            self.send()

    def send(self):
        """Send what waits, in batches with some scans twice; the results by id."""
        results = {}
        waiting = [item for item, _unsent in self.outbox.values()] + list(self.carried.values())
        while waiting and self.token:
            size = self.world.random.randint(1, MAX_BATCH)
            batch, waiting = waiting[:size], waiting[size:]
            if self.world.random.random() < 0.2:
                batch = [*batch, self.world.random.choice(batch)]
            body = {
                "scans": batch,
                "page": self.page,
                "elapsed_ms": self.elapsed_ms,
                "sent_at": self.wall_clock.isoformat(),
            }
            sent_at = self.world.now
            response = self.request("post", SCANS_URL, body)
            if response is None:
                break
            if response.status_code == 401:
                self.forget_pairing()
                break
            answer = response.json()
            self.limits |= {row["door"]: row for row in answer["limits"]}
            self.measure_offset(answer["server_time"])
            for result in answer["results"]:
                results[result["id"]] = result
                self.acknowledge(result, sent_at)
        return results

    def acknowledge(self, result, at):
        """Delete a scan that the server has; until the next snapshot the phone remembers what it did."""
        if result["reason"] in ("invalid", "id_reused"):
            self.world.fail(f"a genuine scan was answered {result['reason']}: {result['detail']}")
        passage = self.world.passages.get(result["id"])
        if passage and passage.delivered_at is None:
            passage.delivered_at = at
        self.carried.pop(result["id"], None)
        _item, unsent = self.outbox.pop(result["id"], (None, None))
        if unsent and result["verdict"] in COUNTED_VERDICTS:
            self.sent.append(unsent)

    def carry(self, other, *, undos_only=False):
        """Read the queue of another phone from its screen, to deliver it; perhaps no more than its undos."""
        other.lose_times()
        items = [item for item, _unsent in other.outbox.values() if item["undoes"] or not undos_only]
        own = [item for item in items if item["id"] not in self.outbox]
        # The codes on the other screen come round again and again, so reading begins anywhere.
        if self.world.random.random() < 0.5:
            own.reverse()
        self.carried |= {item["id"]: item for item in own}
