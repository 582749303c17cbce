"""Names of star imports that a step has from elsewhere too: the import goes to the top of the step's module."""

from collections.abc import Iterable, Iterator

from nb2prod.analysis.classify import is_star_import
from nb2prod.analysis.drafts import Draft, exposed_of
from nb2prod.analysis.sites import Kind, Site, Sites
from nb2prod.model.finding import Finding, Severity

__all__ = ["refuse_late_stars"]


def refuse_late_stars(sites: Sites, drafts: Iterable[Draft]) -> Iterator[Finding]:
    """A finding for each name that is one thing before a star import of the step, or binding, and another after it."""
    for draft in drafts:
        early = exposed_of(draft)
        own = [site for cell in draft.cells for site in sites.by_cell[cell.number]]
        bound: dict[str, list[Site]] = {}
        for site in own:
            if site.kind is not Kind.IMPORT:
                bound.setdefault(site.name, []).append(site)
        for site in filter(_is_star, own):
            is_read_before = sites.is_ordered(site.name) and early.get(site.name, (site.cell + 1, 0)) < _place(site)
            if is_read_before or _is_read_beside(site, bound.get(site.name, []), draft):
                yield _late(site, draft)


def _is_star(site: Site) -> bool:
    return site.statement is not None and is_star_import(site.statement.node)


def _place(site: Site) -> tuple[int, int]:
    return (site.cell, site.line)


def _is_read_beside(star: Site, bound: list[Site], draft: Draft) -> bool:
    """The step binds the name too, and reads what the star import brought."""
    if not bound:
        return False
    later = [site.cell for site in bound if _place(site) > _place(star)]
    until = later[0] if later and _place(bound[0]) > _place(star) else draft.last
    return any(
        star.name in (cell.effects.reads if cell.number == star.cell else cell.effects.exposed)
        for cell in draft.cells
        if star.cell <= cell.number <= until
    )


def _late(site: Site, draft: Draft) -> Finding:
    assert site.unit is not None
    return Finding(
        code="NB212",
        severity=Severity.ERROR,
        cell=site.cell,
        line=site.line,
        message=f"step '{draft.name}' has a '{site.name}' beside that of `from {site.unit.module} import *`",
        hint="import the names that you use, and give one of the two another name",
    )
