"""Checkout page of the stand-in; the card numbers are Stripe's test cards."""

from html import escape
from typing import Any
from urllib.parse import parse_qs

from tests.stripe_standin.world import World

GOOD, DECLINED = "4242 4242 4242 4242", "4000 0000 0000 0002"
WORDS = {
    "fr": {
        "title": "Payer", "test": "Doublure de Stripe : aucun argent ne bouge", "card": "Numéro de carte",
        "pay": "Payer", "debit": "Payer par prélèvement SEPA", "back": "Retour", "email": "E-mail",
        "declined": "Votre carte a été refusée.", "over": "Cette session de paiement est terminée.",
    },
    "en": {
        "title": "Pay", "test": "A stand-in for Stripe: no money moves", "card": "Card number", "pay": "Pay",
        "debit": "Pay by SEPA debit", "back": "Back", "email": "E-mail",
        "declined": "Your card was declined.", "over": "This payment session has ended.",
    },
}  # fmt: skip
STYLE = """
body { font: 17px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 2rem auto; color: #1a1f36 }
main { padding: 0 1rem }
input, button { font: inherit; box-sizing: border-box; width: 100%; padding: .7rem; margin: .3rem 0 }
button { background: #1a1f36; color: #fff; border: 0; border-radius: .3rem }
.plain { background: #e3e8ee; color: #1a1f36 }
.test { background: #ffefd5; padding: .5rem } .error { color: #a00 }
"""


def page(session: dict[str, Any], *, declined: bool = False) -> str:
    """Return the page of a session."""
    language = "fr" if (session["locale"] or "fr").startswith("fr") else "en"
    said = WORDS[language]
    if session["status"] != "open":
        body = f"<p>{said['over']}</p>"
        if session.get("cancel_url"):
            body += f'<p><a href="{escape(session["cancel_url"])}">{said["back"]}</a></p>'
        return document(language, said["title"], body)
    lines = "".join(
        f"<li>{escape(line['price_data']['product_data']['name'])} × {line.get('quantity', 1)}</li>"
        for line in session["_lines"]
    )
    error = f'<p class="error" role="alert">{said["declined"]}</p>' if declined else ""
    back = (
        f'<p><a id="back" href="{escape(session["cancel_url"])}">{said["back"]}</a></p>'
        if session["cancel_url"]
        else ""
    )
    amount = f"{session['amount_total'] / 100:.2f} {session['currency'].upper()}"
    body = f"""<p class="test">{said["test"]}</p><h1>{amount}</h1>
<ul>{lines}</ul><p>{said["email"]}: {escape(session["customer_email"] or "")}</p>{error}
<form method="post"><label for="card">{said["card"]}</label>
<input id="card" name="card" value="{GOOD}" inputmode="numeric">
<button name="method" value="card">{said["pay"]}</button>
<button name="method" value="sepa_debit" class="plain">{said["debit"]}</button></form>{back}"""
    return document(language, said["title"], body)


def document(language: str, title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>"
    )


def submit(world: World, session: dict[str, Any], body: str) -> str | None:
    """Handle the buyer's form; return the redirect target, or None to show the page again."""
    sent = {name: values[0] for name, values in parse_qs(body).items()}
    if sent.get("card", "").replace(" ", "") == DECLINED.replace(" ", "") and sent.get("method") == "card":
        world.decline(session["id"])
        return None
    world.pay(session["id"], sent.get("method", "card"))
    return session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
