"""The glossary: `.ci/translations.py` refuses rejected words, and nothing else."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog

SCRIPT = Path(__file__).resolve().parent.parent / ".ci" / "translations.py"


@pytest.fixture(scope="module")
def translations() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations_of_the_project", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("english", "french", "found"),
    [
        ("Write to us.", "Envoyez-nous un courriel.", ["courriel"]),
        ("Write to us.", "Le badge arrive par mail.", ["mail"]),
        ("Write to us.", "Votre adresse électronique", ["adresse électronique"]),
        ("Write to us.", "Demandez au guichet\u202f!", ["guichet"]),
        ("Write to us.", "Est-ce juste ?", [" ?"]),
        ("Write to us.", "« oui »", ["«"]),
        ("A badge comes by mail.", "Un badge arrive par e-mail.", ["by mail"]),
        (
            "A badge comes by e-mail.",
            "«\u202fUn e-mail\u202f»\u202f: la société mère, un siège en plus",
            [],
        ),
        ("The mail server refused it.", "Retour à l’envoi, à 10\u202f%%", []),
    ],
)
def test_rejected_words_are_found_and_others_are_not(translations, english, french, found):
    catalogue = Catalog(locale="fr")
    catalogue.add(english, french)

    told = list(translations.slips(catalogue, Path("django.po")))

    assert [line.split("“")[1].split("”")[0] for line in told] == found


def test_renamed_translation_function_is_reported(translations, tmp_path):
    source = tmp_path / "forms.py"
    source.write_text(
        "from django.utils.translation import gettext as _\nfrom x import gettext_lazy as _later\n"
    )

    assert list(translations.unheard([source])) == [
        "forms.py: “gettext_lazy as _later” is not collected; call it “gettext_lazy” or “_”"
    ]
