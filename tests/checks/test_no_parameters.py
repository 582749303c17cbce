from collections.abc import Callable

MESSAGE = "demo.ipynb: NB403 info: no cell is tagged `parameters`, so every run is the same run"


def test_candidates_are_named(findings: Callable[..., list[str]]) -> None:
    source = "threshold = -0.5\nname = 'churn'\ntotal = 0\nfor x in 1, 2:\n    total += x"
    assert findings(source, "m = SVC(C=0.1, solver='svd')\nk = [1]") == [
        f"{MESSAGE}\n    candidates: threshold = -0.5 (cell 1), name = 'churn' (cell 1), C=0.1 (cell 2)"
    ]


def test_without_candidates(findings: Callable[..., list[str]]) -> None:
    assert findings("x = f()") == [f"{MESSAGE}\n    tag the cell that sets what may differ from run to run"]


def test_long_lists_are_cut(findings: Callable[..., list[str]]) -> None:
    names = ", ".join(f"x{n} = {n} (cell 1)" for n in range(6))
    assert findings("\n".join(f"x{n} = {n}" for n in range(9))) == [f"{MESSAGE}\n    candidates: {names}, …"]


def test_with_parameters(findings: Callable[..., list[str]]) -> None:
    assert findings(("parameters", "alpha = 0.1"), ("step:fit", "m = Ridge(alpha=alpha)\nlimit = 3")) == []


def test_a_secret_is_no_candidate(findings: Callable[..., list[str]]) -> None:
    hints = [text for text in findings("password = 's3cr3t-pw-99'\nregion = 'EU'") if text.startswith(MESSAGE)]
    assert hints == [f"{MESSAGE}\n    candidates: region = 'EU' (cell 1)"]
