"""Make the rows about one person those of another when two records are merged (hooks of the club).

`PERSONAL_DATA` of each app lists all tables that name a person, so this needs no list of its own.
"""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from convention.club.merge_people.compare import RowCount
from convention.club.merge_people.obstacles import MergeObstacle
from convention.club.models import Person
from convention.personal_data import PersonalDataSource

from .consents import refuse_photos
from .models import PrivacyCase
from .registry import list_data_sources


def list_relations_to_person(source: PersonalDataSource) -> list[str]:
    """Return the columns of the table by which its rows name a person."""
    columns = (*source.person_columns, *source.actor_columns)
    fields = [source.model._meta.get_field(name) for name in columns if name != "pk"]
    return [field.name for field in fields if field.is_relation and field.related_model is Person]


def move_person_rows(*, survivor: Person, duplicate: Person) -> list[str]:
    """Make the duplicate's rows those of the survivor; return the labels of the tables that had any.

    Rows of the duplicate's sign-in stay. A refusal of photographs by either counts for both.
    """
    tables = list[str]()
    for source in list_data_sources():
        if source.is_deleted_on_merge:
            continue
        for column in list_relations_to_person(source):
            # `_base_manager` hides no rows, as a model's own manager may.
            rows: QuerySet = source.model._base_manager.filter(**{column: duplicate.pk})
            has_rows = rows.exists()
            if has_rows and source.merge_rows:
                source.merge_rows(rows, survivor)
            rows.update(**{column: survivor.pk})
            if has_rows and source.table_label not in tables:
                tables.append(source.table_label)
    if survivor.photo_consent is False:
        # Also a consent that was given later than the refusal: the person can agree again.
        refuse_photos(person=survivor)
    return tables


def count_person_rows(person: Person) -> list[RowCount]:
    """Return how many rows each table of higher layers has about the person, without empty ones."""
    counts = list[RowCount]()
    for source in list_data_sources():
        columns = [name for name in list_relations_to_person(source) if name in source.person_columns]
        is_of_club = source.model._meta.app_label in ("club", "account", "mfa", "usersessions")
        rows = source.model._base_manager.all()
        counts += [
            RowCount(source.title, rows.filter(**{column: person.pk}).count())
            for column in columns
            if not is_of_club
        ]
    return [row for row in counts if row.total]


def list_open_requests(survivor: Person, duplicate: Person) -> list[MergeObstacle]:
    """Return an obstacle for each unanswered privacy request: its answer concerns the record as it was."""
    cases = PrivacyCase.objects.unanswered().filter(person__in=(survivor, duplicate)).select_related("person")
    sentence = _("%(name)s has made a privacy request (%(kind)s). Answer it before you merge the records.")
    return [
        MergeObstacle(
            sentence % {"name": case.person, "kind": case.get_kind_display()},
            path=reverse("privacy-case", args=[case.pk]),
            label=_("Open the request"),
        )
        for case in cases.order_by("pk")
    ]
