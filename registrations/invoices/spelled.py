"""Numbers of companies and accounts, in the groups in which people read them."""

from convention.creditor_reference import LONGEST, creditor_reference, squeezed


def spelled_siren(number: str) -> str:
    """`732 829 320`; a SIRET ends with its five digits."""
    parts = [number[start : start + 3] for start in (0, 3, 6)]
    return "\u00a0".join(part for part in (*parts, number[9:]) if part)


def spelled_iban(number: str) -> str:
    """In fours."""
    return "\u00a0".join(number[start : start + 4] for start in range(0, len(number), 4))


def spelled_reference(reference: str) -> str:
    """What a transfer names: the reference with check digits (ISO 11649), as it is where it is too long."""
    fits = len(squeezed(reference)) <= LONGEST
    return creditor_reference(reference) if fits else reference
