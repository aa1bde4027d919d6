"""Demo data for the day of a visit: one that runs now with people on site, and one that is over."""

import datetime
import random

from django.db.models import F
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from badges.attendance.models import Checkpoint, Scan
from badges.attendance.scanning.presence_store import rebuild_presence
from badges.attendance.seed import create_seed_device, make_scan
from convention.club.models import Company
from convention.club.seed_data import VENDOR_COMPANIES
from convention.events.models import Event, Venue
from convention.events.seed import VISIT_TEXT, VISIT_TEXT_EN, create_desk_role
from convention.seeding import DemoWorld
from registrations.models import Registration
from registrations.seed import seed_members_ticket, seed_registrations
from registrations.visits.dates import compute_lock_time
from registrations.visits.debrief.feedback import add_default_questions
from registrations.visits.models import (
    Application,
    Debrief,
    DebriefNote,
    FeedbackAnswer,
    Identity,
    NdaAcceptance,
    NdaText,
    Ride,
    RideSeat,
    Visit,
)
from registrations.visits.seed_hosts import seed_hosts, seed_list

from .checkpoints import create_visit_checkpoints

VISITOR_COUNT = 14
LOCK_WORKING_DAYS = 5
ONE_HOUR, ONE_MINUTE = datetime.timedelta(hours=1), datetime.timedelta(minutes=1)
NDA_TEXT = (
    "Ce que l’hôte montre avant sa sortie reste entre les personnes présentes jusqu’à la fin de l’embargo."
)
NDA_TEXT_EN = (
    "Anything the host shows before its release must stay between those present until the embargo ends."
)
DEBRIEF_TEXT = (
    "La salle passe au refroidissement liquide direct. L’hôte montre ses mesures sur douze mois\u202f: "
    "la consommation baisse, la maintenance demande un geste de plus.\n\n"
    "La reprise après incident se fait site par site\u202f; le bouton unique n’existe pas, "
    "et l’équipe l’a dit."
)
LESSONS_TEXT = (
    "Le refroidissement liquide demande de former les équipes avant l’achat. "
    "Un plan de reprise se lit site par site."
)
FEEDBACK_TEXTS = (
    "Du temps avec les équipes d’exploitation.",
    "Une heure de questions de plus.",
    "Un café à l’arrivée\u202f!",
)


def seed(world: DemoWorld) -> None:
    """Create rides for upcoming visits, the visit of today and the past one; only for the size `club`."""
    if world.size != "club":
        return
    for visit in Visit.objects.filter(rides__isnull=True).select_related("event"):
        create_rides(visit)
    # Hours on the hour, so that the demo's visit of today looks planned.
    now = world.now.replace(minute=0, second=0, microsecond=0)
    today = create_visit(
        world, "visit-today", ("la salle réseau", "the network room"), VENDOR_COMPANIES[3][0], now - ONE_HOUR
    )
    seed_visit_day(world, today)
    past = create_visit(
        world,
        "visit-past",
        ("le refroidissement", "cooling"),
        VENDOR_COMPANIES[4][0],
        now - datetime.timedelta(days=21),
    )
    seed_visit_day(world, past)
    seed_debrief(world, past)
    world.created.append(format_lazy(_("{count} visits with attendance on the day"), count=2))


def create_visit(
    world: DemoWorld, slug: str, topics: tuple[str, str], host: str, starts_at: datetime.datetime
) -> Visit:
    """Create a visit of six hours whose list was locked and sent."""
    company = Company.objects.get(name=host)
    venue, _made = Venue.objects.get_or_create(
        name=f"Site {host}",
        defaults={"street": "4 allée des Serveurs", "postcode": "91120", "city": "Palaiseau"},
    )
    event = Event.objects.create(
        slug=slug,
        kind=Event.Kind.SITE_VISIT,
        visibility=Event.Visibility.MEMBERS,
        name=f"Visite chez {host}\u202f: {topics[0]}",
        name_en=f"Visit to {host}: {topics[1]}",
        description=VISIT_TEXT,
        description_en=VISIT_TEXT_EN,
        starts_at=starts_at,
        ends_at=starts_at + 6 * ONE_HOUR,
        venue=venue,
        host=company,
        accent="#7a4b00",
        registration_closes_at=starts_at - datetime.timedelta(days=14),
        contact_email="visites@club.example",
    )
    create_desk_role(world, event)
    agreed = starts_at - datetime.timedelta(days=60)
    locked_at = compute_lock_time(starts_at, event.zone, LOCK_WORKING_DAYS)
    return Visit.objects.create(
        event=event,
        lock_working_days=LOCK_WORKING_DAYS,
        security_name="Poste de sécurité",
        security_email=f"securite@{slug}.example",
        identity_fields=["birth_date", "nationality", "document_kind", "document_number"],
        briefing="Chaussures fermées. Pas de photographie dans la salle.",
        briefing_en="Wear closed shoes. No photographs in the room.",
        agreed_at=agreed,
        closed_at=starts_at - datetime.timedelta(days=14),
        locked_at=locked_at,
        sent_at=locked_at + ONE_HOUR,
        embargo_until=starts_at + datetime.timedelta(days=14),
    )


def create_rides(visit: Visit) -> list[Ride]:
    """Create a coach there and a coach back."""
    event = visit.event
    outward = Ride.objects.create(
        visit=visit,
        direction=Ride.Direction.OUT,
        meeting_point="Gare de Lyon, sortie 3, sous l’horloge",
        latitude="48.844304",
        longitude="2.373377",
        leaves_at=event.starts_at - 75 * ONE_MINUTE,
        arrives_at=event.starts_at - 15 * ONE_MINUTE,
        capacity=30,
    )
    homeward = Ride.objects.create(
        visit=visit,
        direction=Ride.Direction.BACK,
        meeting_point="Parking visiteurs, devant la grille",
        leaves_at=event.ends_at + 15 * ONE_MINUTE,
        arrives_at=event.ends_at + 75 * ONE_MINUTE,
        capacity=30,
    )
    return [outward, homeward]


def seed_visit_day(world: DemoWorld, visit: Visit) -> None:
    """Create visitors, rides, checkpoints and scans; one visitor is missing, one comes late on their own."""
    event, rng = visit.event, world.make_rng("visit day", visit.event.slug)
    seed_members_ticket(event)
    seed_registrations(world, event, VISITOR_COUNT, only="member")
    text = NdaText.objects.create(visit=visit, number=1, text=NDA_TEXT, text_en=NDA_TEXT_EN)
    rides = create_rides(visit)
    people = list(event.registrations.confirmed().order_by("pk"))
    applications = Application.objects.bulk_create(
        Application(
            visit=visit,
            person=visitor.person,
            company=visitor.member_of,
            registration=visitor,
            applied_at=event.starts_at - datetime.timedelta(days=40),
            listed_at=visit.locked_at,
        )
        for visitor in people
    )
    NdaAcceptance.objects.bulk_create(
        NdaAcceptance(
            application=application,
            nda=text,
            hash=text.hash,
            name=str(application.person),
            accepted_at=event.registration_closes_at or event.starts_at,
        )
        for application in applications
    )
    seed_hosts(world, visit, applications, at=event.registration_closes_at or event.starts_at)
    seed_list(world, visit, applications)
    passengers = applications[:10]
    RideSeat.objects.bulk_create(
        RideSeat(ride=ride, application=passenger) for ride in rides for passenger in passengers
    )
    # bulk_create bypasses the reservation of stock.
    Ride.objects.filter(visit=visit).update(reserved=F("reserved") + len(passengers))
    create_visit_checkpoints(visit=visit)
    seed_scans(world, rng, visit, people)


def seed_scans(world: DemoWorld, rng: random.Random, visit: Visit, people: list[Registration]) -> None:
    """Create the scans made until now."""
    event = visit.event
    devices = {
        checkpoint.kind: create_seed_device(world, event, checkpoint, 1)
        # One device for each kind: the coach home would otherwise replace the one to the site.
        for checkpoint in event.checkpoints.exclude(ride__direction="back")
    }
    coach, gate, way_out = (
        devices[kind] for kind in (Checkpoint.Kind.COACH, Checkpoint.Kind.ENTRANCE, Checkpoint.Kind.EXIT)
    )
    scans: list[Scan] = []
    # The demo shows each state of the roster: number 0 never comes, number 1 is not scanned out.
    for number, visitor in enumerate(people[:-2]):
        if 0 < number < 10:
            at = event.starts_at - rng.uniform(76, 95) * ONE_MINUTE
            scans.append(make_scan(rng, visitor, coach, (at, Scan.Direction.IN)))
        if number:
            scans.append(
                make_scan(
                    rng, visitor, gate, (event.starts_at - rng.uniform(1, 14) * ONE_MINUTE, Scan.Direction.IN)
                )
            )
        if number > 1:
            scans.append(
                make_scan(
                    rng,
                    visitor,
                    way_out,
                    (event.ends_at + rng.uniform(1, 12) * ONE_MINUTE, Scan.Direction.OUT),
                )
            )
    scans.append(make_scan(rng, people[-2], gate, (event.starts_at + 35 * ONE_MINUTE, Scan.Direction.IN)))
    Scan.objects.bulk_create(scan for scan in scans if scan.effective_at <= world.now)
    rebuild_presence(event=event)


def seed_debrief(world: DemoWorld, visit: Visit) -> None:
    """Create a published debrief and some feedback."""
    ends = visit.event.ends_at
    day = datetime.timedelta(days=1)
    debrief = Debrief.objects.create(
        visit=visit,
        text=DEBRIEF_TEXT,
        lessons_learned=LESSONS_TEXT,
        audience=Debrief.Audience.MEMBERS,
        published_at=ends + 3 * day,
        host_approved_at=ends + 6 * day,
    )
    Visit.objects.filter(pk=visit.pk).update(debriefed_at=ends + 3 * day, purged_at=ends + 7 * day)
    visit.lists.update(encrypted_data=None)
    Identity.objects.filter(application__visit=visit).delete()
    add_default_questions(visit=visit)
    respondents = list(visit.applications.order_by("pk")[2:8])
    DebriefNote.objects.create(
        debrief=debrief,
        application=respondents[0],
        text="Le prestataire de maintenance change en mars.",
        written_at=ends + day,
    )
    rng = world.make_rng("feedback", visit.event.slug)
    for question in visit.feedback_questions.all():
        is_text = question.kind == question.Kind.TEXT
        FeedbackAnswer.objects.bulk_create(
            FeedbackAnswer(
                question=question,
                application=application,
                rating=None if is_text else rng.choice((3, 4, 4, 5, 5)),
                text=rng.choice(FEEDBACK_TEXTS) if is_text else "",
                answered_at=ends + day,
            )
            for application in respondents
        )
