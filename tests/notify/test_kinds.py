"""Each notifier against a real other side on loopback: what arrives, what is refused, what is worth another try."""

import hashlib
import hmac
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from notify.servers import Post, mail_server, webhook

from nb2prod.scheduler.notify.notifier import Message, NotSent, notifiers
from nb2prod.scheduler.notify.sender import Sender

pytestmark = pytest.mark.slow

MESSAGE = Message(
    id="n17",
    event="run.failed",
    subject="churn failed",
    body="ValueError: <b> no & rows\nrun.id: 7",
    at="2026-01-01 06:00:00 UTC",
    fields={"run.id": "7", "failure.message": "ValueError: <b> no & rows"},
)


def test_a_webhook_posts_json_that_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "signing-key-1")
    with webhook() as hook:
        settings = {"url": hook.url, "signing_key": {"secret": "env:KEY"}, "headers": {"X-Team": "data"}}
        answer = Sender().send("webhook", settings, MESSAGE)
        assert (answer.sent, answer.why) == (True, "HTTP 204")
        assert hook.messages == [
            {
                "id": "n17",
                "event": "run.failed",
                "subject": "churn failed",
                "body": "ValueError: <b> no & rows\nrun.id: 7",
                "at": "2026-01-01 06:00:00 UTC",
                "fields": {"run.id": "7", "failure.message": "ValueError: <b> no & rows"},
            }
        ]
        head = hook.headers[0]
        signed = head["x-nb2prod-timestamp"].encode() + b"." + hook.bodies[0]
        assert head["x-nb2prod-signature"] == f"sha256={hmac.new(b'signing-key-1', signed, hashlib.sha256).hexdigest()}"
        assert (head["x-nb2prod-delivery"], head["x-team"], head["content-type"]) == ("n17", "data", "application/json")


def test_a_webhook_for_chat_gets_one_text_and_its_url_may_be_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook() as hook:
        monkeypatch.setenv("CHAT", hook.url)
        assert Sender().send("webhook", {"url": {"secret": "env:CHAT"}, "format": "text"}, MESSAGE).sent
        assert hook.messages == [{"text": f"{MESSAGE.subject}\n{MESSAGE.body}"}]


def test_what_a_webhook_answers_decides_about_another_try() -> None:
    post = notifiers()["webhook"].send
    with webhook() as hook:
        hook.answers = [(503, {"Retry-After": "7"}), (404, {}), (429, {}), (302, {"Location": "file:///etc/passwd"})]
        hook.answers += [(307, {"Location": "http://localhost:1/x"}), (308, {"Location": "/moved"}), (204, {})]
        found = []
        for _ in range(5):
            with pytest.raises(NotSent) as caught:
                post(MESSAGE, {"url": hook.url})
            found.append((caught.value.again, caught.value.after, caught.value.why))
        assert found == [
            (True, 7.0, "HTTP 503 Service Unavailable"),
            (False, 0.0, "HTTP 404 Not Found"),
            (True, 0.0, "HTTP 429 Too Many Requests"),
            (False, 0.0, "HTTP 302 Found - Redirection to url 'file:///etc/passwd' is not allowed"),
            (False, 0.0, "HTTP 307: it moved to http://localhost:1; change the channel's url"),
        ]
        assert post(MESSAGE, {"url": hook.url}) == "HTTP 204"
        assert hook.paths[-1] == "/moved"
        assert hook.bodies[-1] == hook.bodies[-2]
    with pytest.raises(NotSent, match="Connection refused") as caught:
        post(MESSAGE, {"url": hook.url})
    assert caught.value.again


def test_a_server_that_hangs_is_left_at_the_deadline_and_costs_a_try() -> None:
    with webhook() as hook:
        hook.hang = 20.0
        began = time.monotonic()
        answer = Sender().send("webhook", {"url": hook.url, "timeout": 0.3}, MESSAGE)
        assert (answer.sent, answer.again) == (False, True)
        assert "timed out" in answer.why
        assert time.monotonic() - began < 15


def test_an_e_mail_has_text_and_html_and_leaves_by_tls_with_a_login(
    tmp_path: Path, certificate: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ca_file, context = certificate
    (tmp_path / "password").write_text("s3cr3t-word\n")
    post = Post()

    def log_in(server: object, session: object, envelope: object, mechanism: str, auth: Any) -> AuthResult:
        del server, session, envelope, mechanism
        post.logins.append((auth.login, auth.password))
        is_right = auth.password == b"s3cr3t-word"
        return AuthResult(success=is_right, handled=is_right)

    with mail_server(post, tls_context=context, authenticator=log_in, auth_required=True) as port:
        settings: dict[str, object] = {
            "host": "localhost",
            "port": port,
            "from": "nb2prod <jobs@example.com>",
            "to": ["ann@example.com", "bob@example.com"],
            "user": "jobs",
            "password": {"secret": f"file:{tmp_path / 'password'}"},
            "ca_file": ca_file,
        }
        assert Sender().send("email", settings, MESSAGE).sent
        monkeypatch.setenv("WRONG", "no-such-word")
        answer = Sender().send("email", settings | {"password": {"secret": "env:WRONG"}}, MESSAGE)
        untrusted = Sender().send("email", {k: v for k, v in settings.items() if k != "ca_file"}, MESSAGE)
    assert post.logins[0] == (b"jobs", b"s3cr3t-word")
    assert post.envelopes == [("jobs@example.com", ["ann@example.com", "bob@example.com"])]
    (letter,) = post.letters
    assert (letter["Subject"], letter["Message-ID"], letter["Auto-Submitted"]) == (
        "churn failed",
        "<n17@example.com>",
        "auto-generated",
    )
    plain, page = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert plain.get_content().replace("\r\n", "\n") == MESSAGE.body + "\n"
    assert "ValueError: &lt;b&gt; no &amp; rows" in page.get_content()
    assert "<b>" not in page.get_content()
    assert (answer.again, answer.why) == (False, "the server refused the login: 535")
    assert not untrusted.sent
    assert "certificate" in untrusted.why.lower()


def test_an_e_mail_that_one_address_refuses_goes_to_the_other() -> None:
    post = Post()
    with mail_server(post, refuse="gone@example.com") as port:
        settings = {"host": "127.0.0.1", "port": port, "security": "none", "from": "jobs@example.com"}
        both = Sender().send("email", {**settings, "to": ["ann@example.com", "gone@example.com"]}, MESSAGE)
        none = Sender().send("email", {**settings, "to": "gone@example.com"}, MESSAGE)
    assert (both.sent, both.why) == (True, "refused for gone@example.com")
    assert (none.sent, none.again, none.why) == (False, False, "refused for gone@example.com")
    assert [to for _, to in post.envelopes] == [["ann@example.com"]]


def test_a_command_gets_the_message_and_no_shell(tmp_path: Path) -> None:
    script = tmp_path / "take.py"
    script.write_text("import sys, os; open(sys.argv[1], 'w').write(sys.stdin.read() + os.environ['WHO'])")
    out = tmp_path / "$(touch pwned); out"
    settings = {"command": [sys.executable, str(script), str(out)], "env": {"WHO": "ann"}}
    assert Sender().send("command", settings, MESSAGE).sent
    assert '"subject": "churn failed"' in out.read_text()
    assert out.read_text().endswith("ann")


def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    script = tmp_path / "hang.sh"
    script.write_text(f"sleep 60 &\necho $! > {tmp_path}/pid\necho $$ >> {tmp_path}/pid\nwait\n")
    answer = Sender().send("command", {"command": ["/bin/sh", str(script)], "timeout": 0.5}, MESSAGE)
    assert (answer.sent, answer.again) == (False, True)
    assert answer.why == "the command did not end within 0.5 s and was killed"
    assert not any(_lives(int(pid)) for pid in (tmp_path / "pid").read_text().split())


def test_a_command_that_fails_says_why_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_PAGER", "tok-123456")
    settings = {"command": ["/bin/sh", "-c", "echo bad $T >&2; exit 3"], "env": {"T": {"secret": "env:TOKEN_OF_PAGER"}}}
    assert (
        Sender().send("command", settings, MESSAGE).why == "the command ended with 3: bad [secret env:TOKEN_OF_PAGER]"
    )
    missing = Sender().send("command", {"command": ["/no/such/pager"]}, MESSAGE)
    assert missing.why == "/no/such/pager cannot be started: No such file or directory"


def test_a_secret_that_is_not_there_is_named_and_tried_again() -> None:
    answer = Sender().send("webhook", {"url": {"secret": "env:NO_SUCH_NAME"}}, MESSAGE)
    assert (answer.sent, answer.again) == (False, True)
    assert answer.why == "the secret env:NO_SUCH_NAME cannot be read: the environment has no NO_SUCH_NAME"


def test_a_secret_of_the_run_is_taken_out_of_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "pa55-word-of-db")
    leaky = Message(
        id="n1", event="run.failed", subject="s pa55-word-of-db", body="b pa55-word-of-db", at="", fields={}
    )
    with webhook() as hook:
        assert Sender().send("webhook", {"url": hook.url}, leaky, secrets=["env:DB_PASSWORD", "env:GONE"]).sent
        assert (hook.messages[0]["subject"], hook.messages[0]["body"]) == (
            "s [secret env:DB_PASSWORD]",
            "b [secret env:DB_PASSWORD]",
        )
        assert b"pa55" not in hook.bodies[0]


def test_a_notifier_of_somebody_else_that_never_ends_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hanging.py").write_text(
        "import os, time\nfrom nb2prod.scheduler.notify.notifier import Notifier\n"
        f"def send(message, settings):\n    open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        "    while True:\n        time.sleep(1)\n"
        "PLUGIN = Notifier(name='hanging', settings=(), send=send)\n"
    )
    meta = tmp_path / "hanging-1.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: hanging\nVersion: 1\n")
    (meta / "entry_points.txt").write_text("[nb2prod.notifiers]\nhanging = hanging:PLUGIN\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    answer = Sender().send("hanging", {}, MESSAGE, seconds=2.0)
    assert (answer.sent, answer.again, answer.why) == (
        False,
        True,
        "the notifier did not end within 2 s and was killed",
    )
    assert not _lives(int((tmp_path / "pid").read_text()))


def _lives(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"
