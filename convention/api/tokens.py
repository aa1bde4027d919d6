"""Make and revoke API tokens; the token itself is shown once and never stored."""

import datetime
import hashlib
import secrets
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record
from convention.errors import InvalidFields, NotFound

from .models import ApiToken

PREFIX = "cvn_"


def hash_token(token: str) -> str:
    """What is kept of a token: it is long and random, so a plain SHA-256 does."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def create_token(
    *, person_id: int, name: str, scopes: Sequence[str], lifetime: datetime.timedelta | None = None
) -> tuple[ApiToken, str]:
    """Make a token for a person; returns the row and the token to show. Raises InvalidFields."""
    unknown = sorted(set(scopes) - set(ApiToken.Scope.values))
    if unknown or not scopes:
        raise InvalidFields(_("Choose what the token may do."), {"scopes": unknown or ["-"]})
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        person_id=person_id,
        name=name,
        scopes=sorted(set(scopes)),
        token_hash=hash_token(token),
        expires_at=timezone.now() + lifetime if lifetime else None,
    )
    record("api_token.create", row, fields=["name", "scopes"])
    return row, token


@transaction.atomic
def revoke_all_tokens(*, person_id: int) -> int:
    """End all tokens of a person that still open something; return how many there were."""
    now = timezone.now()
    ending = list(
        ApiToken.objects.filter(
            Q(expires_at=None) | Q(expires_at__gt=now), person_id=person_id, revoked_at=None
        )
    )
    ApiToken.objects.filter(pk__in=[row.pk for row in ending]).update(revoked_at=now)
    for row in ending:
        record("api_token.revoke", row)
    return len(ending)


@transaction.atomic
def revoke_token(*, person_id: int, token_id: int) -> None:
    """End a token of that person at once. Raises NotFound for anybody else's."""
    mine = ApiToken.objects.filter(pk=token_id, person_id=person_id)
    if not mine.exists():
        raise NotFound(_("You have no such token."))
    if mine.filter(revoked_at__isnull=True).update(revoked_at=timezone.now()):
        record("api_token.revoke", mine.get())
