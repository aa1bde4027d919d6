"""Demo packages and sponsors with generated logos."""

import datetime

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageDraw, ImageFont

from convention.club.seed_data import VENDOR_COMPANIES
from convention.events.models import Event
from convention.parsing.pictures import encode_png
from convention.seeding import DemoWorld
from registrations.models import Package, Registration
from registrations.order_request import BillingDetails, OrderRequest

from .logos import store_logo
from .pictures import redraw_picture
from .sponsorships import SponsorRequest, take_package_as_organizer

DEMO_PACKAGES = [
    # slug, French, English, cents, how many, stand, passes, badges, printed
    ("gold", "Or", "Gold", 600_000, 3, "18 m²", 6, 4, True),
    ("silver", "Argent", "Silver", 300_000, 6, "9 m²", 3, 2, True),
    ("friend", "Ami", "Friend", 90_000, None, "", 1, 0, False),
]
TAKEN_PACKAGE_SLUGS = ("gold", "gold", "silver", "silver", "silver", "friend", "friend")
LOGO_COLOURS = ("#0b5c8a", "#8a3b0b", "#2f6b2f", "#6b2f66", "#444444")
CONTACT_NAMES = ("Camille Moreau", "Dominique Petit", "Claude Martin", "Alix Bernard")


def seed(world: DemoWorld) -> None:
    """Create three packages of the main event, and seven sponsorships in the club size."""
    event = Event.objects.get(slug=world.main_event_slug)
    packages = {package.slug: package for package in create_packages(event)}
    if world.size != "club":
        include_places(packages)
        return
    # The default font has ASCII letters only.
    names = [name for name, _trade in VENDOR_COMPANIES if name.isascii()]
    for number, (slug, name) in enumerate(zip(TAKEN_PACKAGE_SLUGS, names, strict=False)):
        create_sponsor(packages[slug], number, name)
    include_places(packages)
    world.created.append(format_lazy(_("{count} sponsors"), count=len(TAKEN_PACKAGE_SLUGS)))


def include_places(packages: dict[str, Package]) -> None:
    """Include places in the packages for later sponsors.

    The demo's own sponsors took theirs before, so that the number of registrations does not change.
    """
    for slug, _name, _name_en, _price, _capacity, _stand, passes, badges, _printed in DEMO_PACKAGES:
        Package.objects.filter(pk=packages[slug].pk).update(passes=passes, badges=badges)


def create_packages(event: Event) -> list[Package]:
    """Create the packages, on sale until two weeks before the event."""
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
            DEMO_PACKAGES
        )
    ]


def create_sponsor(package: Package, number: int, name: str) -> None:
    """Take the package for a demo company and upload its logo."""
    street = f"{number + 3} rue des Câbles"
    billing = BillingDetails(name=name, street=street, postcode="69003", city="Lyon", country="FR")
    order = OrderRequest(email=f"sponsor{number + 1}@vendor.example", places=(), billing=billing)
    sponsor = SponsorRequest(name=name, contact=CONTACT_NAMES[number % len(CONTACT_NAMES)], order=order)
    sponsorship = take_package_as_organizer(
        package=package, sponsor_request=sponsor, idempotency_key=f"seed:sponsor:{number}"
    )
    # Marks the confirmations as sent, so that the demo mails nobody.
    Registration.objects.filter(order=sponsorship.order).update(confirmation_sent_at=sponsorship.created_at)
    store_logo(sponsorship, redraw_picture(encode_png(draw_logo(name, number))))


def draw_logo(name: str, number: int) -> Image.Image:
    """Return a simple logo: a shape and the name."""
    colour = LOGO_COLOURS[number % len(LOGO_COLOURS)]
    font = ImageFont.load_default(64)
    width = int(font.getlength(name)) + 170
    picture = Image.new("RGB", (width, 150), "white")
    pen = ImageDraw.Draw(picture)
    shape = (pen.ellipse, pen.rectangle, pen.rounded_rectangle)[number % 3]
    shape((18, 25, 118, 125), fill=colour)
    pen.text((140, 75), name, font=font, fill=colour, anchor="lm")
    return picture
