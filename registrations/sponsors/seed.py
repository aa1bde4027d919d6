"""The demo's packages and sponsors, with logos that were drawn for it."""

import datetime

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageDraw, ImageFont

from convention.club.demo_names import VENDORS
from convention.events.models import Event
from convention.seeding import World

from ..models import Package, Registration
from ..order_request import Billing, OrderRequest
from .logo import store_logo
from .pictures import encode_png, redraw
from .take_package import Sponsor, take_package_for

PACKAGES = [
    # slug, French, English, cents, how many, stand, passes, badges, printed
    ("gold", "Or", "Gold", 600_000, 3, "18 m²", 6, 4, True),
    ("silver", "Argent", "Silver", 300_000, 6, "9 m²", 3, 2, True),
    ("friend", "Ami", "Friend", 90_000, None, "", 1, 0, False),
]
TAKEN = ("gold", "gold", "silver", "silver", "silver", "friend", "friend")
COLOURS = ("#0b5c8a", "#8a3b0b", "#2f6b2f", "#6b2f66", "#444444")
CONTACTS = ("Camille Moreau", "Dominique Petit", "Claude Martin", "Alix Bernard")


def seed(world: World) -> None:
    """Three packages of the main event, and seven companies that took one."""
    event = Event.objects.get(slug=world.main_event)
    packages = {package.slug: package for package in make_packages(event)}
    if world.size != "club":
        open_to_all(packages)
        return
    names = [name for name, _trade in VENDORS if name.isascii()]  # letters that every machine draws
    for number, (slug, name) in enumerate(zip(TAKEN, names, strict=False)):
        make_sponsor(packages[slug], number, name)
    open_to_all(packages)
    world.made.append(format_lazy(_("{count} sponsors"), count=len(TAKEN)))


def open_to_all(packages: dict[str, Package]) -> None:
    """From now on places come along; the demo's sponsors took theirs before, so that its numbers stay."""
    for slug, _name, _name_en, _price, _capacity, _stand, passes, badges, _printed in PACKAGES:
        Package.objects.filter(pk=packages[slug].pk).update(passes=passes, badges=badges)


def make_packages(event: Event) -> list[Package]:
    """On offer until a fortnight before the event."""
    tickets = {ticket.slug: ticket for ticket in event.tickets.all()}
    return [
        Package.objects.create(
            event=event,
            slug=slug,
            name=name,
            name_en=name_en,
            price=price,
            capacity=capacity,
            stand=stand,
            pass_ticket=tickets["guest"],
            passes=0,
            badge_ticket=tickets["vendor"] if badges else None,
            badges=0,
            has_printed_logo=printed,
            closes_at=event.starts_at - datetime.timedelta(days=14),
            position=position,
        )
        for position, (slug, name, name_en, price, capacity, stand, _passes, badges, printed) in enumerate(
            PACKAGES
        )
    ]


def make_sponsor(package: Package, number: int, name: str) -> None:
    """A company that took the package and sent its logo."""
    street = f"{number + 3} rue des Câbles"
    billing = Billing(name=name, street=street, postcode="69003", city="Lyon", country="FR")
    order = OrderRequest(email=f"sponsor{number + 1}@vendor.example", places=(), billing=billing)
    sponsor = Sponsor(name=name, contact=CONTACTS[number % len(CONTACTS)], order=order)
    one = take_package_for(package=package, sponsor=sponsor, key=f"seed:sponsor:{number}")
    Registration.objects.filter(order=one.order).update(confirmation_sent_at=one.created_at)
    store_logo(one, redraw(encode_png(drawn(name, number))))


def drawn(name: str, number: int) -> Image.Image:
    """A mark and the name, as logos are."""
    colour = COLOURS[number % len(COLOURS)]
    font = ImageFont.load_default(64)
    width = int(font.getlength(name)) + 170
    picture = Image.new("RGB", (width, 150), "white")
    pen = ImageDraw.Draw(picture)
    shape = (pen.ellipse, pen.rectangle, pen.rounded_rectangle)[number % 3]
    shape((18, 25, 118, 125), fill=colour)
    pen.text((140, 75), name, font=font, fill=colour, anchor="lm")
    return picture
