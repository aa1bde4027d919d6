"""The tests' own tools, tried: a code drawn is a code read, mail sent is mail received, tasks run."""

from django.conf import settings
from django.core.mail import send_mail

from tests.papers import decode_qr, qr_image


def test_a_code_drawn_is_a_code_read():
    assert decode_qr(qr_image("HTTPS://EXAMPLE.ORG/B/ABC")) == ["HTTPS://EXAMPLE.ORG/B/ABC"]


def test_mail_sent_is_mail_received(mail_receiver):
    send_mail("Présences", "Bonjour, Zoé", "a@example.org", ["b@example.org"])
    (message,) = mail_receiver.wait_for(1)
    assert (message["Subject"], message["To"]) == ("Présences", "b@example.org")
    assert message.get_content().strip() == "Bonjour, Zoé"


def test_the_suite_runs_in_test_mode_and_leaves_the_folder_alone():
    assert settings.MODE == "test"
    assert settings.VAR_DIR != settings.BASE_DIR / "var"


def test_manage_runs_on_the_test_database(manage):
    done = manage(
        "shell", "-v0", "-c", "from convention.club.models import Person; print(Person.objects.count())"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")
