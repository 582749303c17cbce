"""All rules together, on a notebook with much to say and on a clean one."""

from collections.abc import Callable

from nb2prod.checks.check import all_checks


def test_findings_by_place(findings: Callable[..., list[str]]) -> None:
    found = findings(
        "%matplotlib inline\nimport pandas as pd",
        ("parameters", "limit = 3"),
        ("step:load", "df = pd.read_csv('/home/ann/a.csv')\ntry:\n    df.pop('a')\nexcept:\n    pass"),
    )
    assert found == [
        "demo.ipynb:cell 1:line 1: NB407 info: `%matplotlib` is left out: it only shows something in the notebook",
        "demo.ipynb:cell 3:line 1: NB402 warning: '/home/ann/a.csv' is a path of one machine\n"
        '    make it a parameter with a path relative to the notebook: data_path = "data/..." in a `parameters` cell',
        "demo.ipynb:cell 3:line 4: NB404 warning: every error is swallowed here\n"
        "    name the error that is expected, or let it rise: a failed step says in which cell and why",
    ]


def test_a_clean_notebook_gives_none(findings: Callable[..., list[str]]) -> None:
    assert (
        findings(
            ("imports", "import numpy as np\nimport pandas as pd\nfrom sklearn.linear_model import Ridge"),
            ("parameters", "data_path = 'data/a.csv'\nrandom_state = 7"),
            ("step:load", "df = pd.read_csv(data_path)\ndf['x'] = df['x'] % 3"),
            (
                "step:train",
                "rng = np.random.default_rng(random_state)\nmodel = Ridge().fit(df, rng.normal(size=len(df)))",
            ),
        )
        == []
    )


def test_every_rule_has_its_own_code_name_and_page() -> None:
    rules = all_checks()
    assert len({rule.code for rule in rules}) == len({rule.name for rule in rules}) == len(rules) >= 9
    for rule in rules:
        assert "\nInstead of " in rule.page, rule.code
        assert "\nwrite " in rule.page, rule.code
