"""Find the e-mail address that a mistyped one at a well-known provider was probably meant to be.

Few hints, none of them wrong where it can be avoided: a company's own domain may look like a provider's.
"""

from typing import Final

from .countries import country_codes
from .edit_distance import count_edits
from .email_addresses import PUBLIC_MAIL_DOMAINS, normalize_email

# Many domains of companies differ from a shorter name, such as “free”, by one letter.
MIN_CORRECTED_NAME_CHARS: Final = 5
MIN_NAME_CHARS_FOR_TWO_EDITS: Final = 8
# A longer domain resembles no provider's, and anybody may send one: counting edits takes long.
MAX_DOMAIN_CHARS: Final = 50


def suggest_address(address: str) -> str:
    """Return the address with its domain corrected to a provider's; "" if nothing looks mistyped."""
    local_part, _at, domain = normalize_email(address.strip()).rpartition("@")
    if not local_part or len(domain) > MAX_DOMAIN_CHARS or domain in PUBLIC_MAIL_DOMAINS:
        return ""
    distances = [(_measure_domain(domain, provider), provider) for provider in PUBLIC_MAIL_DOMAINS]
    close = sorted((edits, provider) for edits, provider in distances if edits is not None)
    if not close:
        return ""
    # The part before it as typed: capitals are the writer's choice.
    return f"{address.strip().rpartition('@')[0]}@{close[0][1]}"


def list_mail_domains() -> dict[str, list[str]]:
    """Return the data with which badges/desk/static/desk/email_addresses.js suggests the same addresses."""
    return {"providers": sorted(PUBLIC_MAIL_DOMAINS), "country_codes": sorted(country_codes())}


def _measure_domain(typed: str, provider: str) -> int | None:
    """Return the typing errors in a domain that was meant to be the provider's; None if it was not."""
    typed_name, _dot, typed_suffix = typed.partition(".")
    name, _dot, suffix = provider.partition(".")
    suffix_edits = count_edits(typed_suffix, suffix)
    if suffix_edits > 1 or (suffix_edits and _is_other_country(typed_suffix, suffix, name)):
        return None
    if typed_name == name:
        return suffix_edits
    # The first letter is rarely wrong, and tells “grange” from “orange”.
    is_similar = typed_name[:1] == name[:1] or typed_name[:2] == name[1::-1]
    if len(name) < MIN_CORRECTED_NAME_CHARS or not is_similar:
        return None
    name_edits = count_edits(typed_name, name)
    limit = 2 if len(name) >= MIN_NAME_CHARS_FOR_TWO_EDITS else 1
    return name_edits + suffix_edits if name_edits <= limit else None


def _is_other_country(typed_suffix: str, suffix: str, name: str) -> bool:
    """Return whether the suffix is that of a country where the provider may have this name, too."""
    # “gmail.co” lacks a letter.
    is_shortened = suffix == "com" and len(name) >= MIN_CORRECTED_NAME_CHARS
    return typed_suffix.upper() in country_codes() and not is_shortened
