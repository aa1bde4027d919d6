"""Consent: given to one version of a text, and withdrawn as easily; a new text asks anew."""

from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Person
from convention.errors import InvalidFields, NotFound
from convention.personal import Agreement, Subject
from convention.text import tidy

from .models import Consent, Purpose, PurposeText
from .subjects import subject_of
from .walk import agreements, said

PHOTOS = "photos"


def own_agreements(subject: Subject) -> list[Agreement]:
    """What the club asks of everybody, with what this person said last."""
    if subject.person is None:
        return []
    given = Consent.objects.filter(person=subject.person).select_related("text").order_by("given_at", "pk")
    latest = {consent.text.purpose_id: consent for consent in given}
    rows = Purpose.objects.prefetch_related("texts")
    return [
        _agreement(subject.person, purpose, latest.get(purpose.pk)) for purpose in rows if purpose.texts.all()
    ]


def _agreement(person: Person, purpose: Purpose, said_last: Consent | None) -> Agreement:
    asked = purpose.texts.all()[0]
    told = said_last.text if said_last and said_last.withdrawn_at is None else asked
    return Agreement(
        key=f"purpose-{purpose.slug}",
        title=purpose.title,
        text=told.words,
        version=told.number,
        given_at=said_last.given_at if said_last else None,
        withdrawn_at=said_last.withdrawn_at if said_last else None,
        is_outdated=told != asked,
        give=partial(give, person=person, purpose=purpose),
        withdraw=partial(withdraw, person=person, purpose=purpose),
    )


@transaction.atomic
def give(*, person: Person, purpose: Purpose) -> Consent:
    """Agree to the latest text; twice changes nothing, and an older text is agreed to no more."""
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    text = purpose.texts.first()
    if text is None:
        raise NotFound(_("There is no text to agree to."))
    standing = Consent.objects.filter(person=person, text__purpose=purpose, withdrawn_at__isnull=True)
    known: Consent | None = standing.filter(text=text).first()
    if known:
        return known
    standing.update(withdrawn_at=timezone.now())
    consent: Consent = Consent.objects.create(person=person, text=text)
    record("consent.give", consent, fields=[purpose.slug, str(text.number)])
    if purpose.slug == PHOTOS:
        Person.objects.filter(pk=person.pk).update(photo_consent=True)
    return consent


@transaction.atomic
def withdraw(*, person: Person, purpose: Purpose) -> None:
    """Agree no more, from now on; twice changes nothing."""
    standing = Consent.objects.filter(person=person, text__purpose=purpose, withdrawn_at__isnull=True)
    for consent in standing.select_for_update(of=("self",)):
        consent.withdrawn_at = timezone.now()
        consent.save(update_fields=["withdrawn_at"])
        record("consent.withdraw", consent, fields=[purpose.slug])
    if purpose.slug == PHOTOS:
        Person.objects.filter(pk=person.pk).update(photo_consent=False)
        for act in said("PHOTOS_REFUSED"):
            act(subject_of(person))


def agreement_with(subject: Subject, key: str) -> Agreement:
    """One of this person's agreements. Raises NotFound."""
    for one in agreements(subject):
        if one.key == key:
            return one
    raise NotFound(_("There is no such agreement."))


@transaction.atomic
def write_text(*, purpose: Purpose, text: str, text_en: str = "") -> PurposeText:
    """Another version, which is asked anew of everybody. Raises InvalidFields where nothing changed."""
    Purpose.objects.select_for_update(no_key=True).get(pk=purpose.pk)
    last = purpose.texts.first()
    text, text_en = text.strip(), text_en.strip()
    if not tidy(text):
        raise InvalidFields(_("Some fields need another look."), {"text": [_("Write the text.")]})
    if last and (last.text, last.text_en) == (text, text_en):
        sentence = _("This is the text that is asked already.")
        raise InvalidFields(_("Some fields need another look."), {"text": [sentence]})
    number = last.number + 1 if last else 1
    made: PurposeText = PurposeText.objects.create(purpose=purpose, number=number, text=text, text_en=text_en)
    record("consent.write", made, fields=["text", "text_en"])
    return made
