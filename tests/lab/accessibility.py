"""Whether people can use what is on the page: axe-core's findings, and contrasts as they are painted."""

from pathlib import Path

from playwright.sync_api import Page

_AXE = Path(__file__).parents[2] / "labextension/node_modules/axe-core/axe.min.js"

_CONTRASTS = """selector => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const paint = colour => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const luminance = rgb => {
    const [r, g, b] = rgb.map(v => v / 255).map(v => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return [...document.querySelectorAll(selector)].map(node => {
    const behind = [];
    for (let at = node; at; at = at.parentElement) {
      behind.unshift(getComputedStyle(at).backgroundColor);
    }
    paint('white');
    behind.forEach(paint);
    const ground = luminance(paint('transparent'));
    const text = luminance(paint(getComputedStyle(node).color));
    return (Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05);
  });
}"""


def faults(page: Page, selector: str) -> list[str]:
    """Of all that the selector finds, which must be something: axe's serious and critical violations."""
    assert page.locator(selector).count() > 0
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=_AXE)
    found = page.evaluate("async selector => (await axe.run({ include: [selector] })).violations", selector)
    return [
        f"{fault['id']}: {fault['nodes'][0]['html']}" for fault in found if fault["impact"] in ("serious", "critical")
    ]


def contrasts(page: Page, selector: str) -> list[float]:
    """Of each text's colour and what is behind it, as WCAG counts."""
    found: list[float] = page.evaluate(_CONTRASTS, selector)
    assert found
    return found
