"""Downloads: file names in any script, and no caching."""

import pytest

from convention.tables.downloads import attachment_response, inline_disposition, inline_response
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("badge.pdf", 'filename="badge.pdf"'),
        ("FA/2026/1.pdf", 'filename="FA-2026-1.pdf"'),
        ("présences.csv", "filename*=utf-8''pr%C3%A9sences.csv"),
        ('a"b\\.pdf', r'filename="a\"b\\.pdf"'),
    ],
)
def test_download_has_file_name_and_is_not_cached(name, said):
    kept, shown = attachment_response(b"x", name=name, mimetype="text/csv"), inline_response(b"x", name=name)

    assert kept["Content-Disposition"] == f"attachment; {said}"
    assert kept["Content-Type"] == "text/csv"
    assert shown["Content-Disposition"] == f"inline; {said}"
    assert shown["Content-Type"] == "application/pdf"
    assert {answer["Cache-Control"] for answer in (kept, shown)} == {"private, no-store"}
    assert inline_disposition(name) == f"inline; {said}"


def test_content_disposition_is_never_written_by_hand():
    sources = [
        path
        for part in ("convention", "schedule", "registrations", "badges")
        for path in (ROOT / part).rglob("*.py")
    ]
    by_hand = {str(path.relative_to(ROOT)) for path in sources if "; filename=" in path.read_text()}

    assert by_hand == set()
