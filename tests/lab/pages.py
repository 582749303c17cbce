"""A page of JupyterLab as its user sees it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON

from lab.jupyterlab import TOKEN, Lab
from playwright.sync_api import Locator, Page, expect

_IS_SETTLED = """() => {
  const notebook = window.jupyterapp?.shell.currentWidget;
  const session = notebook?.context?.sessionContext;
  if (!session?.session?.kernel) {
    return !session?.kernelPreference?.shouldStart;
  }
  return session.session.kernel.status === 'idle' && !!notebook.content.model.getMetadata('language_info')?.version;
}"""


@dataclass(kw_only=True)
class LabPage:
    """`cell(0)` is the first cell of the notebook in front."""

    lab: Lab
    page: Page
    workspace: str

    def open(self, path: Path | None = None, *, app: str = "lab") -> None:
        """Open JupyterLab with a notebook, and wait until it can be used."""
        tree = f"/tree/{path.relative_to(self.lab.root).as_posix()}" if path else ""
        self.page.goto(f"{self.lab.url}{app}/workspaces/{self.workspace}{tree}?token={TOKEN}")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")
        if path is not None and path.suffix == ".ipynb":
            self.notebook.locator(".jp-Cell").first.wait_for()

    @property
    def notebook(self) -> Locator:
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def cell(self, number: int) -> Locator:
        return self.notebook.locator(f'.jp-Notebook [data-windowed-list-index="{number}"]')

    def select(self, number: int, *, extend: bool = False) -> None:
        """In command mode; `extend`: all from the active cell to this one."""
        self.cell(number).locator(".jp-InputPrompt, .jp-InputArea-prompt").first.click(
            modifiers=["Shift"] if extend else []
        )

    def type_into(self, number: int, text: str) -> None:
        """At the end of the cell."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(text)

    def save(self) -> None:
        """Once the kernel has said what it is: JupyterLab writes that into the notebook, which changes it again."""
        self.page.wait_for_function(_IS_SETTLED)
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("Control+s")
        self.page.locator(".jp-mod-dirty").first.wait_for(state="detached")

    def until_kept(self, tab: str) -> None:
        """JupyterLab keeps its layout some time after a change; `tab` is a piece of what it calls a tab."""
        kept = f"{self.lab.url}lab/api/workspaces/{self.workspace}"
        self.page.wait_for_function(
            """async ([kept, tab]) => {
                const { data } = await (await fetch(kept)).json();
                return JSON.stringify(data?.['layout-restorer:data']?.main ?? '').includes(tab);
            }""",
            arg=[kept, tab],
            polling=200,
        )

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> Any:
        """Carry out a command of JupyterLab by its name, which may come a little after the page is there."""
        self.page.wait_for_function("name => window.jupyterapp?.commands.hasCommand(name)", arg=name)
        return self.page.evaluate(
            "([name, args]) => window.jupyterapp.commands.execute(name, args)", [name, arguments or {}]
        )

    def wear(self, theme: str) -> None:
        """Change JupyterLab's theme, and wait until it is on the page. The server keeps it for all."""
        self.command("apputils:change-theme", {"theme": theme})
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-name", theme)

    def palette(self, label: str) -> None:
        """Carry out a command as a person does who looks for it."""
        self.page.wait_for_function(_IS_SETTLED)  # a kernel that starts takes the focus, and the palette closes
        self.command("apputils:activate-command-palette")  # Chromium keeps Control+Shift+C for itself
        search = self.page.locator(".lm-CommandPalette-input")
        search.fill(label)
        self.page.locator(f'.lm-CommandPalette-item.lm-mod-active:has-text("{label}")').first.wait_for()
        search.press("Enter")


def notebook_of(*cells: str | tuple[str, Sequence[str]], **metadata: Any) -> dict[str, Any]:
    """A notebook of code cells, each a text or (text, tags); a text that begins with # and a space is Markdown."""
    made = []
    for number, given in enumerate(cells):
        source, tags = given if isinstance(given, tuple) else (given, ())
        cell: dict[str, Any] = {
            "id": f"cell-{number}",
            "metadata": {"tags": list(tags)} if tags else {},
            "source": source,
        }
        if source.startswith("# ") and not tags:
            made.append({"cell_type": "markdown", **cell})
        else:
            made.append({"cell_type": "code", "execution_count": None, "outputs": [], **cell})
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return {
        "cells": made,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}, **metadata},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def write_notebook(path: Path, *cells: str | tuple[str, Sequence[str]], **metadata: Any) -> Path:
    path.write_text(json.dumps(notebook_of(*cells, **metadata), indent=1))
    return path


def tags_on_disk(path: Path) -> list[list[str]]:
    return [cell["metadata"].get("tags", []) for cell in json.loads(path.read_text())["cells"]]
