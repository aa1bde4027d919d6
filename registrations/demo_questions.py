"""The demo's questions: what a caterer must know, asked of everybody and never required."""

import random

from convention.events.models import Event

from .models import Option, Question, Registration

DIETS = [
    ("vegetarian", "Végétarien", "Vegetarian"),
    ("vegan", "Végétalien", "Vegan"),
    ("halal", "Halal", "Halal"),
    ("kosher", "Casher", "Kosher"),
    ("gluten-free", "Sans gluten", "Gluten-free"),
    ("allergy", "Allergie", "Allergy"),
]
ALLERGIES = ["Arachides", "Noix", "Fruits de mer", "Lactose"]


def ask_questions(event: Event) -> None:
    """Diet, and for an allergy which one."""
    diet = Question.objects.create(
        event=event, slug="diet", kind=Question.Kind.DIET, text="Régime alimentaire", text_en="Diet",
        help="Pour le traiteur, qui n’en reçoit que les nombres.",
        help_en="For the caterer, who gets nothing but the numbers.", retention_days=30,
    )  # fmt: skip
    for position, (slug, text, text_en) in enumerate(DIETS):
        Option.objects.create(question=diet, slug=slug, text=text, text_en=text_en, position=position)
    Question.objects.create(
        event=event, slug="allergy", text="Laquelle\u202f?", text_en="Which one?", position=10,
        shown_if=diet.options.get(slug="allergy"), retention_days=30,
    )  # fmt: skip


def answer_some(rng: random.Random, rows: list[Registration]) -> None:
    """About one in five says something; the rows are not stored yet."""
    for row in rows:
        if rng.random() < 0.2:
            diet = rng.choice(DIETS)[0]
            row.answers = {"diet": [diet]}
            if diet == "allergy":
                row.answers["allergy"] = rng.choice(ALLERGIES)
