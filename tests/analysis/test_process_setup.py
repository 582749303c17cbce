"""What leaves its cell for the beginning of each process, and what stays because its place makes a difference."""

import pytest
from law.sides import notebook_of

from nb2prod.analysis.build import build
from nb2prod.analysis.knowledge import KNOWN, Knowledge, with_files
from nb2prod.model.pipeline import Pipeline

PATH = "import sys\nimport os\nfrom pathlib import Path\n"


def pipeline_of(*cells: str, known: Knowledge = KNOWN) -> Pipeline:
    pipeline = build(notebook_of(list(cells)), known=known).pipeline
    assert pipeline is not None
    return pipeline


def body_of(pipeline: Pipeline) -> str:
    return "\n".join(fragment.text for step in pipeline.steps for fragment in step.body)


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ('sys.path.append("..")', 'sys.path.append("..")'),
        ('sys.path.insert(0, os.path.join("..", "src"))', 'sys.path.insert(0, os.path.join("..", "src"))'),
        ("sys.path.append(str(Path.cwd().parent))", "sys.path.append(str(Path.cwd().parent))"),
        ('root = Path("..").resolve()\nsys.path.append(str(root))', "sys.path.append(str(Path('..').resolve()))"),
        (
            'here = os.path.abspath("..")\nif here not in sys.path:\n    sys.path.append(here)',
            "if os.path.abspath('..') not in sys.path:\n    sys.path.append(os.path.abspath('..'))",
        ),
    ],
)
def test_where_modules_are_found_is_said_before_they_are_imported(statement: str, text: str) -> None:
    pipeline = pipeline_of(PATH + statement, "x = 1")
    assert pipeline.process[-1] == text
    assert "import sys" in pipeline.process
    assert "append" not in body_of(pipeline)
    assert "insert" not in body_of(pipeline)


@pytest.mark.parametrize(
    "before",
    [
        'os.chdir("lib")\nfolder = "a"',  # relative paths start somewhere else since
        'folder = "a"\nfolder = "b"',  # which of the two
        'folder = open("where.txt").read()',  # asks the world
        "folder = make_folder()",
        "folder = [1]\nfolder.append(2)",
    ],
)
def test_a_path_that_depends_on_its_place_stays(before: str) -> None:
    pipeline = pipeline_of(PATH + "def make_folder():\n    return 'a'", before, "sys.path.append(folder)", "x = 1")
    assert pipeline.process == ()
    assert "sys.path.append(folder)" in body_of(pipeline)


def test_who_looks_at_the_path_sees_it_as_it_was() -> None:
    pipeline = pipeline_of(PATH + 'sys.path.insert(0, "..")\nprint(sys.path)', "first = sys.path[0]")
    assert pipeline.process == ()
    assert pipeline_of(PATH + 'sys.path.insert(0, "..")\nprint(sys.path)', "first = 1").process != ()


def test_a_setting_goes_with_its_import() -> None:
    pipeline = pipeline_of("from tqdm.auto import tqdm\ntqdm.pandas(desc='a')\nx = 1", "y = x")
    assert pipeline.process == ("from tqdm.auto import tqdm", "tqdm.pandas(desc='a')")
    assert "tqdm" not in body_of(pipeline)
    assert all("tqdm" not in line for step in pipeline.steps for line in step.imports)
    assert [requirement.distribution for requirement in pipeline.requirements] == ["tqdm"]


def test_its_comment_goes_with_it() -> None:
    pipeline = pipeline_of(
        "import calendar\n# weeks begin\n# on Sunday\ncalendar.setfirstweekday(6)\n# one\nx = 1", "y = x"
    )
    assert pipeline.process == ("import calendar", "# weeks begin\n# on Sunday\ncalendar.setfirstweekday(6)")
    assert pipeline.steps[0].body[0].text == "# one\nx = 1"


@pytest.mark.parametrize(
    "cells",
    [
        ("import torch\nx = torch.zeros(3)", "torch.set_default_dtype(torch.float64)"),  # what was made before
        ("import torch\nimport ours\nx = ours.zeros(3)", "torch.set_default_dtype(torch.float64)"),  # by others
        (
            "import torch\ndef zeros():\n    return torch.zeros(3)",
            "x = zeros()\ntorch.set_default_dtype(torch.float64)",
        ),
        (
            "import torch\ntry:\n    import ours\nexcept ImportError:\n    import theirs as ours",
            "torch.set_default_dtype(torch.float64)\nx = 1",
        ),
        ("import torch\nkind = 'a'", "torch.set_default_dtype(kind)"),  # a value of the notebook
        ("import torch\nx = 1", "if x:\n    torch.set_default_dtype(torch.float64)"),  # perhaps
    ],
)
def test_a_setting_whose_place_makes_a_difference_stays(cells: tuple[str, ...]) -> None:
    pipeline = pipeline_of(*cells)
    assert pipeline.process == ()
    assert "set_default_dtype" in body_of(pipeline)


def test_an_import_that_nothing_names_is_made_in_each_process() -> None:
    pipeline = pipeline_of("import hvplot.pandas\nimport numpy as np\nimport json\nx = 1", "y = x", "z = y")
    assert pipeline.process == ("import hvplot.pandas",)
    assert pipeline.steps[0].imports == ("import numpy as np", "import json")


def test_an_import_of_the_last_step_stays_with_it() -> None:
    pipeline = pipeline_of("x = 1", "import hvplot.pandas\ny = x")
    assert pipeline.process == ()
    assert pipeline.steps[1].imports == ("import hvplot.pandas",)


def test_imports_and_settings_keep_their_order() -> None:
    pipeline = pipeline_of(PATH + 'import zlib_ng\nsys.path.append("..")\nimport ours\nx = 1', "y = x")
    assert pipeline.process == ("import sys", "import zlib_ng", 'sys.path.append("..")', "import ours")


def test_what_may_act_when_imported_stays_before_a_setting() -> None:
    pipeline = pipeline_of("import ours\nimport torch\ntorch.set_default_dtype(torch.float64)\nx = ours.f()", "y = x")
    assert pipeline.process == ("import ours", "import torch", "torch.set_default_dtype(torch.float64)")


def test_a_setting_after_other_settings_is_at_the_beginning_too() -> None:
    before = "import warnings\nimport pandas as pd\nimport torch\nwarnings.filterwarnings('ignore')\nN = 4\n"
    pipeline = pipeline_of(before + "pd.options.display.max_rows = 7\ntorch.set_default_dtype(torch.float64)", "x = 1")
    assert pipeline.process == ("import torch", "torch.set_default_dtype(torch.float64)")


def test_an_addition_may_come_after_work_without_its_package() -> None:
    pipeline = pipeline_of("import pandas as pd\nd = pd.DataFrame()", "import tqdm\ntqdm.tqdm.pandas()", "e = d.head()")
    assert pipeline.process == ("import tqdm", "tqdm.tqdm.pandas()")
    pipeline = pipeline_of("import tqdm\nd = tqdm.tqdm([])", "tqdm.tqdm.pandas()", "e = d")
    assert pipeline.process == ()


def test_a_project_tells_of_its_own_libraries() -> None:
    cells = ["import ours\nimport ours.parts\nfrom ours.parts import part\nx = 1", "y = x"]
    assert pipeline_of(*cells).process == ("import ours", "import ours.parts", "from ours.parts import part")
    known = with_files([("nb2prod.toml", '[imports]\ninert = ["ours.**"]\nsettings = ["ours.precision"]')])
    assert pipeline_of(*cells, known=known).process == ()
    setting = pipeline_of("import ours\nours.precision(4)\nx = 1", "y = x", known=known)
    assert setting.process == ("import ours", "ours.precision(4)")
