"""Play one random history: phones scan, while networks, clocks, batteries and organizers do what they do."""

import uuid
from unittest import mock

from tests.badges.attendance.consistency.checker import find_problems
from tests.badges.attendance.consistency.phone import SCANS_URL, Phone
from tests.badges.attendance.consistency.rare_steps import take_rare_steps
from tests.badges.attendance.consistency.world import World

STEPS = 45
TRIES_TO_HEAL = 40


def play_history(seed):
    """Play a random history until all scans are delivered; return what is wrong then."""
    world = World(seed)
    with mock.patch("django.utils.timezone.now", side_effect=lambda: world.now):
        history = History(world)
        for _step in range(STEPS):
            history.take_step()
        take_rare_steps(history)
        history.heal()
        return find_problems(world, history.phones)


class History:
    """A run of random steps."""

    def __init__(self, world):
        self.world, self.random = world, world.random
        doors = [world.entrance, world.gate, world.strict, world.room, world.room]
        self.phones = [Phone(world, door, can_override=number == 0) for number, door in enumerate(doors)]
        for phone in self.phones:
            self.pair_again(phone)

    def take_step(self):
        self.world.advance(self.random.choice([1, 15, 30, 60, 120, 300]))
        phone = self.random.choice(self.phones)
        # Every ten seconds in the field; here now and then.
        for each in self.phones:
            if each.is_online and self.random.random() < 0.25:
                self.recover(each)
                each.fetch_snapshot()
            elif not each.is_online and self.random.random() < 0.1:
                each.is_online = True
        action, _weight = self.random.choices(ACTIONS, [weight for _action, weight in ACTIONS])[0]
        action(self, phone)

    def scan(self, phone):
        if not phone.token:
            return
        badge = self.random.choice(self.world.badges)
        is_leaving = badge.registration.pk in self.world.list_inside(phone.checkpoint)
        direction = "out" if is_leaving and self.random.random() < 0.6 else "in"
        is_supervised = phone.can_override and direction == "in" and self.random.random() < 0.15
        # Without a network the page takes no short code.
        if phone.is_online and self.random.random() < 0.12:
            phone.type_short_code(badge, direction)
            return
        phone.read_badge(badge, direction, reason="Intervenante" if is_supervised else "")

    def scan_and_undo(self, phone):
        self.scan(phone)
        self.world.advance(4)
        phone.undo_last()

    def scan_twice(self, phone):
        """Hold a badge in front of the camera for too long."""
        if phone.token:
            badge = self.random.choice(self.world.badges)
            for _time in range(2):
                phone.read_badge(badge, "in")
                self.world.advance(2)

    def show_to_two(self, phone):
        """Give a badge to a second person at another gate."""
        badge = self.random.choice(self.world.badges)
        for each in (self.phones[0], self.phones[1]):
            if each.token:
                each.read_badge(badge, "in")
                self.world.advance(20)

    def fill_room(self, phone):
        """Let several people come to the small room, by both phones."""
        for each in self.random.sample(self.phones[3:], 2) * 2:
            if each.token:
                each.read_badge(self.random.choice(self.world.badges), "in")
                self.world.advance(15)

    def change_network(self, phone):
        phone.is_online = not phone.is_online

    def cut_all(self, phone):
        for each in self.phones:
            each.is_online = False

    def set_clock(self, phone):
        """Set the clock of a phone without a network, and go on scanning."""
        phone.is_online = False
        phone.set_clock(self.random.choice([-24, -2, 1, 24]))
        self.scan(phone)

    def sleep(self, phone):
        self.world.advance(600)
        phone.sleep(595)

    def reload(self, phone):
        phone.load_page()

    def evict(self, phone):
        phone.evict_storage()

    def revoke(self, phone):
        if phone.device_id:
            self.world.revoke(phone.device_id)

    def pair_again(self, phone):
        """Pair the phone anew, with another one pointed at the same code a moment later."""
        if phone.is_online:
            code = self.world.invite(phone.checkpoint, can_override=phone.can_override)
            phone.pair(code)
            if self.random.random() < 0.3:
                self.pair_by_used_code(code, phone)

    def pair_by_used_code(self, code, first):
        """Show a used code to another phone that is not paired: it must not become the same device."""
        late = Phone(self.world, first.checkpoint)
        if late.pair(code) == 201 and first.token:
            self.world.fail("a code that was used has paired another phone")

    def carry(self, phone):
        other = self.random.choice(self.phones)
        if other is not phone and phone.token:
            phone.carry(other)
            phone.send()

    def forge(self, phone):
        """Send a scan under the name of a phone, without its key."""
        senders = [each for each in self.phones if each.token and each.is_online and each is not phone]
        if not senders or phone.device_id is None:
            return
        badge, forged = self.random.choice(self.world.badges), str(uuid.uuid4())
        item = {
            "id": forged, "code": badge.token, "direction": "in", "at": self.world.now.isoformat(),
            "checkpoint": phone.checkpoint.pk, "let_in": True, "device": phone.device_id,
            "signature": "A" * 86,
        }  # fmt: skip
        self.world.forged_ids.add(forged)
        senders[0].request("post", SCANS_URL, {"scans": [item]})

    def organize(self, phone):
        change = self.random.choice(
            [
                self.world.cancel,
                self.world.reprint,
                self.world.reprint,
                self.world.merge,
                self.world.transfer,
                self.world.transfer,
            ]
        )
        change()

    def heal(self):
        """Bring all networks back, pair all phones again, deliver everything and fetch all changes."""
        for phone in self.phones:
            phone.is_online = True
        for _try in range(TRIES_TO_HEAL):
            self.world.advance(15)
            for phone in self.phones:
                self.recover(phone)
            if not any(phone.outbox or phone.carried or not phone.token for phone in self.phones):
                break
        else:
            self.world.fail("some scans could not be delivered")
        for phone in self.phones:
            while phone.token and not phone.fetch_snapshot():
                self.world.advance(1)

    def recover(self, phone):
        if not phone.token:
            self.pair_again(phone)
        phone.send()


ACTIONS = [
    (History.scan, 40),
    (History.scan_and_undo, 8),
    (History.scan_twice, 3),
    (History.show_to_two, 6),
    (History.fill_room, 6),
    (History.change_network, 10),
    (History.cut_all, 2),
    (History.set_clock, 3),
    (History.sleep, 2),
    (History.reload, 4),
    (History.evict, 2),
    (History.revoke, 3),
    (History.pair_again, 3),
    (History.carry, 4),
    (History.forge, 2),
    (History.organize, 5),
]
