from collections.abc import Callable

import pytest

NP = "import numpy as np"
SPLIT = "from sklearn.model_selection import train_test_split, KFold"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([NP, "x = np.random.normal(size=3)"], ["2:1 normal"]),
        ([NP, "np.random.seed(1)", "x = np.random.normal(size=3)"], []),
        ([NP + "\nx = np.random.rand()\nnp.random.seed(1)"], []),
        ([NP, "x = np.random.rand()", "np.random.seed(1)"], ["2:1 rand"]),
        ([NP, "np.random.seed()", "x = np.random.rand()"], ["3:1 rand"]),
        ([NP, "def draw():\n    return np.random.rand()", "np.random.seed(1)\ndraw()"], []),
        ([NP, "def draw():\n    return np.random.rand()", "draw()"], ["2:2 rand"]),
        ([NP, "rng = np.random.default_rng()"], ["2:1 default_rng"]),
        ([NP, "rng = np.random.default_rng(3)\nrng.normal()"], []),
        (["from numpy.random import default_rng", "rng = default_rng()"], ["2:1 default_rng"]),
        (["import random", "random.shuffle(x)"], ["2:1 shuffle"]),
        (["import random", "random.seed(1)\nrandom.shuffle(x)"], []),
        (["import random, numpy as np", "random.seed(1)\nnp.random.rand()"], ["2:2 rand"]),
        ([SPLIT, "a, b = train_test_split(df)"], ["2:1 train_test_split"]),
        ([SPLIT, "a, b = train_test_split(df, random_state=None)"], ["2:1 train_test_split"]),
        ([SPLIT, "a, b = train_test_split(df, random_state=seed)"], []),
        ([SPLIT, "a, b = train_test_split(df, shuffle=False)"], []),
        ([SPLIT, "a, b = train_test_split(df, **options)"], []),
        ([SPLIT, NP, "np.random.seed(0)\na, b = train_test_split(df)"], []),
        ([SPLIT, "KFold(5)\nKFold(5, shuffle=True)"], ["2:2 KFold"]),
        (["from sklearn.ensemble import RandomForestClassifier as F", "m = F()"], ["2:1 RandomForestClassifier"]),
        (["import sklearn.cluster", "m = sklearn.cluster.KMeans(3)"], ["2:1 KMeans"]),
        (["from sklearn.linear_model import LinearRegression", "m = LinearRegression()"], []),
        (
            [
                "from sklearn.ensemble import AdaBoostClassifier as A",
                "from sklearn.tree import DecisionTreeClassifier as T",
                "A(T(), random_state=1)\nA(T())",
            ],
            ["3:2 AdaBoostClassifier", "3:2 DecisionTreeClassifier"],
        ),
        (["df.sample(5)"], ["1:1 sample"]),
        (["df.sample(frac=1, random_state=1)"], []),
        (["model.sample(batch)"], []),
        (["import torch", "torch.manual_seed(0)\ntorch.randn(3)"], []),
        (["import torch", "torch.randn(3)\ntorch.randn(4)"], ["2:1 randn"]),
    ],
)
def test_draws(said: Callable[..., list[str]], cells: list[str], expected: list[str]) -> None:
    found = [
        text.replace("`", "").removesuffix(" draws at random and nothing seeds it") for text in said("NB405", *cells)
    ]
    assert found == expected
