"""Demo data: purposes with texts and consents, and two privacy requests."""

import datetime

from convention.club.models import Person
from convention.seeding import DemoWorld

from .models import Consent, PrivacyCase, Purpose, PurposeText

SEED_PURPOSES = [
    (
        *("photos", "Photographies", "Photographs"),
        "Le club peut me photographier pendant ses événements et publier ces photographies.",
        "The club may photograph me at its events and publish the photographs.",
    ),
    (
        *("directory", "Annuaire des adhérents", "Members’ directory"),
        "Mon nom, mon entreprise et ma fonction figurent dans l’annuaire, visible des seuls adhérents.",
        "My name, company and job title appear in the directory, which only members can see.",
    ),
]


def seed(world: DemoWorld) -> None:
    if Purpose.objects.exists():
        return
    people = list(Person.objects.filter(is_active=True, seats__isnull=False).order_by("pk").distinct()[:40])
    for position, (slug, name, name_en, text, text_en) in enumerate(SEED_PURPOSES):
        purpose = Purpose.objects.create(slug=slug, name=name, name_en=name_en, position=position)
        text_row = PurposeText.objects.create(purpose=purpose, version=1, text=text, text_en=text_en)
        people_who_agreed = [
            person for person in people if world.make_rng("consent", slug, person.pk).random() < 0.6
        ]
        Consent.objects.bulk_create(Consent(person=person, text=text_row) for person in people_who_agreed)
    for days, person in zip((3, 26), people[-2:], strict=False):
        requested_at = world.now - datetime.timedelta(days=days)
        PrivacyCase.objects.create(
            kind=PrivacyCase.Kind.ERASURE, person=person, email=person.email or "", requested_at=requested_at
        )
