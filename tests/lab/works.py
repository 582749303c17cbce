"""The tabs and dialogs of conversions and runs, as their user sees them."""

import shutil
from pathlib import Path

from lab.pages import LabPage
from lab.panels import ask
from playwright.sync_api import Locator, expect

EXAMPLES = Path(__file__).parents[2] / "example_notebooks"


class Works:
    """`tab` is the one in front; `dialog` the one that is open."""

    def __init__(self, page: LabPage) -> None:
        self.lab, self.page = page, page.page

    @property
    def tab(self) -> Locator:
        return self.page.locator(".nb2prod-Work").filter(visible=True)

    @property
    def dialog(self) -> Locator:
        return self.page.locator(".nb2prod-FormDialog")

    def tool(self, command: str) -> Locator:
        return self.lab.notebook.locator(f'[data-command="{command}"]').first

    def button(self, name: str) -> Locator:
        return self.tab.get_by_role("button", name=name, exact=True)

    def chip(self, state: str) -> Locator:
        """Of the conversion, verification or run itself."""
        return self.tab.locator(f'.nb2prod-WorkHead .nb2prod-State[data-state="{state}"]')

    def convert(self, *, record: bool = False, verify: bool = False) -> None:
        """By the toolbar of the notebook in front, with what the dialog has."""
        self.tool("nb2prod:convert-notebook").click()
        self.dialog.get_by_label("Record fingerprints").set_checked(record)
        self.dialog.get_by_label("Verify afterwards").set_checked(verify)
        self.accept()

    def accept(self) -> None:
        self.dialog.locator(".jp-mod-accept").last.click()
        expect(self.dialog).to_have_count(0)

    def parameter(self, name: str) -> Locator:
        return self.dialog.locator(f"#nb2prod-parameter-{name}")

    def front(self, name: str) -> None:
        """Brings a tab of the main area to the front."""
        self.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tabLabel", has_text=name).first.click()

    def start_scheduler(self) -> None:
        """By the offer in the dialog or the tab, when there is none yet."""
        if not ask(self.lab.lab, "scheduler")["running"]:
            self.page.locator(".nb2prod-SchedulerNotice button").filter(visible=True).first.click()
            expect(self.page.locator(".nb2prod-SchedulerNotice").filter(visible=True)).to_have_count(0)


def small_churn(folder: Path) -> Path:
    """The example, of few customers and trees."""
    path = folder / "churn.ipynb"
    shutil.copy(EXAMPLES / "churn.ipynb", path)
    text = path.read_text().replace("n_customers: int = 3000", "n_customers: int = 200")
    path.write_text(text.replace("n_trees: int = 120", "n_trees: int = 5"))
    return path
