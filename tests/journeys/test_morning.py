"""The morning of the convention: everybody arrives at once, the network fails, and all numbers agree.

The full size (600 people, 7 scanners, two of them with a camera, 2 desks, 40 minutes in 4) runs with the soak
tests; another size by MORNING_PEOPLE and MORNING_MINUTES. Run it with `-s` to see how long people waited for
their verdicts.
"""

import functools
import os
import time
from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Page

from badges.attendance.models import Checkpoint, Presence, Scan
from badges.attendance.reports.headcount import count_attendance
from badges.attendance.scanning.presence import find_conflicts
from badges.attendance.scanning.presence_store import load_scan_histories
from badges.desk.models import DeskEntry
from tests.conftest import database_url
from tests.factories import make_staff
from tests.faults.processes import Site, wait_until
from tests.faults.proxy import LossyProxy
from tests.journeys.browsing import sign_in
from tests.journeys.conftest import ARGUMENTS
from tests.journeys.morning import (
    DRIVER,
    HOUR_MS,
    Desk,
    Morning,
    Scanner,
    compute_true_states,
    describe_waits,
    open_scanner,
)
from tests.journeys.test_desk import COUNT_PRINTS, enable_offline

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
SMALL_PEOPLE, SMALL_SECONDS = 40, 20
SOAK_PEOPLE = int(os.environ.get("MORNING_PEOPLE", "600"))
SOAK_SECONDS = 60 * float(os.environ.get("MORNING_MINUTES", "4"))
MAX_WAIT_MS = 3000
FILMED_BADGES = 8


@pytest.fixture
def site(transactional_db, tmp_path, settings):
    """Run the server as a process of its own."""
    made = Site(database_url(), tmp_path, EMAIL_URL="dummymail://")
    made.server()
    settings.SITE_URL = made.url
    yield made.url
    made.stop()


@pytest.fixture
def make_proxy(site):
    """Return a function that opens a proxy before the server."""
    proxies = []

    def opened() -> LossyProxy:
        proxies.append(LossyProxy(int(site.rsplit(":", 1)[1])))
        return proxies[-1]

    yield opened
    for proxy in proxies:
        proxy.close()


@pytest.fixture
def open_lost_phone(site, playwright, chromium_path, tmp_path):
    """Return a function that opens the phone that gets lost; what it stored is there when it opens again."""
    contexts = []

    def opened() -> Page:
        contexts.append(
            playwright.chromium.launch_persistent_context(
                tmp_path / "lost-phone",
                executable_path=chromium_path,
                args=ARGUMENTS,
                base_url=site,
                locale="fr-FR",
                viewport={"width": 390, "height": 844},
            )
        )
        contexts[-1].set_default_timeout(60_000)
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def open_device(open_page, make_proxy):
    """Return a function that opens a page, and a proxy before it for a fault that is one of proxies."""

    def opened(screen: str, fault: str) -> tuple[Page, LossyProxy | None]:
        if fault not in {"cut", "silent"}:
            return open_page(screen), None
        proxy = make_proxy()
        return open_page(screen, base_url=proxy.url), proxy

    return opened


@pytest.fixture
def open_scanners(open_device, camera_page, open_lost_phone):
    """Return a function that opens a scanner for each fault; the last one gets lost."""

    def open_one(morning: Morning, fault: str, gate: Checkpoint) -> Scanner:
        if fault == "camera":
            page, proxy = camera_page(morning.list_filmed_codes(FILMED_BADGES)), None
        else:
            page, proxy = (open_lost_phone(), None) if fault == "lost" else open_device("phone", fault)
        open_scanner(morning, page, gate)
        return Scanner(
            name=fault,
            page=page,
            proxy=proxy,
            fault=fault,
            has_camera=fault == "camera",
            has_wrong_clock=fault == "clock",
        )

    def opened(morning: Morning, *faults: str) -> list[Scanner]:
        gates = [morning.entrance, morning.gate]
        return [open_one(morning, fault, gates[number % 2]) for number, fault in enumerate(faults)]

    return opened


@pytest.fixture
def open_desks(open_device, site):
    """Return a function that opens a desk for each fault, which works with and without network."""

    def opened(morning: Morning, *faults: str) -> list[Desk]:
        desks = []
        for fault in faults:
            page, proxy = open_device("desktop", fault)
            # A client of its own: signing in somebody else ends the session before.
            sign_in(page, Client(), proxy.url if proxy else site, make_staff(morning.event, "desk"))
            page.add_init_script(COUNT_PRINTS)
            page.add_init_script(DRIVER)
            enable_offline(page)
            desks.append(Desk(name=f"desk {fault}", page=page, proxy=proxy, morning=morning))
        return desks

    return opened


def lose_phone(scanners: list[Scanner]) -> None:
    """Lose the last scanner with scans waiting; the others take over the badges that it has not read."""
    lost, *others = scanners[-1], *scanners[:-1]
    lost.page.evaluate("window.morning.stop()")
    lost.page.wait_for_function("() => !window.morning.isRunning")
    lost.read_notes()
    assert int(lost.page.locator("#pending").get_attribute("data-count")) > 0
    lost.page.context.close()
    for number, scanner in enumerate(others):
        scanner.run(lost.notes["queue"][number :: len(others)])


def find_phone(scanners: list[Scanner], page: Page) -> None:
    """Open the lost phone again, which sends what it stored."""
    page.goto("/scan/")
    scanners[-1].page = page
    page.wait_for_function("() => document.querySelector('#pending').dataset.count === '0'", timeout=60_000)


def plan_desks(morning: Morning, desks: list[Desk]) -> list[tuple[float, Callable[[], None]]]:
    """Return what the desks do when: check-ins, walk-ins and substitutions."""
    steps: list[Callable[[Desk], None]] = []
    for person in morning.choose(0.05):
        steps.append(functools.partial(Desk.check_in, person=person))
    for number in range(max(2, len(morning.people) // 30)):
        steps.append(functools.partial(Desk.register_walk_in, last_name=f"Visite{number:04}"))
    for number, person in enumerate(morning.choose(1 / 60)):
        steps.append(functools.partial(Desk.substitute, person=person, last_name=f"Autre{number:04}"))
        morning.substituted.append(person)
    morning.random.shuffle(steps)
    return [
        (0.9 * number / len(steps), functools.partial(step, desks[number % len(desks)]))
        for number, step in enumerate(steps)
    ]


def run_morning(morning: Morning, scanners: list[Scanner], desks: list[Desk]) -> None:
    """Run the steps of the morning in order, each at its time or as soon after as possible."""
    steps = plan_desks(morning, desks)
    morning.plan_badges(scanners)
    devices = [*scanners, *desks]
    steps += [(0.25, device.cut) for device in devices]
    for scanner in scanners:
        if scanner.has_wrong_clock:
            steps += [(0.1, functools.partial(set_clock, scanner, error_ms=7 * 60_000))]
            steps += [(0.4, functools.partial(set_clock, scanner, error_ms=-HOUR_MS))]
    steps += [(0.5, functools.partial(lose_phone, scanners))]
    steps += [(0.74, functools.partial(assert_scans_are_waiting, scanner)) for scanner in scanners[:-1]]
    steps += [(0.75, device.restore) for device in devices if device is not scanners[-1]]
    began = time.monotonic()
    for scanner in scanners:
        scanner.run(scanner.queue)
    for part, step in sorted(steps, key=lambda each: each[0]):
        desks[0].page.wait_for_timeout(max(0, began + part * morning.seconds - time.monotonic()) * 1000)
        step()


def set_clock(scanner: Scanner, error_ms: int) -> None:
    scanner.page.evaluate("(ms) => window.morning.setClockError(ms)", error_ms)


def assert_scans_are_waiting(scanner: Scanner) -> None:
    """Require scans that have a verdict and wait for the network: no verdict waits for the server."""
    assert int(scanner.page.locator("#pending").get_attribute("data-count")) > 0, scanner.name


def check_scans(scanners: list[Scanner], desks: list[Desk]) -> None:
    """Require that each scan and each entry of the desks is stored once, and nothing else."""
    entries = {uid for desk in desks for uid in desk.page.evaluate("window.morning.read().uuids")}
    stored_entries = DeskEntry.objects.values_list("uid", flat=True)
    made = {uid for scanner in scanners for uid in scanner.notes["stored"]}
    let_in_at_desks = DeskEntry.objects.filter(kind="check_in").values_list("uid", flat=True)
    stored = sorted(str(uid) for uid in Scan.objects.values_list("uid", flat=True))

    assert {str(uid) for uid in stored_entries} <= entries
    assert set(DeskEntry.objects.values_list("state", flat=True)) == {"done"}
    assert stored == sorted(made | {str(uid) for uid in let_in_at_desks})


def check_numbers(morning: Morning, scanners: list[Scanner]) -> None:
    """Require that presences, conflicts and headcount are those of the true history."""
    truth = compute_true_states(morning.list_passages(scanners))
    rows = Presence.objects.filter(event=morning.event, checkpoint=morning.entrance, version__gt=0)
    histories = load_scan_histories((row.registration_id, row.checkpoint_id) for row in rows)
    server = {
        row.registration_id: (
            row.is_inside,
            row.entries,
            len(find_conflicts(histories[row.registration_id, row.checkpoint_id])),
        )
        for row in rows
        if row.entries
    }
    total = count_attendance(morning.event).total

    assert server == {pk: state for pk, state in truth.items() if state[1]}
    assert total.inside_count == sum(is_inside for is_inside, _entries, _conflicts in truth.values())
    assert total.arrived_count == sum(entries > 0 for _is_inside, entries, _conflicts in truth.values())
    assert {row.registration_id for row in rows if row.has_conflict} == {
        pk for pk, (_is_inside, _entries, conflicts) in truth.items() if conflicts
    }
    for scanner in scanners:
        wait_until(
            lambda phone=scanner: phone.count_inside() == total.inside_count,
            what=f"the list of {scanner.name} that agrees with the server",
        )
    assert sum(conflicts for _is_inside, _entries, conflicts in truth.values()) > 0


def report_waits(scanners: list[Scanner], desks: list[Desk]) -> list[float]:
    """Print how long people waited, at each device; return all waits in milliseconds."""
    waits = []
    for scanner in scanners:
        noted = [wait["wait"] for wait in scanner.notes["waits"]]
        judged = [float(shown["milliseconds"] or 0) for shown in scanner.notes["shown"].values()]
        print(f"\nscanner {scanner.name}: {describe_waits(noted)}; judged in {describe_waits(judged)}")
        waits += noted
    for desk in desks:
        print(f"{desk.name}: {describe_waits(desk.waits)}")
        waits += desk.waits
    print(f"all: {describe_waits(waits)}")
    return waits


def finish(morning: Morning, scanners: list[Scanner], desks: list[Desk], find: Callable[[], Page]) -> None:
    """Bring everything together: the lost phone is found, and all is sent."""
    for desk in desks:
        desk.finish()
    find_phone(scanners, find())
    for scanner in scanners[:-1]:
        scanner.finish()


@pytest.mark.once
def test_small_morning_has_correct_numbers(open_scanners, open_desks, open_lost_phone):
    morning = Morning(SMALL_PEOPLE, SMALL_SECONDS)
    scanners, desks = open_scanners(morning, "cut", "lost"), open_desks(morning, "offline")

    run_morning(morning, scanners, desks)
    finish(morning, scanners, desks, open_lost_phone)

    report_waits(scanners, desks)
    check_scans(scanners, desks)
    check_numbers(morning, scanners)


@pytest.mark.soak
def test_full_morning_has_correct_numbers_and_short_waits(open_scanners, open_desks, open_lost_phone):
    morning = Morning(SOAK_PEOPLE, SOAK_SECONDS)
    scanners = open_scanners(morning, "camera", "camera", "cut", "silent", "clock", "offline", "lost")
    desks = open_desks(morning, "offline", "cut")

    run_morning(morning, scanners, desks)
    finish(morning, scanners, desks, open_lost_phone)

    waits = report_waits(scanners, desks)
    check_scans(scanners, desks)
    check_numbers(morning, scanners)
    assert max(waits) <= MAX_WAIT_MS
