from collections.abc import Callable

import pytest

AWS = "AKIA" + "ABCDEFGHIJKLMNOP"


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("password = 'hunter22'", "`password`"),
        ("DB_PASSWORD: str = 'hunter22'", "`DB_PASSWORD`"),
        ("os.environ['API_KEY'] = 'abcd1234'", "`API_KEY`"),
        ("%env API_KEY=abcd1234", "`API_KEY`"),
        ("connect(password='hunter22')", "`password`"),
        ("settings = {'secret_key': 'hunter22'}", "`secret_key`"),
        ("token = 'a1b2c3d4e5f6a7b8c9'", "`token`"),
        (f"key = '{AWS}'", "`key`"),
        (f"use('{AWS}')", "the text"),
        ("url = 'postgresql://ann:hunter22@db/churn'", "`url`"),
    ],
)
def test_secrets(said: Callable[..., list[str]], source: str, what: str) -> None:
    assert said("NB409", source) == [f"1:1 {what} looks like a secret"]


@pytest.mark.parametrize(
    "source",
    [
        "password = os.environ['PASSWORD']",
        "password = ''",
        "password = 'your_password_here'",
        "password = '<password>'",
        "api_key = 'MY_SERVICE_API_KEY'",
        "token = 'the'",
        "pad_token = '<pad>'",
        "tokenizer = 'bert-base-uncased-v1-2019-04'",
        "url = 'postgresql://db/churn'",
        "url = f'postgresql://{user}:{password}@db/churn'",
        "author = 'ann'",
        "keywords = 'churn and more'",
        "df = df.rename(columns={'password_changed': 'changed'})",
    ],
)
def test_other_texts(said: Callable[..., list[str]], source: str) -> None:
    assert said("NB409", source) == []


def test_the_secret_itself_is_not_repeated(findings: Callable[..., list[str]]) -> None:
    assert "hunter22" not in "".join(findings(("parameters", "password = 'hunter22'")))
