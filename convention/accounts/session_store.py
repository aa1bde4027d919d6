"""Django's sessions in the database: asked in one composed statement, changed in one by itself."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.utils import timezone

from convention.composed import Composed

KEPT = Composed(lambda key: Session.objects.filter(session_key=key), "the key")


class SessionStore(db.SessionStore):
    """As Django's, but that to change a session takes no transaction around its one statement."""

    def _get_session_from_db(self) -> Session | None:
        found = KEPT.first(self.session_key)
        if found and found.expire_date > timezone.now():
            return found
        self._session_key = None
        return None

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 (Django's own)
        """Keep what changed. Raises UpdateError where somebody ended the session meanwhile."""
        if must_create or self.session_key is None:
            super().save(must_create)
            return
        row = self.create_model_instance(dict(self.items()))
        kept = Session.objects.filter(pk=row.pk)
        if not kept.update(session_data=row.session_data, expire_date=row.expire_date):
            raise UpdateError
