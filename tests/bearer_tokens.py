"""Bearer tokens of devices, and of programs with each scope, valid or not."""

from django.utils import timezone

from badges.attendance.devices.pairing import pair_device, revoke_device
from badges.attendance.models import Checkpoint
from convention.api.models import ApiToken
from convention.api.tokens import create_token
from convention.club.models import Person
from convention.events.models import EventRole
from registrations.models import Registration
from tests.factories import START_OF_2020, make_person
from tests.site_objects import Objects


def make_tokens(here: Objects, elsewhere: Objects) -> dict[str, str]:
    """Create a bearer token of each kind: devices, and programs of people."""
    door = here.event.checkpoints.get(kind=Checkpoint.Kind.ENTRANCE)
    revoked = pair_device(checkpoint=door)
    revoke_device(device=revoked.device)
    expired = pair_device(checkpoint=door)
    expired.device.expires_at = timezone.now()
    expired.device.save()
    bearers = {
        "nobody": "x" * 43,
        "device": pair_device(checkpoint=door).token,
        "revoked device": revoked.token,
        "expired device": expired.token,
    }
    attendee = make_person()
    Registration.objects.filter(pk=here.registration.pk).update(person=attendee)
    _row, bearers["attendee’s program"] = create_token(
        person_id=attendee.pk, name="mine", scopes=[ApiToken.Scope.REGISTRATIONS_WRITE]
    )
    reads, attendance = [ApiToken.Scope.REGISTRATIONS_READ], [ApiToken.Scope.ATTENDANCE_READ]
    schedule = [ApiToken.Scope.SCHEDULE_READ, ApiToken.Scope.SCHEDULE_WRITE]
    others = [scope for scope in ApiToken.Scope if scope not in reads + attendance + schedule]
    for name, event, scopes in (
        ("organizer’s program", here.event, reads),
        ("organizer’s program of the schedule", here.event, schedule),
        ("program of the schedule of an organizer elsewhere", elsewhere.event, schedule),
        ("organizer’s program of attendance", here.event, attendance),
        ("program of attendance of an organizer elsewhere", elsewhere.event, attendance),
        ("program of an organizer elsewhere", elsewhere.event, reads),
        ("program without the scope", here.event, others),
        ("revoked program", here.event, reads),
        ("expired program", here.event, reads),
        ("program of someone erased", here.event, reads),
    ):
        person = make_person()
        EventRole.objects.create(event=event, person=person, role="organizer", starts_on=START_OF_2020)
        row, bearers[name] = create_token(person_id=person.pk, name=name, scopes=scopes)
        if name.startswith("revoked"):
            ApiToken.objects.filter(pk=row.pk).update(revoked_at=timezone.now())
        if name.startswith("expired"):
            ApiToken.objects.filter(pk=row.pk).update(expires_at=timezone.now())
        if name.endswith("erased"):
            Person.objects.filter(pk=person.pk).update(is_active=False)
    return bearers
