"""Create, revoke and delete API tokens."""

import datetime
import hashlib
import secrets
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record_action
from convention.errors import InvalidFields, NotFound

from .models import ApiToken

# Ended tokens stay in their owner's list this long, to show why one stopped working.
ENDED_TOKEN_RETENTION = datetime.timedelta(days=90)


def delete_ended_tokens() -> None:
    """Delete tokens that expired or were revoked three months ago (periodic job)."""
    before = timezone.now() - ENDED_TOKEN_RETENTION
    ApiToken.objects.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before)).delete()


# Makes a token recognizable: `convention/logs.py` masks what begins like this.
TOKEN_PREFIX = "cvn_"  # noqa: S105 (no secret)


def hash_token(token: str) -> str:
    """Return the stored form of a token. It is long and random, so a plain SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def create_token(
    *, person_id: int, name: str, scopes: Sequence[str], lifetime: datetime.timedelta | None = None
) -> tuple[ApiToken, str]:
    """Create a token; return the row and the token to show once. Raise InvalidFields."""
    unknown = sorted(set(scopes) - set(ApiToken.Scope.values))
    if unknown or not scopes:
        raise InvalidFields(_("Choose what the token can do."), {"scopes": unknown or ["-"]})
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        person_id=person_id,
        name=name,
        scopes=sorted(set(scopes)),
        token_hash=hash_token(token),
        expires_at=timezone.now() + lifetime if lifetime else None,
    )
    record_action("api_token.create", row, fields=["name", "scopes"])
    return row, token


@transaction.atomic
def revoke_all_tokens(*, person_id: int) -> int:
    """Revoke all valid tokens of a person; return how many there were."""
    now = timezone.now()
    # Read first: the audit trail gets an entry for each token, which `update` alone could not name.
    valid_tokens = list(
        ApiToken.objects.filter(
            Q(expires_at=None) | Q(expires_at__gt=now), person_id=person_id, revoked_at=None
        )
    )
    ApiToken.objects.filter(pk__in=[row.pk for row in valid_tokens]).update(revoked_at=now)
    for row in valid_tokens:
        record_action("api_token.revoke", row)
    return len(valid_tokens)


@transaction.atomic
def revoke_token(*, person_id: int, token_id: int) -> None:
    """Revoke a person's token. Raise NotFound for a token of another person."""
    matching_tokens = ApiToken.objects.filter(pk=token_id, person_id=person_id)
    if not matching_tokens.exists():
        raise NotFound(_("We could not find this token."))
    # Of two requests at once, only the one that changed the row records it.
    if matching_tokens.filter(revoked_at__isnull=True).update(revoked_at=timezone.now()):
        record_action("api_token.revoke", matching_tokens.get())
