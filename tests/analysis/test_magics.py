"""Magics on the left; on the right the text that takes their place and what is remembered of them."""

import subprocess
import sys
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb2prod.analysis.magics import LoweredCell, Magic, lower
from nb2prod.model.notebook import Cell, CellKind


def lowered(source: str) -> LoweredCell:
    return lower(Cell(number=7, kind=CellKind.CODE, source=source))


def told(magic: Magic) -> str:
    reads = f" reads {','.join(magic.reads)}" if magic.reads else ""
    binds = f" binds {','.join(magic.binds)}" if magic.binds else ""
    return f"{magic.line} {magic.name} {magic.fate}{reads}{binds}"


CASES = [
    ("x = 5 % 3", "x = 5 % 3", []),
    ('s = """\n%time not a magic\n"""', 's = """\n%time not a magic\n"""', []),
    ('s = """\n!ls\n"""\n!ls', 's = """\n!ls\n"""\n', ["4 ! dropped"]),
    ("%matplotlib inline\nimport x", "\nimport x", ["1 %matplotlib dropped"]),
    ("%load_ext autoreload\n%autoreload 2", "\n", ["1 %load_ext dropped", "2 %autoreload dropped"]),
    ("%load_ext cudf.pandas", "", ["1 %load_ext refused"]),
    ("%config InlineBackend.figure_format = 'retina'", "", ["1 %config dropped"]),
    ("df?", "", ["1 ? dropped"]),
    ("?df.head\nx = 1", "\nx = 1", ["1 ? dropped"]),
    ("np.*load*?", "", ["1 ? dropped"]),
    ("if a:\n    %matplotlib inline\nb", "if a:\n    pass  # %matplotlib inline\nb", ["2 %matplotlib dropped"]),
    ("%time w = f()", "w = f()", ["1 %time lowered"]),
    ("w = %time f()", "w = f()", ["1 %time lowered"]),
    ("if a:\n    %time b = f(a)", "if a:\n    b = f(a)", ["2 %time lowered"]),
    ("%time b = f(1, \\\n    2)\nc = b", "b = f(1, \\\n    2)\nc = b", ["1 %time lowered"]),
    ("%time a = f(1,\n  2)", "\n  2)", ["1 %time refused"]),
    ("%time", "", ["1 %time dropped"]),
    ("%time !ls", "", ["1 %time lowered", "1 ! dropped"]),
    ("%prun -l 10 f(x)", "f(x)", ["1 %prun lowered"]),
    ("%lprun -f g g(3)", "g(3)", ["1 %lprun lowered"]),
    ("%memit x = f()", "x = f()", ["1 %memit lowered"]),
    ("%timeit w = f()", "", ["1 %timeit dropped reads f"]),
    ("%timeit -n 10 -r3 f(x)", "", ["1 %timeit dropped reads f,x"]),
    ("%timeit model.fit(X)", "model.fit(X)", ["1 %timeit lowered"]),
    ("if a:\n    %timeit -n1 m = model.fit(X)", "if a:\n    model.fit(X)", ["2 %timeit lowered"]),
    ("%timeit model.fit(X, \\\n  y)\nz = 1", "model.fit(X,    y)\n\nz = 1", ["1 %timeit lowered"]),
    ("%timeit Model().fit(X)", "", ["1 %timeit dropped reads Model,X"]),
    ("%timeit np.random.normal()", "", ["1 %timeit dropped reads np"]),
    ("%timeit a['x'] = 1", "", ["1 %timeit refused reads a"]),
    ("%%timeit\nmodel.fit(X)", "\n", ["1 %%timeit refused reads X,model"]),
    ("%%timeit\nm = Model()\nm.fit(X)", "\n\n", ["1 %%timeit dropped reads Model,X"]),
    ("res = %timeit -o f()", "", ["1 %timeit refused reads f binds res"]),
    ("%%timeit y = x\nz = y", "\n", ["1 %%timeit dropped reads x"]),
    ("%%time\ny = x + 1", "\ny = x + 1", ["1 %%time lowered"]),
    ("\n\n%%time\ny = 1", "\n\n\ny = 1", ["3 %%time lowered"]),
    ("%%time\n%%capture\n!ls\ny = 1", "\n\n\ny = 1", ["1 %%time lowered", "2 %%capture lowered", "3 ! dropped"]),
    ("%%time f()\ny = 1", "\n", ["1 %%time refused reads f"]),
    ("%%capture out\nprint(x)", "\nprint(x)", ["1 %%capture lowered binds out"]),
    ("%%capture --no-stderr\nprint(x)", "\nprint(x)", ["1 %%capture lowered"]),
    ("%env A=1 2", 'import os; os.environ["A"] = "1 2"', ["1 %env lowered"]),
    ("%set_env A ü", 'import os; os.environ["A"] = "ü"', ["1 %set_env lowered"]),
    ("%env A={x}", "", ["1 %env refused reads x"]),
    ("%env A=$x", "", ["1 %env refused reads x"]),
    ("%env", "", ["1 %env dropped"]),
    ("v = %env A", "", ["1 %env refused binds v"]),
    ("!pip install x", "", ["1 ! requirement"]),
    ("!pip list", "", ["1 ! dropped"]),
    ("!pip install x && ./configure", "", ["1 ! refused"]),
    ("!{sys.executable} -m pip install x", "", ["1 ! requirement reads sys"]),
    ("if flag:\n    %pip install -q x", "if flag:\n    pass  # %pip install -q x", ["2 %pip requirement"]),
    ("files = !ls {d}", "", ["1 ! refused reads d binds files"]),
    ("files = !!ls", "", ["1 ! refused binds files"]),
    ("if a:\n    files = !ls", "if a:\n    pass  # files = !ls", ["2 ! refused binds files"]),
    ("a, b = !ls", "", ["1 ! refused binds a,b"]),
    ("!ls $d", "", ["1 ! dropped reads d"]),
    (
        "!cat {d}/a > b",
        'import subprocess; subprocess.run(f"cat {d}/a > b", shell=True, check=True)',
        ["1 ! lowered reads d"],
    ),
    ("!wget $url \\\n  -O {name}\nx = 1", "\n\nx = 1", ["1 ! refused reads name,url"]),
    (
        "!awk '{print $1}' a",
        "import subprocess; subprocess.run(\"awk '{print $1}' a\", shell=True, check=True)",
        ["1 ! lowered"],
    ),
    ("!cd a", "", ["1 ! dropped"]),
    ("!mv '$a' b", "import subprocess; subprocess.run(\"mv '$a' b\", shell=True, check=True)", ["1 ! lowered"]),
    ("%cd -", "", ["1 %cd refused"]),
    ("%%bash -e\nls", "\n", ["1 %%bash refused"]),
    ("%%writefile -a a.txt\nx", "\n", ["1 %%writefile refused"]),
    ("!echo \"it's", "", ["1 ! dropped"]),
    ("%%bash --out text\nls", "\n", ["1 %%bash refused binds text"]),
    ("%%R -i df -o model,fit\nx", "\n", ["1 %%R refused reads df binds model,fit"]),
    ("%%writefile a.py\nx = 1", "\n", ["1 %%writefile refused"]),
    ("%%html\n<b>hello</b>", "\n", ["1 %%html dropped"]),
    ("%%cython\ncdef int x", "\n", ["1 %%cython refused"]),
    ("%%unheard\nx = 1", "\n", ["1 %%unheard refused"]),
    ("%unheard of", "", ["1 %unheard refused"]),
    ("%run a.py $b", "", ["1 %run refused reads b"]),
    ("%pylab inline", "", ["1 %pylab refused"]),
    ("%cd /tmp", 'import os; os.chdir("/tmp")', ["1 %cd lowered"]),
    (",f a b", 'f("a", "b")', ["1 , lowered"]),
    ("/f a", "f(a)", ["1 / lowered"]),
    ("r = await co()", "r = await co()", []),
    ("  x = 1\n  y = 2", "x = 1\ny = 2", []),
    (">>> x = 1\n>>> y = 2", "x = 1\ny = 2", []),
    ("  %time x = 1\n  y = 2", "x = 1\ny = 2", ["1 %time lowered"]),
    ("get_ipython().run_line_magic('matplotlib', 'inline')", "", ["1 %matplotlib dropped"]),
    ("get_ipython().magic('time x = 1')", "x = 1", ["1 %time lowered"]),
    ("if a:\n    get_ipython().system('ls')", "if a:\n    pass  # !ls", ["2 ! dropped"]),
    ("f = get_ipython().getoutput('ls {d}')", "", ["1 ! refused reads d binds f"]),
    ("a = 1; get_ipython().system('ls')", "a = 1; get_ipython().system('ls')", ["1 ! refused"]),
    ("shell = get_ipython()", "shell = get_ipython()", ["1 get_ipython refused"]),
]


@pytest.mark.parametrize(("source", "text", "magics"), CASES, ids=[case[0] for case in CASES])
def test_lowered_text_and_magics(source: str, text: str, magics: list[str]) -> None:
    cell = lowered(source)
    assert (cell.text, [told(magic) for magic in cell.magics]) == (text, magics)


@pytest.mark.parametrize(
    ("source", "requirements"),
    [
        ("!pip install -q 'a>=1' b==2.0 -r more.txt", ("a>=1", "b==2.0")),
        (
            "%pip install --upgrade pip scikit-learn[alldeps]<2 --index-url https://example.org",
            ("scikit-learn[alldeps]<2",),
        ),
        ("!pip3 install a 2>&1 | tail -1\n!python -m pip install b > /dev/null", ("a", "b")),
        ("!conda install -c conda-forge -y lightgbm", ("lightgbm",)),
        ("%%capture\n!pip install a\n!pip install a", ("a",)),
        ("!pip uninstall a", ()),
        ("!pip install -e .", ()),
    ],
)
def test_requirements(source: str, requirements: tuple[str, ...]) -> None:
    assert lowered(source).requirements == requirements


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("x = 1\nprint 'a'", "2: Missing parentheses in call to 'print'. Did you mean print(...)?"),
        ("return 1", "1: 'return' outside function"),
        ("x = (1,\n", "1: '(' was never closed"),
        ("%matplotlib inline\nx = = 1", "2: invalid syntax"),
        ("x = 'a\0b'", "1: source code string cannot contain null bytes"),
    ],
)
def test_a_cell_that_does_not_parse_says_where(source: str, error: str) -> None:
    cell = lowered(source)
    assert (f"{cell.error_line}: {cell.error}", cell.tree.body) == (error, [])


def test_strings_are_those_that_the_kernel_computes() -> None:
    """IPython empties lines of spaces, inside strings too; outside it makes no difference and bytes stay."""
    assert lowered('s = """a\n   \nb"""').text == 's = """a\n\nb"""'
    assert lowered('s = """a\nb"""\n   \nt = 1').text == 's = """a\nb"""\n   \nt = 1'


def test_ipython_is_not_imported_for_usual_cells() -> None:
    program = """
        import sys
        from nb2prod.analysis.magics import lower
        from nb2prod.model.notebook import Cell, CellKind
        for source in ("x = 1", "%matplotlib inline", "%%time\\nx = 1\\n!ls", "df?", "print 'a'", "files = !ls"):
            lower(Cell(number=1, kind=CellKind.CODE, source=source))
        print([name for name in sys.modules if name.startswith("IPython")])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


LINES = st.sampled_from(
    [
        "x = 1",
        "",
        "# %time a",
        "f(x)",
        "%matplotlib inline",
        "%time y = x",
        "!ls",
        "!pip install a",
        "files = !ls",
        "x?",
        "a = b % c",
        "g(\n  x,\n)",
        "!ls \\\n -l",
        "%unheard",
        "if x:\n    y = 1\n    %time z = 1",
        "for i in x:\n    !ls {i}",
        't = """\n!ls\n"""',
        "%time z = [1, \\\n 2]",
        "def f():\n    %timeit 1\n    return 2",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, max_size=7), st.sampled_from(["", "%%time\n", "%%capture out\n", "\n"]))
def test_lines_keep_their_places(blocks: list[str], first: str) -> None:
    source = first + "\n".join(blocks)
    cell = lowered(source)
    assert not cell.error
    touched = {magic.line for magic in cell.magics}
    before, after = source.split("\n"), cell.text.split("\n")
    assert len(before) == len(after)
    continued = {line + 1 for line in touched if before[line - 1].endswith("\\")}
    for number, (old, new) in enumerate(zip(before, after, strict=True), start=1):
        assert old == new or number in touched | continued


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["x = 1", "", "  ", "if x:\n    pass", "y = x % 2  # !no", "s = '%time'"]), max_size=6))
def test_plain_cells_stay_byte_for_byte(lines: list[str]) -> None:
    source = "\n".join(lines)
    cell = lowered(source)
    assert (cell.text, cell.magics, cell.error) == (source, (), "")
