"""The demo's proposals of visits: three that stand with some interest, one that was set aside."""

import datetime

from convention.club.demo_names import VENDORS
from convention.club.models import Company, Person, Seat
from convention.seeding import World

from .models import Interest, Proposal

PROPOSALS = [
    ("Le stockage objet de nouvelle génération", 1, "En production chez l’hôte avant sa sortie.", 9),
    ("Un centre de données refroidi par immersion", 5, "Pour comparer la consommation mesurée.", 5),
    ("La restauration après sinistre, chronométrée", 3, "L’exercice se fait devant nous.", 2),
    ("Le studio de démonstration", 0, "", 0),
]


def propose_visits(world: World) -> None:
    """Members propose, others say that they would come; once for all sizes."""
    if Proposal.objects.exists():
        return
    seats = Seat.objects.counting(at=world.today).order_by("pk").values("person")
    members = list(Person.objects.filter(pk__in=seats).order_by("pk")[:60])
    for number, (title, vendor, why, interest) in enumerate(PROPOSALS):
        at = world.now - datetime.timedelta(days=40 - 9 * number)
        proposal = Proposal.objects.create(
            title=title,
            why=why,
            host=Company.objects.filter(name=VENDORS[vendor][0]).first(),
            proposed_by=members[number],
            proposed_at=at,
            set_aside_at=None if interest else world.now - datetime.timedelta(days=3),
            set_aside_because="" if interest else "C’est une démonstration commerciale, pas une visite.",
        )
        Interest.objects.bulk_create(
            Interest(proposal=proposal, person=one, said_at=at + datetime.timedelta(days=place))
            for place, one in enumerate(members[number * 7 : number * 7 + interest])
        )
