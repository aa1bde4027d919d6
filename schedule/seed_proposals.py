"""Create the demo's call for proposals, with a few proposals to review."""

import datetime
from typing import Final

from convention.events.models import Event
from convention.seeding import DemoWorld

from .models import CallForProposals, Criterion, ProposalSpeaker, SessionFormat, SessionProposal

DEMO_FORMATS: Final = (("Conférence", "Talk", 45), ("Atelier", "Workshop", 90))
DEMO_CRITERIA: Final = (("Intérêt pour les adhérents", "Value for members", 3), ("Clarté", "Clarity", 1))
DEMO_CALL_TEXT: Final = (
    "Partagez une **expérience de production** : ce qui a marché, ce qui a échoué, et ce que vous feriez "
    "autrement. Pas de démonstration de produit."
)
DEMO_CALL_TEXT_EN: Final = (
    "Share a **real-life experience**: what worked, what failed, and what you would do differently. "
    "No product demonstrations, please."
)
# Title, and the speaker with address and company.
DEMO_PROPOSALS: Final = (
    ("Quitter trois centres de données en un an", ("Inès Carpentier", "ines@demo.example", "Banque du Midi")),
    ("Une astreinte sans fatigue : ce que les chiffres disent", ("Paul Ferrand", "paul@demo.example", "")),
    ("Sobriété : mesurer avant de couper", ("Louise Abadie", "louise@demo.example", "Énergies du Nord")),
)


def create_demo_call(world: DemoWorld, event: Event) -> None:
    """Create a call that is open for ten more days."""
    day = datetime.timedelta(days=1)
    call = CallForProposals(
        event=event, title="Proposez une session", title_en="Propose a session", text=DEMO_CALL_TEXT,
        text_en=DEMO_CALL_TEXT_EN, opens_at=world.now - 20 * day, closes_at=world.now + 10 * day,
        max_per_person=3, created_at=world.now,
    )  # fmt: skip
    call.save()
    formats = [
        SessionFormat.objects.create(call=call, name=name, name_en=name_en, minutes=minutes)
        for name, name_en, minutes in DEMO_FORMATS
    ]
    Criterion.objects.bulk_create(
        Criterion(call=call, name=name, name_en=name_en, weight=weight)
        for name, name_en, weight in DEMO_CRITERIA
    )
    tracks = list(event.tracks.all())
    for number, (title, (name, email, company)) in enumerate(DEMO_PROPOSALS):
        proposal = SessionProposal(
            call=call, title=title, abstract="Retour d’une équipe de production.", format=formats[0],
            language="fr", track=tracks[number % len(tracks)], submitted_at=world.now - (9 - number) * day,
        )  # fmt: skip
        proposal.save()
        ProposalSpeaker(proposal=proposal, name=name, email=email, company=company).save()
