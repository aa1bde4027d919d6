"""All page components in all states, at /organize/components/; development and tests only."""

import datetime
from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from convention.text.dates import format_date
from convention.web.charts import BarChart, ChartBar, CurveChart
from convention.web.icons import ICON_DRAWINGS

from .development import development_only

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

LONG_SAMPLE_TEXT = "Infrastructures souveraines, exploitation responsable et gouvernance : " * 4
MEAL_CHOICES = [("meat", "Viande"), ("fish", "Poisson"), ("none", "Sans repas")]


class ComponentSampleForm(forms.Form):
    """One field of each type."""

    name = forms.CharField(label="Nom", help_text="Tel qu’il sera imprimé sur le badge.")
    email = forms.EmailField(label="Adresse e-mail")
    company = forms.CharField(label="Entreprise", required=False)
    places = forms.IntegerField(label="Nombre de places", min_value=1)
    arrives_on = forms.DateField(label="Arrivée", widget=forms.DateInput(attrs={"type": "date"}))
    colour = forms.CharField(
        label="Couleur", widget=forms.TextInput(attrs={"type": "color"}), initial="#0b5c8a"
    )
    country = forms.ChoiceField(label="Pays", choices=[("fr", "France"), ("be", "Belgique")])
    meal = forms.ChoiceField(label="Repas", choices=MEAL_CHOICES, widget=forms.RadioSelect)
    days = forms.MultipleChoiceField(
        label="Jours", choices=[("16", "16 juin"), ("17", "17 juin")], widget=forms.CheckboxSelectMultiple
    )
    remark = forms.CharField(label="Remarque", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    file = forms.FileField(label="Fichier", required=False)
    agrees = forms.BooleanField(label="J’accepte d’être photographié", help_text="Sinon, le badge le dira.")
    fixed = forms.CharField(label="Référence", initial="K7Q2-9F", disabled=True)


@development_only
@require_safe
def component_list(request: "HttpRequest") -> "HttpResponse":
    for level in (messages.INFO, messages.SUCCESS, messages.WARNING, messages.ERROR):
        messages.add_message(request, level, _("The list has been saved: 12 people, 3 companies."))
    invalid_form = ComponentSampleForm({"name": "", "email": "personne", "places": "0"})
    first = datetime.date(2027, 2, 1)
    days = [first + datetime.timedelta(days=7 * week) for week in range(18)]
    context = {
        "section": "organize",
        "empty_form": ComponentSampleForm(auto_id="empty_%s"),
        "invalid_form": invalid_form,
        "icons": ICON_DRAWINGS,
        "long_text": LONG_SAMPLE_TEXT[:300],
        "verdicts": ["admitted", "already_in", "refused", "unverified", "action"],
        "start": datetime.datetime(2027, 6, 16, 9, 30, tzinfo=datetime.UTC),
        "end": datetime.datetime(2027, 6, 17, 17, 0, tzinfo=datetime.UTC),
        "rows": [
            ("Zoé Dupont-Lefèvre", "Banque des Deux Rives", 12000),
            (LONG_SAMPLE_TEXT[:90], LONG_SAMPLE_TEXT[90:200], 0),
        ],
        "curve": CurveChart(
            "Inscriptions", [(day, format_date(day), i * i * 2) for i, day in enumerate(days)], "Inscriptions"
        ),
        "empty_curve": CurveChart("Arrivées", []),
        "bars": BarChart(
            "Par billet",
            [
                ChartBar("Adhérent", 312, 400, "#bars"),
                ChartBar("Invité", 12, 40),
                ChartBar(LONG_SAMPLE_TEXT[:80], 0, 10),
            ],
            "Billet",
            "Inscrits",
        ),
        "plain_bars": BarChart(
            "Par entreprise",
            [ChartBar("Énergie du Rhône", 14), ChartBar("Port", 3)],
            "Entreprise",
            "Inscrits",
        ),
    }
    return render(request, "components.html", context)
