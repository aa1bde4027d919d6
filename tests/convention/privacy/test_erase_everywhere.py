"""After an erasure no value of the person is stored anywhere but on invoices that were issued.

Each history is searched before, which shows that the search finds it, and after.
"""

import pytest

from convention.privacy.erase import erase
from convention.privacy.models import Case
from tests.convention.privacy.histories import HISTORIES, invoices, settle
from tests.convention.privacy.traces import ADDRESS, traces

pytestmark = pytest.mark.django_db
BY_LAW = {"invoices_invoice.buyer", "invoices_invoice.buyer_name", "invoices_line.description", "invoices_paper.content"}


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.__name__)
def test_nothing_of_the_person_is_left(history, run_tasks):
    person = history()
    settle()
    run_tasks(tolerate=True)
    assert traces() != set()
    case = Case.objects.create(kind="erasure", person=person, email=ADDRESS, language="fr")

    erase(case=case)

    assert traces() - (BY_LAW if invoices() else set()) == set()
