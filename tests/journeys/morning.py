"""The morning: who comes when to which door or desk, the devices that serve them, and what truly happened."""

import datetime
import random
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from django.utils import timezone
from playwright.sync_api import Page, expect

from badges.attendance.models import Checkpoint
from registrations.models import Registration
from tests.badges.attendance.consistency.checker import compute_true_state
from tests.badges.attendance.consistency.world import Passage
from tests.badges.attendance.factories import make_badge_code, make_event, make_registration
from tests.faults.proxy import LossyProxy
from tests.journeys.scanning import expect_all_sent, pair_by_code

DRIVER = (Path(__file__).parent / "morning_driver.js").read_text()
HOUR_MS = 3_600_000


@dataclass(kw_only=True)
class MorningDevice:
    """A device's page, whose network fails by its proxy if it has one, else in the browser."""

    name: str
    page: Page
    proxy: LossyProxy | None = None
    fault: str = "cut"

    def cut(self) -> None:
        if self.proxy:
            self.proxy.fault = self.fault
        else:
            self.page.context.set_offline(True)

    def restore(self) -> None:
        if self.proxy:
            self.proxy.fault = None
        else:
            self.page.context.set_offline(False)


@dataclass(kw_only=True)
class Scanner(MorningDevice):
    """A phone at a gate, and what it noted."""

    has_camera: bool = False
    has_wrong_clock: bool = False
    queue: list[dict] = field(default_factory=list)
    notes: dict = field(default_factory=dict)

    def run(self, queue: list[dict]) -> None:
        """Show the badges of the queue, without waiting for the end; a camera shows its own."""
        script = "() => { window.morning.watch(); }" if self.has_camera else RUN_QUEUE
        self.page.evaluate(script, queue)

    def read_notes(self) -> None:
        self.notes = self.page.evaluate("window.morning.read()")

    def finish(self) -> None:
        """Wait until all badges were shown, and all scans sent."""
        if self.has_camera:
            self.page.evaluate(STOP_CAMERA)
        self.page.wait_for_function("() => !window.morning.isRunning", timeout=120_000)
        self.page.evaluate("window.dispatchEvent(new Event('focus'))")
        expect_all_sent(self.page, timeout=90_000)
        self.read_notes()

    def count_inside(self) -> int:
        """Fetch the phone's list, and return how many are inside by it."""
        self.page.evaluate("window.dispatchEvent(new Event('focus'))")
        return self.page.evaluate(COUNT_INSIDE)


RUN_QUEUE = "(queue) => { window.morning.run(queue); }"
STOP_CAMERA = """() => {
    window.morning.stop();
    for (const track of document.getElementById("video").srcObject.getTracks()) track.stop();
}"""
COUNT_INSIDE = """async () => {
    const opened = await new Promise((done) => {
        const asked = indexedDB.open("convention-scanner");
        asked.onsuccess = () => done(asked.result);
    });
    const rows = await new Promise((done) => {
        const asked = opened.transaction("presences").objectStore("presences").getAll();
        asked.onsuccess = () => done(asked.result);
    });
    opened.close();
    return rows.filter((row) => row.is_inside).length;
}"""


class Morning:
    """An event of so many people with two gates, and the plan of so many seconds."""

    def __init__(self, people: int, seconds: float) -> None:
        self.random = random.Random(people)
        self.seconds = seconds
        self.event = make_event(slug="x")
        self.entrance = self.event.checkpoints.get()
        self.gate = Checkpoint.objects.create(
            event=self.event, name="Porte B", kind=Checkpoint.Kind.ENTRANCE, position=1,
            counts_as=self.entrance,
        )  # fmt: skip
        self.people = [
            make_registration(
                self.event,
                first_name="Zoé",
                last_name=f"Numéro{number:04}",
                email=f"zoe{number:04}@example.org",
                company="Énergie",
            )
            for number in range(people)
        ]
        self.registrations = {make_badge_code(person).upper(): person.pk for person in self.people}
        self.codes = {person.pk: make_badge_code(person).upper() for person in self.people}
        # Those who are still to be given to a scanner.
        self.arriving = list(self.people)
        self.substituted: list[Registration] = []
        self.desk_passages: list[Passage] = []
        self.walk_ins: dict[str, datetime.datetime] = {}

    def choose(self, share: float) -> list[Registration]:
        """Take a share of the people, at least one, out of those who are still to arrive."""
        return self.choose_some(max(1, round(share * len(self.people))))

    def choose_some(self, count: int) -> list[Registration]:
        chosen = self.random.sample(self.arriving, count)
        self.arriving = [person for person in self.arriving if person not in chosen]
        return chosen

    def list_filmed_codes(self, count: int) -> list[str]:
        """Return the badges of some people who are still to arrive, for the film of a camera."""
        return [self.codes[person.pk] for person in self.choose_some(count)]

    def plan_badges(self, scanners: list[Scanner]) -> None:
        """Spread the people over time and scanners; some come twice, by another gate, and some leave."""
        scanners = [scanner for scanner in scanners if not scanner.has_camera]
        at_scanner: dict[int, int] = {}
        for number, person in enumerate(self.arriving):
            at_scanner[person.pk] = number % len(scanners)
            self._add(scanners[number % len(scanners)], person, 0.85 * number / len(self.arriving))
        # At least eight, so that on a slow machine too one of them is scanned while a phone is offline.
        for person in self.choose(max(0.05, 8 / len(self.arriving))):
            other = scanners[(at_scanner[person.pk] + 1) % len(scanners)]
            self._add(other, person, self.random.uniform(0.3, 1))
        for person in self.choose(0.03):
            self._add(scanners[at_scanner[person.pk]], person, self.random.uniform(0.9, 1), "out")
        # Whose place was given to somebody else comes after all, with the badge that is void now.
        for person in self.substituted[:2]:
            self._add(scanners[0], person, 0.95)
        for scanner in scanners:
            scanner.queue.sort(key=lambda badge: badge["at"])

    def _add(self, scanner: Scanner, person: Registration, part: float, direction: str = "in") -> None:
        badge = {"code": self.codes[person.pk], "direction": direction, "at": part * self.seconds * 1000}
        scanner.queue.append(badge)

    def list_passages(self, scanners: list[Scanner]) -> dict[int, list[Passage]]:
        """Return who truly passed: whom the operators let in or out by what their screens showed."""
        passages = defaultdict(list)
        for passage in [*self.desk_passages, *self._find_walk_ins()]:
            passages[passage.registration].append(passage)
        for number, scanner in enumerate(scanners, start=1):
            for scan in scanner.notes["stored"].values():
                verdict = scanner.notes["shown"][scan["id"]]["verdict"]
                assert (verdict == "admitted") == scan["let_in"], f"{scan} was shown as {verdict}"
                if scan["let_in"]:
                    passages[self.registrations[scan["code"]]].append(self._make_passage(number, scan))
        return passages

    def _make_passage(self, device: int, scan: dict) -> Passage:
        return Passage(
            id=scan["id"],
            registration=self.registrations[scan["code"]],
            checkpoint=self.entrance,
            direction=scan["direction"],
            at=datetime.datetime.fromtimestamp(scan["at"] / 1000, datetime.UTC),
            device=device,
        )

    def note_desk_passage(self, registration: int, at: datetime.datetime) -> None:
        """Note that a desk let somebody in."""
        self.desk_passages.append(Passage("", registration, self.entrance, "in", at, device=0))

    def _find_walk_ins(self) -> list[Passage]:
        rows = self.event.registrations.filter(last_name__in=self.walk_ins)
        return [
            Passage("", walk_in.pk, self.entrance, "in", self.walk_ins[walk_in.last_name], device=0)
            for walk_in in rows
        ]


@dataclass(kw_only=True)
class Desk(MorningDevice):
    """A desk that works with and without network; `waits` are milliseconds from the click to the verdict."""

    morning: Morning
    waits: list[float] = field(default_factory=list)

    def check_in(self, person: Registration, name: str = "") -> None:
        """Find a guest by name and let them in."""
        name = name or f"{person.first_name} {person.last_name}"
        self.page.locator("#q").fill(name)
        self._measure("#offline-search", name)
        self.morning.note_desk_passage(person.pk, timezone.now())

    def register_walk_in(self, last_name: str) -> None:
        """Register somebody without a place, who gets a badge and passes."""
        self.page.locator("#walk-in-open").click()
        self.page.locator("#walk-in-first").fill("Inès")
        self.page.locator("#walk-in-last").fill(last_name)
        self._measure("#walk-in-form", f"Inès {last_name}")
        expect(self.page.locator("#badge-sheet")).to_contain_text(last_name)
        self.page.locator("#verdict").get_by_role("button", name="Faire entrer").click()
        expect(self.page.locator("#verdict .desk-verdict.admitted")).to_contain_text(last_name)
        self.morning.walk_ins[last_name] = timezone.now()

    def substitute(self, person: Registration, last_name: str) -> None:
        """Give a place to somebody else, who gets a badge and passes."""
        self.page.locator("#q").fill(person.last_name)
        self.page.get_by_role("button", name="Informations").click()
        self.page.locator("#guest-substitute").click()
        self.page.locator("#transfer-first").fill("Léo")
        self.page.locator("#transfer-last").fill(last_name)
        self.page.locator("#transfer-email").fill(f"{last_name.lower()}@example.org")
        self.page.locator("#transfer-form").get_by_role("button", name="Céder la place").click()
        expect(self.page.locator("#transfer-dialog")).to_be_hidden()
        self.page.locator("#q").fill(last_name)
        self.page.get_by_role("button", name="Imprimer le badge").click()
        expect(self.page.locator("#badge-sheet")).to_contain_text(last_name)
        self.check_in(person, f"Léo {last_name}")

    def _measure(self, form: str, name: str) -> None:
        script = "([form, name]) => window.morning.measureVerdict(form, name)"
        self.waits.append(self.page.evaluate(script, [form, name]))

    def finish(self) -> None:
        """Send all that waits."""
        self.page.get_by_role("button", name="Envoyer maintenant").click()
        expect(self.page.locator("#connection")).to_have_text("En ligne, tout est à jour", timeout=120_000)
        expect(self.page.locator("#pending-count")).to_have_text("0 à envoyer")


def compute_true_states(passages: dict[int, list[Passage]]) -> dict[int, tuple[bool, int, int]]:
    """Return for each registration whether it is inside, how often it came in, and its double admissions."""
    states = {pk: compute_true_state(made) for pk, made in passages.items()}
    return {pk: (state.is_inside, state.entries, len(state.conflicts)) for pk, state in states.items()}


def open_scanner(morning: Morning, page: Page, checkpoint: Checkpoint) -> None:
    """Pair a phone with a gate, ready to note what it does."""
    page.add_init_script(DRIVER)
    pair_by_code(page, morning.event, checkpoint=checkpoint)


def describe_waits(waits: list[float]) -> str:
    """Return the distribution of waits in milliseconds."""
    if not waits:
        return "none"
    ordered = sorted(waits)
    percentiles = statistics.quantiles(ordered * 2, n=100, method="inclusive")
    parts = [f"{part} % {percentiles[part - 1]:.0f}" for part in (50, 95, 99)]
    return f"{len(ordered)}: {', '.join(parts)}, max {ordered[-1]:.0f} ms"
