"""Numbers of companies and accounts, in the groups in which people read them."""


def spelled_siren(number: str) -> str:
    """`732 829 320`; a SIRET ends with its five digits."""
    parts = [number[start : start + 3] for start in (0, 3, 6)]
    return "\u00a0".join(part for part in (*parts, number[9:]) if part)


def spelled_iban(number: str) -> str:
    """In fours."""
    return "\u00a0".join(number[start : start + 4] for start in range(0, len(number), 4))
