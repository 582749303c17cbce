from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("df = pd.read_csv('/home/ann/data.csv')", ["/home/ann/data.csv"]),
        ("df = pd.read_csv('~/data.csv')", ["~/data.csv"]),
        (r"df = pd.read_csv('C:\\data\\a.csv')", [r"C:\data\a.csv"]),
        ("df.to_csv('C:/data/a.csv')", ["C:/data/a.csv"]),
        (r"df.to_csv(r'\\server\share\a.csv')", [r"\\server\share\a.csv"]),
        ("open(f'/data/{name}')", ["/data/"]),
        ("open('/data/' + name)", ["/data/"]),
        ("joblib.dump(model, '/models/m.pkl')", ["/models/m.pkl"]),
        ("Path('/data')", ["/data"]),
        ("DATA_DIR = '/content/drive/data'", ["/content/drive/data"]),
        ("plot(output_file='/home/ann/a.png')", ["/home/ann/a.png"]),
        ("a = pd.read_csv('/d/a.csv')\nb = pd.read_csv('/d/a.csv')", ["/d/a.csv"]),
        ("df = pd.read_csv('data/a.csv')", []),
        ("df = pd.read_csv('../a.csv')", []),
        ("df = pd.read_csv('https://example.org/a.csv')", []),
        ("df = pd.read_csv('s3://bucket/a.csv')", []),
        ("open('/dev/null', 'w')", []),
        ("open('/tmp/a')", []),
        ("label = '/home/ann'", []),
        ("client.get('/api/v1')", []),
        ("path = base / 'a.csv'", []),
        ("', '.join(['/a/b'])", []),
        ("text.split('/')", []),
        ("df.to_csv('a.csv', sep='/')", []),
    ],
)
def test_paths(said: Callable[..., list[str]], source: str, paths: list[str]) -> None:
    assert said("NB402", source) == [f"1:1 {path!r} is a path of one machine" for path in paths]


def test_a_parameter_may_have_any_default(said: Callable[..., list[str]]) -> None:
    assert said("NB402", ("parameters", "data_path = '/data/a.csv'")) == []
    assert said("NB402", ("skip", "data_path = '/data/a.csv'")) == []
