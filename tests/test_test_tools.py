"""Tools of the test suite: QR codes, received mail, management commands and deleted rows."""

import pytest
from django.apps import apps
from django.conf import settings
from django.core.mail import send_mail
from django.db import DatabaseError, connection

from registrations.invoices.documents.issuing import issue_invoice
from tests.delete_rows import delete_all_rows
from tests.pdf_readers import decode_qr, qr_image
from tests.registrations.invoices.factories import make_issuer, make_receivable


def test_decode_qr_reads_a_drawn_code():
    assert decode_qr(qr_image("HTTPS://EXAMPLE.ORG/B/ABC")) == ["HTTPS://EXAMPLE.ORG/B/ABC"]


def test_mail_receiver_receives_a_sent_mail(mail_receiver):
    send_mail("Présences", "Bonjour, Zoé", "a@example.org", ["b@example.org"])
    (message,) = mail_receiver.wait_for(1)

    assert message["Subject"] == "Présences"
    assert message["To"] == "b@example.org"
    assert message.get_content().strip() == "Bonjour, Zoé"


def test_suite_runs_in_test_mode_with_its_own_var_folder():
    assert settings.MODE == "test"
    assert settings.VAR_DIR != settings.BASE_DIR / "var"


def test_manage_runs_on_the_test_database(manage):
    done = manage(
        "shell", "-v0", "-c", "from convention.club.models import Person; print(Person.objects.count())"
    )

    assert done.returncode == 0
    assert done.stdout == "0\n"
    assert done.stderr == ""


@pytest.mark.django_db(transaction=True)
def test_delete_all_rows_also_deletes_rows_protected_by_triggers():
    make_issuer()
    for _again in range(2):
        document = issue_invoice(receivable=make_receivable())
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("DELETE FROM invoices_invoice")
        delete_all_rows()
        filled = {model._meta.label for model in apps.get_models() if model._base_manager.exists()}
        assert filled == {"contenttypes.ContentType", "auth.Permission"}
        make_issuer()

    assert document.pk
