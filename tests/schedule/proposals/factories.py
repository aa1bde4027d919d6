"""Calls for proposals, proposals, reviewers and slides."""

import datetime
import hashlib
import io
import zipfile
from typing import Any

from django.utils import timezone
from pypdf import PdfWriter

from convention.events.models import Event
from schedule.models import (
    CallForProposals,
    Criterion,
    ProposalSpeaker,
    Review,
    Score,
    Session,
    SessionFile,
    SessionFormat,
    SessionProposal,
    Speaker,
)
from tests.factories import make_event

DAY = datetime.timedelta(days=1)


def make_call(event: Event | None = None, **fields: Any) -> CallForProposals:
    """Create an open call with one format and two criteria, of which the first counts three times."""
    now = timezone.now()
    values = {
        "title": "Proposez !",
        "title_en": "Propose!",
        "opens_at": now - DAY,
        "closes_at": now + 9 * DAY,
    }
    call = CallForProposals.objects.create(event=event or make_event(), **{**values, **fields})
    SessionFormat.objects.create(call=call, name="Conférence", name_en="Talk", minutes=45)
    Criterion.objects.create(call=call, name="Contenu", name_en="Content", weight=3)
    Criterion.objects.create(call=call, name="Clarté", name_en="Clarity", weight=1)
    return call


def make_proposal(call: CallForProposals, title: str = "Our cloud", **fields: Any) -> SessionProposal:
    """Create a proposal of Ana of Acme; `speakers` are (name, address, company)."""
    speakers = fields.pop("speakers", [("Ana", "ana@acme.example", "Acme")])
    values = {"abstract": "**Lessons** learnt.", "format": call.formats.first(), "language": "en"}
    proposal: SessionProposal = SessionProposal.objects.create(
        call=call, title=title, contact_language="en", **{**values, **fields}
    )
    for position, (name, email, company) in enumerate(speakers):
        ProposalSpeaker.objects.create(
            proposal=proposal, position=position, name=name, email=email, company=company
        )
    return proposal


def make_review(proposal: SessionProposal, reviewer: Any, *values: int, **fields: Any) -> Review:
    """Create a review with a score for each criterion, in their order."""
    scored_at = timezone.now() if values else None
    review = Review.objects.create(proposal=proposal, reviewer=reviewer, **{"scored_at": scored_at, **fields})
    for criterion, value in zip(proposal.call.criteria.all(), values, strict=False):
        Score.objects.create(review=review, criterion=criterion, value=value)
    return review


def make_posted_proposal(
    call: CallForProposals, *extra_speakers: dict[str, Any], **fields: Any
) -> dict[str, Any]:
    """Return what the form of a call posts: by default a talk of Ana of Acme, alone."""
    people = [{"name": "Ana", "email": "ana@acme.example", "company": "Acme"}, *extra_speakers]
    data = {
        "form_key": "11111111-1111-4111-8111-111111111111",
        "title": "Our cloud",
        "abstract": "**Lessons** learnt.",
        "format": str(call.formats.get().pk),
        "language": "en",
        "contact_language": "en",
        "speakers-TOTAL_FORMS": str(len(people)),
        "speakers-INITIAL_FORMS": "0",
    }
    for index, person in enumerate(people):
        data |= {f"speakers-{index}-{name}": value for name, value in person.items()}
    return {**data, **fields}


def make_pdf(pages: int = 1, password: str = "") -> bytes:
    """Return a PDF of blank pages."""
    writer, file = PdfWriter(), io.BytesIO()
    for _page in range(pages):
        writer.add_blank_page(200, 100)
    if password:
        writer.encrypt(password)
    writer.write(file)
    return file.getvalue()


def make_archive(**entries: bytes) -> bytes:
    """Return a zip with these entries; `__` in a name stands for a slash."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/"), content)
    return file.getvalue()


def make_slides(session: Session, speaker: Speaker, **fields: Any) -> SessionFile:
    """Create a PDF of this speaker for a session, with the consent to publish it."""
    content = make_pdf()
    values = {
        "name": "slides.pdf",
        "content_type": "application/pdf",
        "content": content,
        "byte_count": len(content),
        "digest": hashlib.sha256(content).hexdigest(),
        "consented_at": timezone.now(),
        "consent_version": 1,
    }
    return SessionFile.objects.create(session=session, speaker=speaker, **{**values, **fields})
