"""The demo's purposes with their texts, and two requests at the privacy desk."""

import datetime

from convention.club.models import Person
from convention.seeding import World

from .models import Case, Consent, Purpose, PurposeText

PURPOSES = [
    (
        *("photos", "Photographies", "Photographs"),
        "Le club peut me photographier pendant ses événements et publier ces photographies.",
        "The club may photograph me at its events and publish the photographs.",
    ),
    (
        *("directory", "Annuaire des adhérents", "Members’ directory"),
        "Mon nom, mon entreprise et ma fonction figurent dans l’annuaire, visible des seuls adhérents.",
        "My name, company and function stand in the directory, which members alone see.",
    ),
]


def seed(world: World) -> None:
    """Texts that some have agreed to, and what awaits an answer."""
    if Purpose.objects.exists():
        return
    people = list(Person.objects.filter(is_active=True, seats__isnull=False).order_by("pk").distinct()[:40])
    for position, (slug, name, name_en, text, text_en) in enumerate(PURPOSES):
        purpose = Purpose.objects.create(slug=slug, name=name, name_en=name_en, position=position)
        asked = PurposeText.objects.create(purpose=purpose, number=1, text=text, text_en=text_en)
        agreed = [person for person in people if world.rng("consent", slug, person.pk).random() < 0.6]
        Consent.objects.bulk_create(Consent(person=person, text=asked) for person in agreed)
    for days, person in zip((3, 26), people[-2:], strict=False):
        asked_at = world.now - datetime.timedelta(days=days)
        Case.objects.create(
            kind=Case.Kind.ERASURE, person=person, email=person.email or "", asked_at=asked_at
        )
