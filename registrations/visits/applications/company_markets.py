"""Corporate groups and the markets they sell in, loaded with two queries and then answered in memory."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

from convention.club.models import Company


@dataclass(frozen=True)
class CompanyMarkets:
    """The parent of every company and the markets of each, by company id."""

    parent_ids: Mapping[int, int | None]
    market_ids: Mapping[int, frozenset[int]]

    @classmethod
    def load(cls) -> Self:
        markets_by_company: dict[int, set[int]] = {}
        for company, market in Company.markets.through.objects.values_list("company", "market"):
            markets_by_company.setdefault(company, set()).add(market)
        parents = dict(Company.objects.order_by().values_list("pk", "parent"))
        return cls(parents, {company: frozenset(markets) for company, markets in markets_by_company.items()})

    def find_group(self, company_ids: Collection[int]) -> frozenset[int]:
        """Return these companies with all their parents and subsidiaries; ownership may be circular."""
        above = set(company_ids)
        for company in company_ids:
            owner = self.parent_ids.get(company)
            # The second condition ends the loop for companies that own each other.
            while owner and owner not in above:
                above.add(owner)
                owner = self.parent_ids.get(owner)
        # Repeats until no subsidiary is added, which also ends for circular ownership.
        below, previous_size = set(company_ids), 0
        while previous_size < len(below):
            previous_size = len(below)
            below |= {company for company, owner in self.parent_ids.items() if owner in below}
        return frozenset(above | below)

    def list_markets(self, company_ids: Collection[int]) -> frozenset[int]:
        return frozenset[int]().union(*(self.market_ids.get(company, frozenset()) for company in company_ids))

    def list_host_markets(self, host_id: int | None) -> frozenset[int]:
        """Return the markets of the host's whole group."""
        return self.list_markets(self.find_group([host_id])) if host_id else frozenset()

    def list_competing_markets(self, company_ids: Collection[int], host_id: int | None) -> frozenset[int]:
        """Return the markets of the employers' groups, without the host's own group."""
        # The host's own people, and those of its parents and subsidiaries, are no competitors of it.
        host_group = self.find_group([host_id]) if host_id else frozenset()
        return self.list_markets(
            self.find_group([company_id for company_id in company_ids if company_id not in host_group])
            - host_group
        )
