"""The demo's days: a visit that runs now, with people on site, and one that is over and told."""

import datetime
import random

from django.db.models import F
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from badges.attendance.models import Checkpoint, Scan
from badges.attendance.rebuild import rebuild_presence
from badges.attendance.seed import make_device, make_scan
from convention.club.demo_names import VENDORS
from convention.club.models import Company
from convention.events.models import Event, Venue
from convention.events.seed import VISIT, VISIT_EN, give_roles
from convention.seeding import World
from registrations.models import Registration
from registrations.seed import make_members_ticket, make_registrations
from registrations.visits.feedback import ask_usual
from registrations.visits.models import (
    Application,
    Debrief,
    DebriefNote,
    FeedbackAnswer,
    Identity,
    Leg,
    LegSeat,
    NdaAcceptance,
    NdaText,
    Visit,
)
from registrations.visits.seed_hosts import seed_hosts, seed_list

from .make_doors import make_doors

VISITORS = 14
HOUR, MINUTE = datetime.timedelta(hours=1), datetime.timedelta(minutes=1)
AGREED = (
    "Ce que l’hôte montre avant sa sortie reste entre les personnes présentes jusqu’à la fin de l’embargo."
)
AGREED_EN = "What the host shows ahead of release stays with those present until the embargo ends."
TOLD = (
    "La salle passe au refroidissement liquide direct. L’hôte montre ses mesures sur douze mois\u202f: "
    "la consommation baisse, la maintenance demande un geste de plus.\n\n"
    "La reprise après incident se fait site par site\u202f; le bouton unique n’existe pas, "
    "et l’équipe l’a dit."
)
LEARNED = (
    "Le refroidissement liquide demande de former les équipes avant l’achat. "
    "Un plan de reprise se lit site par site."
)
ANSWERS = (
    "Du temps avec les équipes d’exploitation.",
    "Une heure de questions de plus.",
    "Un café à l’arrivée\u202f!",
)


def seed(world: World) -> None:
    """For the club alone: rides for the visits ahead, a visit of today and one that is over."""
    if world.size != "club":
        return
    for visit in Visit.objects.filter(legs__isnull=True).select_related("event"):
        make_rides(visit)
    now = world.now.replace(minute=0, second=0, microsecond=0)
    today = make_visit(world, "visit-today", "la salle réseau", VENDORS[3][0], now - HOUR)
    run(world, today)
    past = make_visit(
        world, "visit-past", "le refroidissement", VENDORS[4][0], now - datetime.timedelta(days=21)
    )
    run(world, past)
    tell(world, past)
    world.made.append(format_lazy(_("{count} visits with their day"), count=2))


def make_visit(world: World, slug: str, topic: str, host: str, starts_at: datetime.datetime) -> Visit:
    """A visit of six hours whose list was locked and sent."""
    company = Company.objects.get(name=host)
    venue, _made = Venue.objects.get_or_create(
        name=f"Site {host}",
        defaults={"street": "4 allée des Serveurs", "postcode": "91120", "city": "Palaiseau"},
    )
    event = Event.objects.create(
        slug=slug,
        kind=Event.Kind.SITE_VISIT,
        visibility=Event.Visibility.MEMBERS,
        name=f"Visite chez {host}\u202f: {topic}",
        name_en=f"Visit to {host}",
        description=VISIT,
        description_en=VISIT_EN,
        starts_at=starts_at,
        ends_at=starts_at + 6 * HOUR,
        venue=venue,
        host=company,
        accent="#7a4b00",
        registration_closes_at=starts_at - datetime.timedelta(days=14),
        contact_email="visites@club.example",
    )
    give_roles(world, event)
    agreed = starts_at - datetime.timedelta(days=60)
    return Visit.objects.create(
        event=event,
        security_name="Poste de sécurité",
        security_email=f"securite@{slug}.example",
        identity_fields=["birth_date", "nationality", "document_kind", "document_number"],
        briefing="Chaussures fermées. Pas de photographie dans la salle.",
        briefing_en="Closed shoes. No photographs in the room.",
        agreed_at=agreed,
        closed_at=starts_at - datetime.timedelta(days=14),
        locked_at=starts_at - datetime.timedelta(days=8),
        sent_at=starts_at - datetime.timedelta(days=8),
        embargo_until=starts_at + datetime.timedelta(days=14),
    )


def make_rides(visit: Visit) -> list[Leg]:
    """A coach there and back."""
    event = visit.event
    there = Leg.objects.create(
        visit=visit,
        direction=Leg.Direction.OUT,
        meeting_point="Gare de Lyon, sortie 3, sous l’horloge",
        latitude="48.844304",
        longitude="2.373377",
        leaves_at=event.starts_at - 75 * MINUTE,
        arrives_at=event.starts_at - 15 * MINUTE,
        capacity=30,
    )
    back = Leg.objects.create(
        visit=visit,
        direction=Leg.Direction.BACK,
        meeting_point="Parking visiteurs, devant la grille",
        leaves_at=event.ends_at + 15 * MINUTE,
        arrives_at=event.ends_at + 75 * MINUTE,
        capacity=30,
    )
    return [there, back]


def run(world: World, visit: Visit) -> None:
    """People sign, take the coach and pass the gate; one is missing, one comes late on their own."""
    event, rng = visit.event, world.rng("visit day", visit.event.slug)
    make_members_ticket(event)
    make_registrations(world, event, VISITORS, only="member")
    text = NdaText.objects.create(visit=visit, number=1, text=AGREED, text_en=AGREED_EN)
    legs = make_rides(visit)
    people = list(event.registrations.confirmed().order_by("pk"))
    applications = Application.objects.bulk_create(
        Application(
            visit=visit,
            person=one.person,
            company=one.member_of,
            registration=one,
            applied_at=event.starts_at - datetime.timedelta(days=40),
            listed_at=visit.locked_at,
        )
        for one in people
    )
    NdaAcceptance.objects.bulk_create(
        NdaAcceptance(
            application=one,
            nda=text,
            hash=text.hash,
            name=str(one.person),
            accepted_at=event.registration_closes_at or event.starts_at,
        )
        for one in applications
    )
    seed_hosts(world, visit, applications, at=event.registration_closes_at or event.starts_at)
    seed_list(world, visit, applications)
    riders = applications[:10]
    LegSeat.objects.bulk_create(LegSeat(leg=leg, application=one) for leg in legs for one in riders)
    Leg.objects.filter(visit=visit).update(taken=F("taken") + len(riders))
    make_doors(visit=visit)
    scan_all(world, rng, visit, people)


def scan_all(world: World, rng: random.Random, visit: Visit, people: list[Registration]) -> None:
    """What the phones saw until now."""
    event = visit.event
    phones = {
        door.kind: make_device(world, event, door, 1)
        for door in event.checkpoints.exclude(leg__direction="back")
    }
    coach, gate, way_out = (
        phones[kind] for kind in (Checkpoint.Kind.COACH, Checkpoint.Kind.ENTRANCE, Checkpoint.Kind.EXIT)
    )
    scans: list[Scan] = []
    for number, one in enumerate(people[:-2]):
        if 0 < number < 10:
            at = event.starts_at - rng.uniform(76, 95) * MINUTE
            scans.append(make_scan(rng, one, coach, (at, Scan.Direction.IN)))
        if number:
            scans.append(
                make_scan(rng, one, gate, (event.starts_at - rng.uniform(1, 14) * MINUTE, Scan.Direction.IN))
            )
        if number > 1:
            scans.append(
                make_scan(
                    rng, one, way_out, (event.ends_at + rng.uniform(1, 12) * MINUTE, Scan.Direction.OUT)
                )
            )
    scans.append(make_scan(rng, people[-2], gate, (event.starts_at + 35 * MINUTE, Scan.Direction.IN)))
    Scan.objects.bulk_create(one for one in scans if one.effective_at <= world.now)
    rebuild_presence(event=event)


def tell(world: World, visit: Visit) -> None:
    """The debrief is open to members, and some have answered."""
    ends = visit.event.ends_at
    day = datetime.timedelta(days=1)
    debrief = Debrief.objects.create(
        visit=visit,
        text=TOLD,
        learned=LEARNED,
        audience=Debrief.Audience.MEMBERS,
        published_at=ends + 3 * day,
        vendor_approved_at=ends + 6 * day,
    )
    Visit.objects.filter(pk=visit.pk).update(debriefed_at=ends + 3 * day, purged_at=ends + 7 * day)
    visit.lists.update(sealed=None)
    Identity.objects.filter(application__visit=visit).delete()
    ask_usual(visit=visit)
    answering = list(visit.applications.order_by("pk")[2:8])
    DebriefNote.objects.create(
        debrief=debrief,
        application=answering[0],
        text="Le prestataire de maintenance change en mars.",
        written_at=ends + day,
    )
    rng = world.rng("feedback", visit.event.slug)
    for question in visit.feedback_questions.all():
        is_text = question.kind == question.Kind.TEXT
        FeedbackAnswer.objects.bulk_create(
            FeedbackAnswer(
                question=question,
                application=one,
                mark=None if is_text else rng.choice((3, 4, 4, 5, 5)),
                text=rng.choice(ANSWERS) if is_text else "",
                answered_at=ends + day,
            )
            for one in answering
        )
