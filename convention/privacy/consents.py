"""Give and withdraw consent to one version of a text; a new version asks everybody again."""

import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import InvalidFields, NotFound
from convention.personal_data import Agreement, DataSubject
from convention.text.normalize import normalize_whitespace

from .models import Consent, Purpose, PurposeText
from .registry import collect_declarations, list_agreements
from .subjects import get_subject

PHOTOS_PURPOSE = "photos"


def list_purpose_agreements(subject: DataSubject) -> list[Agreement]:
    """Return every purpose that has a text, with the last answer of this person."""
    if subject.person is None:
        return []
    consents = Consent.objects.filter(person=subject.person).select_related("text").order_by("given_at", "pk")
    # In the order in which they were given: the last answer for a purpose stays.
    latest = {consent.text.purpose_id: consent for consent in consents}
    purposes = Purpose.objects.prefetch_related("texts")
    return [
        _make_agreement(subject.person, purpose, latest.get(purpose.pk))
        for purpose in purposes
        if purpose.texts.all()
    ]


def _make_agreement(person: Person, purpose: Purpose, last_consent: Consent | None) -> Agreement:
    latest_text = purpose.texts.all()[0]
    # Somebody who agreed sees the words they agreed to, not those of a later version.
    shown_text = last_consent.text if last_consent and last_consent.withdrawn_at is None else latest_text
    return Agreement(
        key=f"purpose-{purpose.slug}",
        title=purpose.title,
        text=shown_text.localized_text,
        version=shown_text.version,
        given_at=last_consent.given_at if last_consent else None,
        withdrawn_at=last_consent.withdrawn_at if last_consent else None,
        is_outdated=shown_text != latest_text,
        give_consent=partial(give_consent, person=person, purpose=purpose),
        withdraw_consent=partial(withdraw_consent, person=person, purpose=purpose),
    )


@transaction.atomic
def give_consent(*, person: Person, purpose: Purpose) -> Consent:
    """Consent to the latest text, unless the person already has. Raise NotFound without a text."""
    # Two clicks at once must give one consent.
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    text = purpose.texts.first()
    if text is None:
        raise NotFound(_("There is no text to accept."))
    active_consents = Consent.objects.filter(person=person, text__purpose=purpose, withdrawn_at__isnull=True)
    existing: Consent | None = active_consents.filter(text=text).first()
    if existing:
        return existing
    # Of earlier versions: one consent for each purpose, so that withdrawing it leaves none.
    active_consents.update(withdrawn_at=timezone.now())
    consent: Consent = Consent.objects.create(person=person, text=text)
    record_action("consent.give", consent, fields=[purpose.slug, str(text.version)])
    if purpose.slug == PHOTOS_PURPOSE:
        # A copy on the person, which badges are printed from.
        Person.objects.filter(pk=person.pk).update(photo_consent=True)
    return consent


@transaction.atomic
def withdraw_consent(*, person: Person, purpose: Purpose) -> None:
    """Withdraw every active consent to this purpose, if there is one."""
    if purpose.slug == PHOTOS_PURPOSE:
        refuse_photos(person=person)
    else:
        _end_consents(person, purpose.slug)


@transaction.atomic
def refuse_photos(*, person: Person) -> None:
    """Withdraw the consent to photographs, if there is one, and print the refusal on the person's badges."""
    _end_consents(person, PHOTOS_PURPOSE)
    Person.objects.filter(pk=person.pk).update(photo_consent=False)
    # Badges are in a higher layer; a refusal must reach those that are printed already.
    for hook in collect_declarations("PHOTOS_REFUSED"):
        hook(get_subject(person))


def _end_consents(person: Person, slug: str) -> None:
    active_consents = Consent.objects.filter(
        person=person, text__purpose__slug=slug, withdrawn_at__isnull=True
    )
    # The row stays, with its dates: the club has to prove that consent was given (GDPR, article 7(1)).
    for consent in active_consents.select_for_update(of=("self",)):
        consent.withdrawn_at = timezone.now()
        consent.save(update_fields=["withdrawn_at"])
        record_action("consent.withdraw", consent, fields=[slug])


def merge_consents(rows: QuerySet[Any], survivor: Person) -> None:
    """Make the consents of two records, given to one person, agree: the last answer for a purpose counts."""
    consents = Consent.objects.select_related("text")
    answers = [*consents.filter(pk__in=rows), *consents.filter(person=survivor)]
    withdrawals: dict[int, datetime.datetime] = {}
    for answer in answers:
        if answer.withdrawn_at:
            last = withdrawals.get(answer.text.purpose_id, answer.withdrawn_at)
            withdrawals[answer.text.purpose_id] = max(last, answer.withdrawn_at)
    active_texts = set[int]()
    # The earliest first: it proves the consent from then on.
    for answer in sorted(answers, key=lambda row: (row.given_at, row.pk)):
        withdrawn_at = withdrawals.get(answer.text.purpose_id)
        if answer.withdrawn_at is None and withdrawn_at and withdrawn_at >= answer.given_at:
            Consent.objects.filter(pk=answer.pk).update(withdrawn_at=withdrawn_at)
        elif answer.withdrawn_at is None and answer.text_id in active_texts:
            answer.delete()
        elif answer.withdrawn_at is None:
            active_texts.add(answer.text_id)


def get_agreement(subject: DataSubject, key: str) -> Agreement:
    """Return one of this person's agreements. Raise NotFound."""
    for agreement in list_agreements(subject):
        if agreement.key == key:
            return agreement
    raise NotFound(_("We could not find this consent."))


@transaction.atomic
def add_purpose_text(*, purpose: Purpose, text: str, text_en: str = "") -> PurposeText:
    """Publish another version of the text. Raise InvalidFields if it is empty or unchanged."""
    # Two administrators at once must not both publish the same version number.
    Purpose.objects.select_for_update(no_key=True).get(pk=purpose.pk)
    last = purpose.texts.first()
    text, text_en = text.strip(), text_en.strip()
    if not normalize_whitespace(text):
        raise InvalidFields(_("Some fields need to be corrected."), {"text": [_("Enter the text.")]})
    if last and (last.text, last.text_en) == (text, text_en):
        sentence = _("This is already the current text.")
        raise InvalidFields(_("Some fields need to be corrected."), {"text": [sentence]})
    version = last.version + 1 if last else 1
    new_text: PurposeText = PurposeText.objects.create(
        purpose=purpose, version=version, text=text, text_en=text_en
    )
    record_action("consent_text.create", new_text, fields=["text", "text_en"])
    return new_text
