"""The page that helps phones to trust the local authority."""

import pytest
from cryptography import x509

from convention.serve import phone_app
from convention.serve.certificates import ensure_certificates


@pytest.fixture
def get(settings, tmp_path):
    """Return a function that requests the small application: status, headers and content."""
    settings.VAR_DIR = tmp_path
    settings.SITE_URL = "https://192.168.1.20:8000"
    ensure_certificates(tmp_path / "lan", names=["localhost"], addresses=["192.168.1.20", "127.0.0.1"])

    def ask(path: str, query: str = "", accept_language: str = ""):
        answer = {}
        environ = {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_ACCEPT_LANGUAGE": accept_language}
        content = b"".join(
            phone_app.application(
                environ, lambda status, headers: answer.update(status=status, **dict(headers))
            )
        )
        return answer, content

    return ask


def test_certificate_has_content_type_that_phones_install(get, tmp_path):
    answer, content = get("/convention.crt")

    assert answer["status"] == "200 OK"
    assert answer["Content-Type"] == "application/x-x509-ca-cert"
    assert (
        x509.load_pem_x509_certificate(content).subject
        == x509.load_pem_x509_certificate((tmp_path / "lan" / "authority.crt").read_bytes()).subject
    )
    assert b"PRIVATE" not in content


@pytest.mark.parametrize(
    ("query", "accept_language", "language", "scanner"),
    [
        ("", "", "fr", "https://192.168.1.20:8000/scan/"),
        ("", "en-GB,en;q=0.9", "en", "https://192.168.1.20:8000/en/scan/"),
        ("language=fr", "en", "fr", "https://192.168.1.20:8000/scan/"),
        ("language=xx", "de", "fr", "https://192.168.1.20:8000/scan/"),
    ],
)
def test_page_is_in_language_of_phone(get, query, accept_language, language, scanner):
    answer, content = get("/", query, accept_language)

    assert answer["status"] == "200 OK"

    page = content.decode()

    assert f'<html lang="{language}">' in page
    assert f'href="{scanner}"' in page


@pytest.mark.parametrize("path", ["/lan/authority.key", "/static/../manage.py", "/static/nothing.css", "/x"])
def test_other_paths_are_not_found(get, path):
    answer, content = get(path)

    assert answer["status"] == "404 Not Found"
    assert content == b"not found\n"
