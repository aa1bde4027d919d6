"""Plain makers of packages, sponsorships and pictures."""

import io
import itertools

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from convention.events.models import Event
from registrations.models import Package, Sponsorship, Ticket
from registrations.order_request import BillingDetails, OrderRequest
from registrations.sponsors.logos import store_logo
from registrations.sponsors.pictures import redraw_picture
from registrations.sponsors.sponsorships import SponsorRequest, take_package
from tests.buyer_verification import make_verified_context

numbers = itertools.count(1)


def make_package(event: Event, ticket: Ticket | None = None, **fields) -> Package:
    """Two passes of that ticket, at 1 200 euros without limit."""
    places = {"pass_ticket": ticket, "passes": 2} if ticket else {}
    values = {"slug": "gold", "name": "Or", "name_en": "Gold", "price": 120_000, **places}
    return Package.objects.create(event=event, **{**values, **fields})


def make_sponsor_request(**fields) -> SponsorRequest:
    """Return a company's request with contact and billing address; fields of the sponsor or of the order."""
    about = {name: fields.pop(name) for name in ("name", "contact", "website") if name in fields}
    billing = BillingDetails(name="Acme SA", street="1 quai", postcode="69002", city="Lyon", country="FR")
    order = OrderRequest(**{"email": "zoe@acme.example", "places": (), "billing": billing, **fields})
    return SponsorRequest(**{"name": "Acme", "contact": "Zoé Müller", **about}, order=order)


def make_sponsorship(package: Package, *, has_logo: bool = True, **fields) -> Sponsorship:
    """Somebody took the package, and sent a logo."""
    sponsor, means = make_sponsor_request(**fields), make_verified_context(source="sponsor")
    one = take_package(
        package=package, sponsor_request=sponsor, idempotency_key=f"made:{next(numbers)}", context=means
    )
    if has_logo:
        store_logo(one, redraw_picture(make_picture().read()))
    return one


def make_picture(
    size: tuple[int, int] = (60, 30), kind: str = "PNG", mode: str = "RGB", **said
) -> SimpleUploadedFile:
    """Return an uploaded blue picture."""
    file = io.BytesIO()
    Image.new(mode, size, "#0055aa").save(file, kind, **said)
    return SimpleUploadedFile(f"logo.{kind.lower()}", file.getvalue())
