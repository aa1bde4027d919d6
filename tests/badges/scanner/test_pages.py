"""Test the scanner's page, service worker and manifest, and its files with the hashed names of production."""

import json
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils import translation

from badges.scanner import shell, texts
from convention.web.static_storage import HashedModuleStorage

pytestmark = pytest.mark.once

SCRIPTS = Path(shell.__file__).parent / "static" / "scanner"
TEXT_KEY_PATTERN = re.compile(r"""formatText\((?:\w+ instanceof \w+ \? )?"([\w.]+)"(?: : "([\w.]+)")?""")


@pytest.mark.parametrize(("address", "language"), [("/scan/", "fr"), ("/en/scan/", "en")])
def test_page_is_identical_for_all_visitors(client, address, language):
    response = client.get(address)
    page = response.content.decode()

    assert response.status_code == 200
    assert f'<html lang="{language}"' in page
    assert page == shell.render_page(language)
    assert response["Cache-Control"] == "no-cache"
    assert response.cookies == {}
    assert "<script>" not in page
    assert "style=" not in page


@pytest.mark.parametrize(("address", "start"), [("/scan/", "/scan/"), ("/en/scan/", "/en/scan/")])
def test_manifest_makes_scanner_installable(client, address, start):
    response = client.get(f"{address}manifest.webmanifest")
    manifest = json.loads(response.content)

    assert response["Content-Type"] == "application/manifest+json"
    assert manifest["start_url"] == start
    assert manifest["scope"] == start
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        assert finders.find(icon["src"].removeprefix("/static/")) is not None


def test_service_worker_covers_both_languages(client):
    response = client.get("/scan/sw.js")

    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Service-Worker-Allowed"] == "/"
    assert response["Cache-Control"] == "no-cache"
    assert '"/scan/"' in response.content.decode()
    assert '"/en/scan/"' in response.content.decode()


def test_service_worker_caches_every_imported_script():
    kept = set(shell.list_static_files())
    for script in SCRIPTS.glob("*.js"):
        for imported in re.findall(r'from "([./][^"]+)"', script.read_text()):
            path = (script.parent / imported).resolve()
            name = path.relative_to(SCRIPTS.parent.resolve()).as_posix()
            assert name in kept, f"{script.name} imports {imported}"

    assert [name for name in kept if finders.find(name) is None] == []


def list_static_imports(script):
    """Return the files that a script imports, and those that they import."""
    found = {script}
    for imported in re.findall(r'from "([./][^"]+)"', script.read_text()):
        path = (script.parent / imported).resolve()
        # A vendored library is one file.
        found |= {path} if "vendor" in path.parts else list_static_imports(path)
    return found


def test_page_preloads_first_scripts(client):
    """Preload scripts: on a slow network, nested imports would take a round trip each."""
    found = client.get("/scan/").content.decode()

    preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', found)

    expected = list_static_imports(SCRIPTS / "app.js")
    assert sorted(preloaded) == sorted(
        static("/".join(path.parts[path.parts.index("static") + 1 :])) for path in expected
    )


def test_paired_device_preloads_all_other_scripts(client):
    found = client.get("/scan/").content.decode()
    settings = json.loads(re.search(r'<script id="settings"[^>]*>(.*?)</script>', found)[1])
    preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', found)

    scripts = {static(name) for name in shell.list_static_files() if name.endswith(".js")}

    # The library that reads codes is loaded with the camera.
    readers = {static(name) for name in shell.READER_SCRIPTS}
    assert set(settings["scanning_scripts"]) == scripts - readers - set(preloaded)


def test_service_worker_changes_with_texts_and_files(monkeypatch, settings):
    before = shell.render_service_worker()

    assert shell.render_service_worker() == before

    with monkeypatch.context() as changed:
        changed.setattr(texts, "queue_texts", lambda: {"queue.empty": "Other words"})
        assert shell.render_service_worker() != before
    monkeypatch.setattr(shell, "hash_files", lambda: ["other"])

    assert shell.render_service_worker() != before


@pytest.mark.parametrize("language", ["fr", "en"])
def test_all_texts_used_by_scripts_exist(language):
    with translation.override(language):
        known = texts.scanner_texts()
    asked = {
        name
        for script in SCRIPTS.glob("*.js")
        for found in TEXT_KEY_PATTERN.findall(script.read_text())
        for name in found
        if name
    }

    assert asked - set(known) == set()
    assert len(asked) > 30
    assert "" not in known.values()


def test_texts_have_same_placeholders_in_both_languages():
    with translation.override("en"):
        english = texts.scanner_texts()
    with translation.override("fr"):
        french = texts.scanner_texts()

    blanks = re.compile(r"\{\w+\}")

    for name, sentence in english.items():
        assert sorted(blanks.findall(sentence)) == sorted(blanks.findall(french[name])), name
    assert [name for name in english if english[name] == french[name] and name != "last.line"] == [
        "detail.nobody"
    ]


def test_hashed_scripts_import_hashed_scripts(tmp_path):
    storage = HashedModuleStorage(location=tmp_path, base_url="/static/")
    files = {name: (storage, name) for name in shell.list_static_files() if name.endswith(".js")}
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(Path(str(finders.find(name))).read_bytes())

    failures = [
        result for _name, _hashed, result in storage.post_process(files) if isinstance(result, Exception)
    ]

    assert failures == []

    for name in files:
        hashed = tmp_path / storage.stored_name(name)
        for imported in re.findall(
            r'^(?:import|export) .*from "([./][^"]+)"', hashed.read_text("latin-1"), re.M
        ):
            assert (hashed.parent / imported).exists()
            assert re.search(r"\.[0-9a-f]{12}\.js$", imported)
