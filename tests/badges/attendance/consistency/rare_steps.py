"""Steps that random ones hardly ever make: each history takes them all before its networks return."""

import datetime

from badges.attendance.reports.headcount import count_attendance, count_inside_event

TRIES_TO_CONNECT = 6
SILENCE_SECONDS = 900


def take_rare_steps(history):
    for step in history.random.sample(RARE_STEPS, len(RARE_STEPS)):
        # Before each, because no order is right for scans of the same moment.
        history.world.advance(30)
        step(history)


def connect(history, *phones):
    """Bring phones online, with a pairing, an empty queue and a new list if their luck allows."""
    for phone in phones:
        phone.is_online = True
        for _try in range(TRIES_TO_CONNECT):
            history.recover(phone)
            if phone.token and not phone.outbox and phone.fetch_snapshot():
                break


def pick_badges_outside(history, checkpoint):
    """Return the valid badges of people who are not inside, in random order."""
    inside = history.world.list_inside(checkpoint)
    badges = [each for each in history.world.list_valid_badges() if each.registration.pk not in inside]
    return history.random.sample(badges, len(badges))


def deliver_undo_first(history):
    """Let another phone deliver the undo of a scan, which its own phone sends in a later request."""
    phone, carrier = history.phones[:2]
    connect(history, phone, carrier)
    badges = pick_badges_outside(history, phone.checkpoint)
    if not badges or not phone.token:
        return
    phone.is_online = False
    phone.read_badge(badges[0], "in")
    history.world.advance(4)
    phone.undo_last()
    carrier.carry(phone, undos_only=True)
    carrier.send()
    history.world.advance(20)
    phone.is_online = True
    phone.send()


def lose_clocks(history):
    """Set the clock of a phone without network, and load its page again before it sends."""
    phone = history.random.choice(history.phones[:2])
    connect(history, phone)
    history.scan(phone)
    history.set_clock(phone)
    history.world.advance(30)
    history.scan(phone)
    phone.load_page()
    history.world.advance(60)
    phone.is_online = True
    phone.send()


def use_lease_at_its_end(history):
    """Let a phone without network use its last leased place, and another fill the room after the lease."""
    absent, present = history.phones[3:]
    connect(history, absent, present)
    for badge in list(history.world.list_valid_badges()):
        if present.token and badge.registration.pk in history.world.list_inside(present.checkpoint):
            present.read_badge(badge, "out")
    connect(history, absent, present)
    limit = absent.limits.get(absent.door)
    badges = pick_badges_outside(history, absent.checkpoint)
    if not limit or not limit["lease"] or not present.token or len(badges) < 3:
        return
    absent.is_online = False
    ends_at = datetime.datetime.fromisoformat(limit["lease_expires_at"])
    history.world.advance(max(0, (ends_at - history.world.now).total_seconds() - 30))
    absent.read_badge(badges[0], "in")
    history.world.advance(60)
    for badge in badges[1:3]:
        connect(history, present)
        if present.token:
            present.read_badge(badge, "in")
    connect(history, absent)


def fall_silent(history):
    """Let a phone go on without network at the pace that it had: the headcount must allow for it."""
    phone, world = history.phones[1], history.world
    connect(history, *history.phones)
    badges = pick_badges_outside(history, phone.checkpoint)
    if not badges or not phone.token:
        return
    for direction in ("in", "out", "in", "out"):
        phone.read_badge(badges[0], direction)
        world.advance(20)
    connect(history, phone)
    if phone.outbox or not phone.token or phone.device_id in world.revoked_at:
        return
    phone.is_online = False
    world.advance(SILENCE_SECONDS)
    for direction in ("in", "out"):
        phone.read_badge(badges[0], direction)
        check_bounds(world, phone)
        world.advance(20)


def check_bounds(world, phone):
    """Check that the headcount allows for the scans that a silent phone holds."""
    held = [world.passages[scan_id] for scan_id in phone.outbox if scan_id in world.passages]
    inside = count_attendance(world.event).total.inside_count
    counts = count_inside_event(world.event, inside_count=inside)
    entries = sum(passage.direction == "in" for passage in held)
    true_count = inside + 2 * entries - len(held)
    if phone.device_id not in [silent.device_id for silent in counts.silent_devices]:
        world.fail("a phone was not heard of for 15 minutes, and the headcount does not say so")
    if not counts.fewest_inside <= true_count <= counts.most_inside:
        bounds = f"between {counts.fewest_inside} and {counts.most_inside}"
        world.fail(f"{true_count} are inside with those of a silent phone, and the headcount says {bounds}")


RARE_STEPS = [deliver_undo_first, lose_clocks, use_lease_at_its_end, fall_silent]
