"""What visits hold of people, for the privacy desk. Hashes, counts and the log of lists stay whole."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record
from convention.personal import Holding, Rule, Subject, Words
from convention.sealed import NoKey, Unsealable, unseal

from .give_identity import sealed_for
from .models import (
    Application,
    DayMail,
    Debrief,
    DebriefNote,
    FeedbackAnswer,
    HostContact,
    HostLink,
    Identity,
    Interest,
    LegSeat,
    NdaAcceptance,
    NdaText,
    Proposal,
    Visit,
    VisitorList,
)

COUNTED = _("how many took part stays countable; no name is left")


def _forget_contacts(rows: "QuerySet[Any]", _subject: Subject | None = None) -> None:
    """Their access ends, and their name goes, from the lists that they acknowledged too."""
    for visit, name in rows.exclude(name="").values_list("visit", "name"):
        VisitorList.objects.filter(visit=visit, acknowledged_by=name).update(acknowledged_by="")
    rows.filter(ended_at__isnull=True).update(ended_at=timezone.now())
    rows.update(name="", email="")


def _identity(identity: Identity) -> dict[str, Any]:
    """What was told, opened for whom it is about; like every reading it stands in the trail."""
    application = identity.application
    record("identity.export", application, event=application.visit.event, fields=identity.fields)
    try:
        return {"told": unseal(identity.sealed, of=sealed_for(application))}
    except (NoKey, Unsealable) as error:
        return {"told": str(error)}


def lists_not_purged(subject: Subject) -> Iterator[Words]:
    """A visitor list that the host still has is purged seven days after its visit; until then it stands."""
    if not subject.person_id:
        return
    of_theirs = Application.objects.filter(person=subject.person_id).values("visit")
    rows = Visit.objects.filter(Q(lists__sealed__isnull=False), pk__in=of_theirs).distinct()
    for visit in rows.select_related("event"):
        said = {"visit": visit.event.title}
        yield (
            _("The visitor list of “%(visit)s” is not purged yet: it is, seven days after the visit.") % said
        )


def old_contacts(before: datetime.datetime) -> int:
    """Hosts’ contacts of visits that ended before then; how many."""
    old = Visit.objects.filter(event__ends_at__lt=before)
    contacts = HostContact.objects.filter(visit__in=old).exclude(name="", email="")
    count = contacts.count()
    _forget_contacts(contacts)
    old.update(security_name="", security_email="")
    VisitorList.objects.filter(visit__in=old).update(sent_to="", acknowledged_by="")
    return count


HOLDINGS = [
    Holding(
        model=Application,
        why=_("that you want to come on a visit, and what became of it"),
        people=("person",),
        because=COUNTED,
    ),
    Holding(
        model=NdaAcceptance,
        why=_("which confidentiality text you agreed to"),
        through=("application",),
        names=("name",),
        empties=("name",),
        because=_("that the text was agreed to, with its hash; no name is left"),
    ),
    Holding(
        model=Identity,
        why=_("what a host needs to know about you"),
        through=("application",),
        hides=("sealed",),
        reads=_identity,
        gone=True,
    ),
    Holding(model=LegSeat, why=_("rides that you take"), through=("application",), because=COUNTED),
    Holding(
        model=DayMail,
        why=_("which e-mails about the day of a visit you got"),
        through=("application",),
        because=COUNTED,
    ),
    Holding(
        model=DebriefNote,
        why=_("notes that you wrote after a visit"),
        through=("application",),
        because=_("what the group learned stays; no name is left"),
    ),
    Holding(
        model=FeedbackAnswer,
        why=_("what you answered after a visit"),
        through=("application",),
        because=COUNTED,
    ),
    Holding(model=Interest, why=_("visits that you would like to see"), people=("person",), because=COUNTED),
    Holding(
        model=Proposal,
        why=_("visits that you proposed"),
        did=("proposed_by",),
        through=("proposed_by_host",),
        tells=("id", "title", "host_name", "why", "proposed_at"),
        because=_("the proposal is the club’s; no name is left"),
        leads=False,
    ),
    Holding(
        model=NdaText,
        why=_("confidentiality texts that you wrote"),
        did=("written_by",),
        tells=("id", "visit", "number", "written_at"),
        because=_("others agreed to the text; no name is left"),
        leads=False,
    ),
    Holding(
        model=VisitorList,
        why=_("visitor lists that you made or received"),
        did=("made_by",),
        addresses=("sent_to",),
        tells=("id", "visit", "number", "made_at", "sent_to", "sent_at", "acknowledged_by"),
        empties=("sent_to", "acknowledged_by"),
        because=_("hash, counts and moments of a list stay; no name is left"),
        leads=False,
    ),
    Holding(
        model=HostContact,
        why=_("that you receive visitors for a host"),
        addresses=("email",),
        names=("name",),
        forget=_forget_contacts,
    ),
    Holding(
        model=HostLink,
        why=_("links by which a host’s contact signs in"),
        through=("contact",),
        hides=("hash",),
        gone=True,
    ),
    Holding(
        model=Visit,
        why=_("that you are a host’s security contact"),
        addresses=("security_email",),
        tells=("id", "event", "security_name", "security_email"),
        empties=("security_name", "security_email"),
        leads=False,
    ),
]
OBSTACLES = [lists_not_purged]
RETENTION = [
    Rule(
        slug="host-contacts",
        name=_("Contacts of hosts"),
        since=_("after the visit"),
        days=365,
        least=30,
        sweep=old_contacts,
    ),
]
FREE_TEXT = {
    Application: ("ended_because",),
    Debrief: ("text", "learned"),
    DebriefNote: ("text",),
    FeedbackAnswer: ("text",),
    Proposal: ("title", "why", "set_aside_because"),
    Visit: ("cancel_reason",),
}
