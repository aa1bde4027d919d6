"""Histories of roles in the club and at events, of visits, mails and the back office."""

import json

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from badges.attendance.devices.pairing import get_or_create_entrance, pair_device
from badges.attendance.models import Checkpoint
from badges.attendance.scanning.manual_scan import check_in_registration
from badges.desk.badge_prints import print_badge
from badges.feedback.answers import give_feedback
from badges.feedback.models import SessionFeedback
from badges.mailings.models import Mailing, Recipient, Unsubscription
from convention.api.tokens import create_token
from convention.audit.record import record_action
from convention.club.directory_import.import_directory import import_directory
from convention.club.directory_import.undo import undo_directory_import
from convention.club.models import ClubRole, CompanyContact, Mandate, Membership, Person, WorkingGroup
from convention.events.models import Event, EventRole
from convention.jobs.models import Job
from convention.models import BouncedAddress
from convention.privacy.models import PrivacyCase
from convention.tables.files import ParsedTable
from registrations.billing.receivables import sync_receivable
from registrations.booking.walk_in import register_walk_in
from registrations.changes.cancel import cancel_registration
from registrations.changes.correct import Correction, correct_as_organizer
from registrations.invoices.ledger.payments import record_payment
from registrations.models import MailDelivery
from registrations.notes.staff_notes import write_staff_note
from registrations.visits.hosts.contacts import add_host_contact
from registrations.visits.identity.identities import save_identity
from registrations.visits.identity.purge import purge_visit
from registrations.visits.models import Debrief, DebriefNote, FeedbackAnswer, FeedbackQuestion, Visit
from registrations.visits.planning.host_proposals import create_host_proposal
from registrations.visits.planning.proposals import create_proposal
from schedule.models import ScheduleUpload, SpeakerLink, SpeakerMail, SpeakerMailing, SpeakerPhoto
from schedule.proposals.mail_texts import build_mail
from tests.convention.privacy.find_traces import ADDRESS, FIRST, LAST, NAME
from tests.convention.privacy.histories.person import (
    PERSON_FIELDS,
    Subject,
    get_time_ago,
    make_event_on_sale,
    make_order,
    make_person_account,
    make_place,
)
from tests.factories import (
    START_OF_2020,
    make_answer_file,
    make_company,
    make_event,
    make_person,
    make_registration,
    make_session,
    make_ticket,
    make_voucher,
)
from tests.registrations.visits.hosts import (
    make_hosted,
    make_identity_answers,
    make_sent_list,
    record_acceptance,
)
from tests.schedule.proposals.factories import make_call, make_proposal, make_review, make_slides


def visit_with_identity() -> Subject:
    """A member gives identity data for a visit, signs, comments; the lists are purged."""
    person = make_person_account()
    visit = make_hosted(fields=[*make_identity_answers(1)])
    application = visit.applications.create(
        person=person,
        company=person.employments.get().company,
        registration=make_registration(visit.event.tickets.get(), person=person, **PERSON_FIELDS),
    )
    record_acceptance(application)
    save_identity(
        application=application, answers={**make_identity_answers(1), "birth_place": f"Ville de {LAST}"}
    )
    make_sent_list(visit)
    question = FeedbackQuestion.objects.create(visit=visit, kind="text", text="?")
    FeedbackAnswer.objects.create(question=question, application=application, text=f"Bien, {NAME}")
    debrief = Debrief.objects.create(visit=visit)
    DebriefNote.objects.create(debrief=debrief, application=application, text=f"Écrivez-moi : {ADDRESS}")
    Event.objects.update(starts_at=get_time_ago(31), ends_at=get_time_ago(30))
    purge_visit(visit=Visit.objects.select_related("event").get(pk=visit.pk))
    return person


def mailings() -> Subject:
    """The person gets mailings, one comes back, and wants no more news."""
    registration = make_order(make_event_on_sale()).registrations.get()
    cancel_registration(registration=registration)
    now = timezone.now()
    mailing = Mailing.objects.create(event=registration.event, subject_fr="Bonjour", text_fr="Bonjour {name}")
    answer = f"550 5.1.1 <{ADDRESS}>: no such user"
    recipient = Recipient.objects.create(
        mailing=mailing, language="fr", due_at=now, refused_at=now, answer=answer
    )
    recipient.registrations.add(registration)
    MailDelivery.objects.create(
        order=registration.order, registration=registration, kind="confirmation", message_key="x",
        server_response=answer, refused_at=now,
    )  # fmt: skip
    BouncedAddress.objects.create(email=ADDRESS, answer=answer)
    Unsubscription.objects.create(email=ADDRESS)
    return None


def gave_feedback() -> Subject:
    """The person rates a session with a comment that names them; a reason to hide another one does, too."""
    person, event = make_person_account(), make_event()
    session = make_session(event, starts_at=get_time_ago(1))
    checkpoint = Checkpoint.objects.create(event=event, session=session, name="Salle", kind="session")
    registration = make_registration(make_ticket(event), person=person, **PERSON_FIELDS)
    check_in_registration(registration=registration, checkpoint=checkpoint, operator=None)
    give_feedback(registration=registration, session=session, stars=5, comment=f"Bravo ! {NAME}, {ADDRESS}")
    SessionFeedback.objects.create(session=session, stars=1, comment="?", hidden_reason=f"vise {NAME}")
    return person


def speaker() -> Subject:
    """The person speaks at an event, and a file with the programme waits for its import."""
    person = make_person_account()
    event = make_event()
    make_session(event, f"Conversation avec {NAME}", speakers=(NAME,), abstract=f"{NAME} raconte.")
    event.sessions.update(slug="avec-ewzanna-qvortrup-zwick", extra={"by": NAME}, links=[{"title": NAME}])
    event.speakers.update(biography=f"{FIRST} dirige.", url="https://firm.example/wzanna", email=ADDRESS)
    row = event.speakers.get()
    SpeakerLink.objects.create(speaker=row)
    SpeakerPhoto.objects.create(speaker=row, content=NAME.encode(), digest="0")
    mailing = SpeakerMailing.objects.create(
        event=event, sent_by=person, subject_fr=f"À {NAME}", text_fr=f"Bonjour {NAME}, {ADDRESS}"
    )
    SpeakerMail.objects.create(mailing=mailing, speaker=row)
    ScheduleUpload.objects.create(
        event=event, token="t" * 43, name="p.xml", content=f"<person>{NAME}".encode()
    )
    make_registration(make_ticket(event), person=person, **PERSON_FIELDS)
    return person


def proposes_sessions() -> Subject:
    """The person proposes sessions, alone and beside somebody, reviews and decides, and sends slides."""
    person = make_person_account()
    call = make_call(make_event(), text=f"Écrivez à {NAME}")
    own = make_proposal(
        call, f"Le nuage de {NAME}", abstract=f"{NAME} raconte.", speakers=[(NAME, ADDRESS, "Acme")]
    )
    build_mail(own.speakers.get(), own, "rejected").save()
    other = make_proposal(
        call,
        notes=f"Avec {NAME}",
        speakers=[("Bob", "bob@else.example", ""), (NAME, ADDRESS, "Acme")],
        rejected_at=timezone.now(),
        decided_by=person,
        sales_talk_reason=f"{NAME} l’a vu.",
    )
    make_review(other, person, 4, 4, comment=f"Vu avec {NAME}.")
    make_session(call.event, speakers=(NAME,))
    speaker = call.event.speakers.get()
    make_slides(call.event.sessions.get(), speaker, name=f"{LAST}.pdf", content=NAME.encode())
    make_registration(make_ticket(call.event), person=person, **PERSON_FIELDS)
    return person


def host_of_a_visit() -> Subject:
    """The person receives a visit for a vendor, acknowledges its list and proposes another visit."""
    visit = make_hosted(security_name=NAME, security_email=ADDRESS)
    contact = add_host_contact(visit=visit, name=NAME, email=ADDRESS)
    visit.lists.create(number=1, hash="a" * 64, count=1, sent_to=ADDRESS, acknowledged_by=NAME)
    Visit.objects.filter(pk=visit.pk).update(security_name=NAME, security_email=ADDRESS)
    create_host_proposal(
        contact=contact, host=visit.event.host, title="Un centre", motivation=f"Écrire à {ADDRESS}"
    )
    return None


def roles_in_the_club() -> Subject:
    """Mandates, roles, seats, representation, proposals, tokens, passkeys, sessions, and what they wrote."""
    person = make_person_account()
    job = person.employments.get()
    job.title = f"Cheffe {LAST}"
    job.save()
    Membership.objects.update(billing_contact=person, representative=person)
    CompanyContact.objects.create(company=job.company, person=person, starts_on=START_OF_2020)
    ClubRole.objects.create(person=person, role="treasurer", starts_on=START_OF_2020)
    group = WorkingGroup.objects.create(slug="cloud", name="Cloud", kind="thematic")
    Mandate.objects.create(group=group, person=person, role="lead", starts_on=START_OF_2020)
    create_proposal(person=person, title="Un centre", motivation=f"J’y étais. {NAME}")
    create_token(person_id=person.pk, name=f"Programme de {FIRST}", scopes=["events:read"])
    person.authenticator_set.create(type="recovery_codes", data={"name": NAME})
    Client().post("/login/", {"login": ADDRESS, "password": "x"})
    signed_in = Client()
    signed_in.force_login(person)
    signed_in.get("/me/")
    return person


def staff_of_an_event() -> Subject:
    """The person runs the desk: pairs a phone, scans by hand, writes a mailing, is an event's contact."""
    person = make_person_account()
    event = make_event_on_sale()
    EventRole.objects.create(event=event, person=person, role="organizer", starts_on=START_OF_2020)
    Event.objects.filter(pk=event.pk).update(contact_email=ADDRESS)
    other = make_registration(event.tickets.get())
    device = pair_device(
        checkpoint=get_or_create_entrance(event), name=f"Téléphone de {FIRST}", paired_by=person
    ).device
    check_in_registration(
        registration=other, checkpoint=device.checkpoint, operator=person, reason=f"vue par {NAME}"
    )
    Mailing.objects.create(
        event=event, subject_fr="Bonjour", text_fr=f"Répondez à {ADDRESS}", written_by=person
    )
    make_voucher(event, label=f"De la part de {NAME}", for_address=ADDRESS)
    return person


def at_the_desk() -> Subject:
    """A walk-in is registered, scanned with a reason, checked in a list, and sends a file in."""
    event = make_event_on_sale()
    one = register_walk_in(event=event, place=make_place(addons=(), answers={}), idempotency_key="k")
    check_in_registration(
        registration=one,
        checkpoint=get_or_create_entrance(event),
        operator=None,
        reason=f"{NAME} est au jury",
    )
    write_staff_note(registration=one, text=f"{NAME} attend un appel", written_by=None)
    print_badge(registration=one, printed_by=None)
    make_answer_file(one)
    job = Job.objects.create(
        event=event, kind="badges", title="Badges", language="fr", finished_at=timezone.now()
    )
    job.file.save("list.csv", ContentFile(f"{FIRST};{LAST};{ADDRESS}".encode()))
    record_payment(
        receivable=sync_receivable(one.order), amount=12_000, method="cash", note=f"{NAME}, espèces"
    )
    return None


def directory_import() -> Subject:
    """A list of the directory brings the person in; it is undone."""
    header = ["company", "first_name", "last_name", "email", "title"]
    company = make_company(name="Acme")
    table = ParsedTable(header, [[2, [company.name, FIRST, LAST, ADDRESS, f"Chef {LAST}"]]])
    done = import_directory(table=table, file_name=f"{ADDRESS} liste.csv")
    undo_directory_import(import_record=done.import_record)
    return Person.objects.filter(email=ADDRESS).first()


def edited_in_the_back_office() -> Subject:
    """Another administrator edits the person in the back office, whose log keeps how they were called."""
    person = make_person_account()
    LogEntry.objects.create(
        user=make_person(), content_type=ContentType.objects.get_for_model(Person), object_id=person.pk,
        object_repr=NAME, action_flag=CHANGE,
        change_message=json.dumps([{"changed": {"name": "seat", "object": f"{NAME}, Acme"}}]),
    )  # fmt: skip
    return person


def failed_tasks() -> Subject:
    """Tasks about the person failed with their address in the traceback, or wait with it as an argument."""
    now = timezone.now()
    common = {"priority": 0, "task_path": "a.b", "queue_name": "default", "backend_name": "default"}
    DBTaskResult.objects.create(
        status="FAILED", args_kwargs={"args": [1], "kwargs": {}}, finished_at=now, run_after=now,
        traceback=f"SMTPRecipientsRefused: {{'{ADDRESS}': (550, b'no')}} ({NAME})", **common,
    )  # fmt: skip
    DBTaskResult.objects.create(
        status="SUCCESSFUL", args_kwargs={"args": [ADDRESS], "kwargs": {}}, finished_at=now, run_after=now,
        return_value={"to": ADDRESS}, **common,
    )  # fmt: skip
    return make_person_account()


def earlier_requests() -> Subject:
    """The club refused a privacy request with a reason that names the person."""
    person, now = make_person_account(), timezone.now()
    values = {"answered_at": now, "answer": "refused", "reason": f"{NAME} doit encore 10 €"}
    PrivacyCase.objects.create(kind="erasure", person=person, email=ADDRESS, **values)
    PrivacyCase.objects.create(kind="access", email=ADDRESS.upper(), **values)
    return person


def corrected_by_the_organizer() -> Subject:
    """The organizer corrects the name with a reason that names the person; it goes to the audit trail."""
    one = make_order(make_event_on_sale()).registrations.get()
    right = Correction(first_name=FIRST, last_name=f"{LAST}-Roi", email=ADDRESS, company="", no_photo=True)
    correct_as_organizer(registration=one, correction=right, reason=f"{LAST} a épousé Roi")
    record_action("registration.note", one, event=one.event, reason=f"{FIRST} viendra le soir")
    record_action("event.note", one.event, event=one.event, reason=f"voir {ADDRESS}")
    cancel_registration(registration=one)
    return None
