"""What each place of a notebook does to a name, in the order of the cells."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from nb2prod.analysis.analyse import Analysis, CellAnalysis
from nb2prod.analysis.definitions import Needs, needs_of
from nb2prod.analysis.sites import Kind, Sites, find_sites
from nb2prod.model.explanation import Deed, Event

_IN_ORDER = (Deed.READ, Deed.DELETED, Deed.MADE, Deed.CHANGED, Deed.MAYBE)


@dataclass(frozen=True)
class Histories:
    """The events of every name. `owners` are the steps of the cells."""

    analysis: Analysis
    owners: Mapping[int, str]

    @cached_property
    def sites(self) -> Sites:
        return find_sites(self.analysis)

    @property
    def names(self) -> frozenset[str]:
        """What can be asked for: names that the notebook binds, or reads and nobody binds."""
        return frozenset(self.sites.by_name) | self.analysis.reads

    def of(self, name: str) -> tuple[Event, ...]:
        return tuple(event for cell in self.analysis.production for event in self.in_cell(cell, name))

    def in_cell(self, cell: CellAnalysis, name: str) -> list[Event]:
        effects = cell.effects
        found = {
            Deed.READ: effects.exposed,
            Deed.CHANGED: effects.mutates,
            Deed.MAYBE: effects.may_mutate,
            Deed.DELETED: effects.deletes,
        }
        events = [self.event(deed, cell, lines[name], name) for deed, lines in found.items() if name in lines]
        made = sorted({site.line for site in self.sites.by_cell.get(cell.number, ()) if site.name == name})
        events += [self.event(Deed.MADE, cell, line, name) for line in made]
        if name in effects.reworked:
            events.append(self.event(Deed.CHANGED, cell, effects.reworked[name], name))
        return sorted(events, key=lambda event: (event.line, _IN_ORDER.index(event.deed)))

    def event(self, deed: Deed, cell: CellAnalysis, line: int, name: str = "") -> Event:
        lines = cell.lowered.lines
        return Event(
            deed=deed,
            cell=cell.number,
            line=line,
            code=lines[line - 1].strip() if 0 < line <= len(lines) else "",
            step=self.owners.get(cell.number, ""),
            through=self.through(cell, name) if deed is not Deed.MADE and name else "",
        )

    def through(self, cell: CellAnalysis, name: str) -> str:
        """The first function by whose body the cell reaches a name that its own text does not read."""
        if name in cell.effects.direct:
            return ""
        return next((other for other in sorted(cell.effects.direct) if name in self.reach.get(other, ())), "")

    @cached_property
    def needs(self) -> dict[str, Needs]:
        """What the notebook's definitions look up, by the last definition of a name."""
        found = [site for sites in self.sites.by_name.values() for site in sites if site.kind is Kind.DEFINITION]
        return {site.name: needs_of(site.statement.node) for site in found if site.statement}

    @cached_property
    def reach(self) -> dict[str, frozenset[str]]:
        """Every name that calling a definition may look up or bind, through those it calls too."""
        direct = {name: needs.reads | needs.writes for name, needs in self.needs.items()}
        found = {name: frozenset(names) for name, names in direct.items()}
        while True:
            grown = {
                name: names.union(*(found[other] for other in names if other in found)) for name, names in found.items()
            }
            if grown == found:
                return found
            found = grown
