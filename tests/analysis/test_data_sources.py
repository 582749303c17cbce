"""The paths and URLs that a notebook names."""

import pytest

from nb2prod.analysis.analyse import analyse
from nb2prod.analysis.data_sources import data_sources_of
from nb2prod.model.notebook import Cell, CellKind, Notebook


@pytest.mark.parametrize(
    ("source", "data"),
    [
        ("df = pd.read_csv('data/sales 2024.csv')", ["read sales_2024: data/sales 2024.csv"]),
        ("df = pd.read_parquet(path='s3://b/x.parquet?v=1')", ["read x: s3://b/x.parquet?v=1"]),
        ("df.to_csv('out.csv', sep=',')", ["write out: out.csv"]),
        ("open('a.txt').read(); open('b.txt', 'w').write('x')", ["read a: a.txt", "write b: b.txt"]),
        ("plt.savefig('fig.png')", ["write fig: fig.png"]),
        (
            "pd.read_csv('a/x.csv'); pd.read_csv('b/x.csv'); pd.read_csv('a/x.csv')",
            ["read x: a/x.csv", "read x_2: b/x.csv"],
        ),
        ("pd.read_csv(path)", []),
        ("data = sns.load_dataset('tips')", []),
        ("print('a.txt')", []),
    ],
)
def test_places_of_data(source: str, data: list[str]) -> None:
    cell = Cell(number=1, kind=CellKind.CODE, source=source, tags=("step:a",))
    found = data_sources_of(analyse(Notebook(name="a.ipynb", cells=(cell,))))
    assert [f"{'write' if d.writes else 'read'} {d.name}: {d.url}" for d in sorted(found, key=str)] == sorted(data)
