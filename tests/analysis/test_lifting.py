"""Which literals become arguments of a step, and which stay where they are."""

import pytest
from law.sides import notebook_of

from nb2prod.analysis.build import build
from nb2prod.model.pipeline import Pipeline

IMPORTS = "# tags: imports\nimport numpy as np\nimport pandas as pd\nfrom pathlib import Path\nimport joblib"


def converted(*cells: str) -> Pipeline:
    built = build(notebook_of([IMPORTS, *(f"# tags: step:s{number}\n{cell}" for number, cell in enumerate(cells))]))
    assert built.pipeline is not None, built.findings
    return built.pipeline


def body_of(pipeline: Pipeline, step: int = 0) -> str:
    texts = [fragment.text for fragment in pipeline.steps[step].body]
    return "\n".join(texts).removeprefix(f"# tags: step:s{step}\n")


LIFTED = {
    'df = pd.read_csv("data/x.csv")': ("df = pd.read_csv(x_csv)", "read"),
    "df = pd.read_csv('data/x.csv', sep=';')  # 'data/x.csv'": (
        "df = pd.read_csv(x_csv, sep=';')  # 'data/x.csv'",
        "read",
    ),
    'df = pd.read_csv(\n    "x.csv",  # which\n    sep=";",\n)': (
        'df = pd.read_csv(\n    x_csv,  # which\n    sep=";",\n)',
        "read",
    ),
    'é = 1; df = pd.read_csv("é/x.csv"); b = 2': ("é = 1; df = pd.read_csv(x_csv); b = 2", "read"),
    'df = pd.read_csv(filepath_or_buffer="x.csv")': ("df = pd.read_csv(filepath_or_buffer=x_csv)", "read"),
    'df = pd.read_csv(("x.csv"))': ("df = pd.read_csv((x_csv))", "read"),
    'df = pd.read_csv(r"x.csv").head()': ("df = pd.read_csv(x_csv).head()", "read"),
    'df = pd.read_csv("https://host/a/x.csv?raw=1")': ("df = pd.read_csv(x_csv)", "read"),
    'if 1:\n    for i in [1]:\n        df = pd.read_csv("x.csv.gz")': (
        "if 1:\n    for i in [1]:\n        df = pd.read_csv(x_csv_gz)",
        "read",
    ),
    'pd.DataFrame({"a": [1]}).to_csv("x.csv")': ('pd.DataFrame({"a": [1]}).to_csv(x_csv)', "write"),
    'pd.DataFrame({"a": [1]}).to_csv("x.csv", mode="a")': (
        'pd.DataFrame({"a": [1]}).to_csv(x_csv, mode="a")',
        "update",
    ),
    'np.save("x.npy", np.zeros(2))': ("np.save(x_npy, np.zeros(2))", "write"),
    'joblib.dump([1], "m.joblib")': ("joblib.dump([1], m_joblib)", "write"),
    'with open("x.txt") as f:\n    t = f.read()': ("with open(x_txt) as f:\n    t = f.read()", "read"),
    'with open("x.txt", mode="wb") as f:\n    f.write(b"")': (
        'with open(x_txt, mode="wb") as f:\n    f.write(b"")',
        "write",
    ),
    'with open("x.txt", "a") as f:\n    f.write("")': ('with open(x_txt, "a") as f:\n    f.write("")', "update"),
    't = Path("x.txt").read_text()': ("t = Path(x_txt).read_text()", "read"),
    'Path("x.txt").write_text("y")': ('Path(x_txt).write_text("y")', "write"),
    'import sqlalchemy\ne = str(sqlalchemy.create_engine("postgresql://u@h/db").url)': (
        "e = str(sqlalchemy.create_engine(db_url).url)",
        "connect",
    ),
    'df = pd.read_sql("select 1", "sqlite:///x.db")': ('df = pd.read_sql("select 1", x_db_url)', "connect"),
}


@pytest.mark.parametrize("cell", LIFTED)
def test_a_literal_in_a_call_that_reads_or_writes(cell: str) -> None:
    pipeline = converted(cell)
    text, mode = LIFTED[cell]
    assert body_of(pipeline).strip("\n") == text
    assert [(data.mode, data.text in cell) for data in pipeline.steps[0].data] == [(mode, True)]
    assert pipeline.data[0].name == pipeline.steps[0].data[0].name


STAYS = [
    'path = "x.csv"\ndf = pd.read_csv(path)',
    'def load():\n    return pd.read_csv("x.csv")\ndf = load()',
    'load = lambda: pd.read_csv("x.csv")\ndf = load()',
    'dfs = [pd.read_csv("x.csv") for _ in range(2)]',
    'class A:\n    t = open("x.txt").read()\nt = A.t',
    'def f(t=open("x.txt").read()):\n    return t\na = f()',
    't = f"{open(\'x.txt\').read()}"',
    'n = 1\nt = open(f"x{n}.txt").read()',
    't = open("data/" + "x.txt").read()',
    't = open("x."\n    "txt").read()',
    't: "open(\'x.txt\')" = 1',
    'df = pd.read_csv("x.csv"); names = sorted(locals())',
    'df = pd.read_csv("x.csv"); n = eval("len(df)")',
    'df = pd.read_csv("x.csv"); n = len(vars())',
    'import sys\ndf = pd.read_csv("x.csv"); n = len(sys._getframe().f_locals)',
    'df = pd.read_csv("s3://b/x.csv", storage_options={"anon": True})',
    'df = pd.read_csv(*["x.csv"])',
    'df = pd.read_csv("*.csv")',
    'np.save("x", np.zeros(2))',
    'm = "w"\nwith open("x.txt", m) as f:\n    f.write("")',
    'df = pd.read_sql("select 1", "postgresql://u:secret@h/db")',
    't = "data/x.csv".replace("x.csv", "y.csv")',
]  # fmt: skip


@pytest.mark.parametrize("cell", STAYS)
def test_when_in_doubt_it_stays(cell: str) -> None:
    built = build(notebook_of([IMPORTS, f"# tags: step:s0\n{cell}"]))
    if built.pipeline is not None:
        assert [step.data for step in built.pipeline.steps] == [()]
        fragments = [*built.pipeline.functions, *built.pipeline.steps[0].body]
        kept = "\n".join(fragment.text for fragment in fragments)
        assert [line for line in cell.split("\n") if not line.startswith("import") and line not in kept] == []


def test_a_name_that_the_notebook_has_not() -> None:
    """Neither in its code nor in its texts, where a query would see it."""
    pipeline = converted(
        'df = pd.read_csv("x.csv")\nx_csv_2 = 3',
        'x_csv = 1\nn = df.query("a > @x_csv")\nnote = "of x_csv_3"\nother = pd.read_csv("b/x.csv")  # x_csv_5',
    )
    assert [[data.name for data in step.data] for step in pipeline.steps] == [["x_csv_4"], ["x_csv_6"]]


def test_one_name_for_one_text_and_what_each_step_does_with_it() -> None:
    pipeline = converted(
        'pd.DataFrame({"a": [1]}).to_csv("x.csv")\nsize = Path("x.csv").stat().st_size',
        'df = pd.read_csv("x.csv")',
        'df2 = pd.read_csv("./x.csv")',
    )
    data = [[(data.name, data.mode) for data in step.data] for step in pipeline.steps]
    assert data == [[("x_csv", "write")], [("x_csv", "read")], [("x_csv_2", "read")]]
    assert [(source.name, source.mode, source.stays) for source in pipeline.data] == [
        ("x_csv", "update", (2,)),
        ("x_csv_2", "read", ()),
    ]
    assert (pipeline.data[0].cell, pipeline.data[0].line) == (2, 2)


def test_other_places_are_told_as_they_were() -> None:
    pipeline = converted('paths = ["a.csv"]\ndfs = [pd.read_csv("data/y.csv") for _ in paths]')
    assert [(source.url, source.mode) for source in pipeline.data] == [("data/y.csv", "")]
