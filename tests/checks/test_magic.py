from collections.abc import Callable


def test_what_becomes_of_magics(said: Callable[..., list[str]]) -> None:
    assert said(
        "NB407", "%matplotlib inline\n%time x = f()\n!ls data", "%%capture\nprint(x)", "!pip install a\n%run b"
    ) == [
        "1:1 `%matplotlib` is left out: it only shows something in the notebook",
        "1:2 `%time` becomes plain Python: the statement runs as it stands, without measuring",
        "1:3 `!` is left out: it only shows something in the notebook",
        "2:1 `%%capture` becomes plain Python: output goes to the step's log",
    ]


def test_requirements(said: Callable[..., list[str]]) -> None:
    assert said("NB408", "!pip install -q a 'b>=2'", "%pip install -r more.txt") == [
        "1:1 `!pip install -q a 'b>=2'` is left out: a requirement of the project: a, b>=2",
        "2:1 `%pip install -r more.txt` is left out: no distribution is named in `pip install -r more.txt`; "
        "what the code imports is required",
    ]
