"""Demo proposals: three undecided with interest, one set aside."""

import datetime

from convention.club.models import Company, Person, Seat
from convention.club.seed_data import VENDOR_COMPANIES
from convention.seeding import DemoWorld

from .models import Interest, Proposal

PROPOSAL_SEEDS = [
    ("Le stockage objet de nouvelle génération", 1, "En production chez l’hôte avant sa sortie.", 9),
    ("Un centre de données refroidi par immersion", 5, "Pour comparer la consommation mesurée.", 5),
    ("La restauration après sinistre, chronométrée", 3, "L’exercice se fait devant nous.", 2),
    ("Le studio de démonstration", 0, "", 0),
]


def seed_proposals(world: DemoWorld) -> None:
    """Create proposals and interest, once for all sizes."""
    if Proposal.objects.exists():
        return
    seats = Seat.objects.granting_membership(at=world.today).order_by("pk").values("person")
    members = list(Person.objects.filter(pk__in=seats).order_by("pk")[:60])
    for number, (title, vendor, motivation, interest) in enumerate(PROPOSAL_SEEDS):
        proposed_at = world.now - datetime.timedelta(days=40 - 9 * number)
        proposal = Proposal.objects.create(
            title=title,
            motivation=motivation,
            host=Company.objects.filter(name=VENDOR_COMPANIES[vendor][0]).first(),
            proposed_by=members[number],
            proposed_at=proposed_at,
            set_aside_at=None if interest else world.now - datetime.timedelta(days=3),
            set_aside_reason="" if interest else "C’est une démonstration commerciale, pas une visite.",
        )
        Interest.objects.bulk_create(
            Interest(
                proposal=proposal, person=member, expressed_at=proposed_at + datetime.timedelta(days=day)
            )
            for day, member in enumerate(members[number * 7 : number * 7 + interest])
        )
