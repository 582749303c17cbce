"""What axe-core says of a part of the page."""

from pathlib import Path
from typing import Any  # JSON

from playwright.sync_api import Page

_AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """async selector => {
  const found = await axe.run(selector, { resultTypes: ['violations'] });
  return found.violations.filter(each => ['serious', 'critical'].includes(each.impact))
    .map(each => [each.id, ...each.nodes.map(node => node.html.slice(0, 200))]);
}"""


def faults(page: Page, selector: str) -> Any:
    """The serious and critical ones, each with the elements that have it."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.add_script_tag(path=_AXE)
    return page.evaluate(_RUN, selector)
