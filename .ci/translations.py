"""Translations: `compile` makes the .mo files that are out of date; `check` finds what is missing or clashes.

Used as `python .ci/translations.py compile|check`, in the project's environment.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
OURS = ("convention", "schedule", "registrations", "badges")
REJECTED = {
    r"\bcourriels?\b|(?<!-)\bmails?\b|\bpar message\b": "e-mail",
    r"\bmessages? (est |sont )?(revenu|envoyé|refusé)": "e-mail",
    r"\badresses? électroniques?\b": "adresse e-mail",
    r"\bguichet": "données personnelles",
    r"\bappair": "jumeler",
    r"\bsuppléments?\b": "option",
    r"\bsociétés?\b(?! mères?)": "entreprise",
    r"\bthèmes?\b": "parcours",
    r"\b(questions?|votre) (de )?retours?\b": "avis",
    r"\bpropositions? mises? de côté": "écartée",
    r"[ \u00a0][;:!?»]|«(?!\u202f)|(?<!\u202f)»": "U+202F before ; : ! ? » and after «",
}
"""Words of French that docs/glossary.md has another word for, and spaces that break a line where none may."""
REJECTED_IN_ENGLISH = {
    r"\b(a|the|this|by|last|latest) mail\b(?! server)|(?<!-)\bmails\b": "e-mail",
    r"\btexts? of confidentiality\b": "confidentiality terms",
}
ALIASES = re.compile(r"\b([pn]{0,2}gettext\w*) as (?!_\b)(\w+)")
"""Names that xgettext does not know: what is said through them would never be collected."""


def main(work: str) -> int:
    """Do one of the two; the exit status."""
    if work == "compile":
        compile_all(ROOT)
        return 0
    complaints = list(check())
    print("\n".join(complaints) or "Translations are complete.")
    return 1 if complaints else 0


def catalogues(root: Path) -> list[Path]:
    """Every .po file of ours."""
    return sorted(path for app in OURS for path in (root / app).rglob("locale/*/LC_MESSAGES/*.po"))


def read(path: Path) -> Catalog:
    """One catalogue."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def compile_all(root: Path) -> None:
    """Write the .mo beside each .po that is newer."""
    for path in catalogues(root):
        compiled = path.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < path.stat().st_mtime:
            with compiled.open("wb") as file:
                write_mo(file, read(path))


def check() -> Iterator[str]:
    """What a reader would miss: strings without French, fuzzy ones, sources that were never collected."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for app in OURS:
            shutil.copytree(ROOT / app, copy / app, ignore=shutil.ignore_patterns("*.pyc", "*.mo"))
        for locale in sorted(path for app in OURS for path in (copy / app).rglob("locale")):
            collect(locale)
        for path in catalogues(copy):
            yield from complaints(path, path.relative_to(copy))
    yield from unheard(path for app in OURS for path in (ROOT / app).rglob("*.py"))
    yield from clashes(catalogues(ROOT))
    for path in catalogues(ROOT):
        yield from slips(read(path), path.relative_to(ROOT))


def collect(locale: Path) -> None:
    """Bring one locale folder up to date with its sources, leaving out apps with their own."""
    app = locale.parent
    own = [path.parent.relative_to(app) for path in app.rglob("locale") if path != locale]
    command = [
        sys.executable,
        "-P",
        "-m",
        "django",
        "makemessages",
        "-l",
        "fr",
        "--no-location",
        "--no-obsolete",
    ]
    command += ["-e", "py,html,txt,xml,svg"]
    command += [argument for path in own for argument in ("--ignore", f"{path}/*")]
    done = subprocess.run(command, cwd=app, capture_output=True, text=True, check=False)  # noqa: S603 (ours)
    if done.returncode:
        raise SystemExit(done.stderr)


def complaints(path: Path, name: Path) -> Iterator[str]:
    """One line for each string that is missing or fuzzy."""
    for message in read(path):
        if not message.id:
            continue
        text = message.id if isinstance(message.id, str) else message.id[0]
        translated = [message.string] if isinstance(message.string, str) else list(message.string)
        if not all(translated):
            yield f"{name}: no translation of “{text}”"
        elif message.fuzzy:
            yield f"{name}: fuzzy translation of “{text}”"


def unheard(paths: Iterable[Path]) -> Iterator[str]:
    """One line for each function of translation under a name that is not collected."""
    for path in paths:
        for found in ALIASES.finditer(path.read_text()):
            name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
            yield f"{name}: “{found[0]}” is not collected; call it “{found[1]}” or “_”"


def slips(catalogue: Catalog, name: Path) -> Iterator[str]:
    """One line for each word that the glossary has another one for."""
    for message in catalogue:
        if not message.id:
            continue
        for texts, rejected in ((message.id, REJECTED_IN_ENGLISH), (message.string, REJECTED)):
            for text in [texts] if isinstance(texts, str) else texts or ():
                for pattern, instead in rejected.items():
                    if found := re.search(pattern, text, re.IGNORECASE):
                        yield f"{name}: “{found[0]}” in “{text}”, instead of: {instead}"


def clashes(paths: list[Path]) -> Iterator[str]:
    """One line for each string with two translations: Django joins the catalogues, and only one is shown."""
    said: dict[tuple[object, ...], object] = {}
    for path in paths:
        for message in read(path):
            key = (path.parent.parent.name, message.context, message.id)
            if message.id and said.setdefault(key, message.string) != message.string:
                yield f"{path.relative_to(ROOT)}: “{message.id}” is translated differently elsewhere"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
