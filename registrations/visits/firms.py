"""Which firms stand together, and what they sell: read once in two queries, asked as often as wanted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

from convention.club.models import Company


@dataclass(frozen=True)
class Firms:
    """Every company's parent, and the markets that each sells in, all by id."""

    parents: Mapping[int, int | None]
    markets: Mapping[int, frozenset[int]]

    @classmethod
    def read(cls) -> Self:
        """As they are now."""
        sold: dict[int, set[int]] = {}
        for company, market in Company.markets.through.objects.values_list("company", "market"):
            sold.setdefault(company, set()).add(market)
        parents = dict(Company.objects.order_by().values_list("pk", "parent"))
        return cls(parents, {company: frozenset(markets) for company, markets in sold.items()})

    def group_of(self, companies: Collection[int]) -> frozenset[int]:
        """These companies with all above and all below them; a ring of owners ends too."""
        above = set(companies)
        for company in companies:
            owner = self.parents.get(company)
            while owner and owner not in above:
                above.add(owner)
                owner = self.parents.get(owner)
        below, before = set(companies), 0
        while before < len(below):
            before = len(below)
            below |= {company for company, owner in self.parents.items() if owner in below}
        return frozenset(above | below)

    def sold_by(self, companies: Collection[int]) -> frozenset[int]:
        """The markets that these companies sell in."""
        return frozenset[int]().union(*(self.markets.get(company, frozenset()) for company in companies))

    def sold_by_host(self, host: int | None) -> frozenset[int]:
        """What the host's group sells."""
        return self.sold_by(self.group_of([host])) if host else frozenset()

    def sold_against(self, companies: Collection[int], host: int | None) -> frozenset[int]:
        """What the groups of these employers sell; the host's own group competes with nobody."""
        own = self.group_of([host]) if host else frozenset()
        return self.sold_by(self.group_of([one for one in companies if one not in own]) - own)
