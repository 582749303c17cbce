"""E-mail over SMTP, as plain text and as HTML, with STARTTLS (the default), TLS from the first byte, or neither."""

import html
import ipaddress
import smtplib
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from nb2prod.scheduler.notify.notifier import ChannelRefused, Message, Notifier, NotSent, Setting

_PORTS = {"starttls": 587, "tls": 465, "none": 25}


def check(settings: Mapping[str, object]) -> None:
    security = settings.get("security", "starttls")
    if security not in _PORTS:
        raise ChannelRefused("settings.security", f"it must be {', '.join(_PORTS)}")
    if not (settings.get("user") is None) == (settings.get("password") is None):
        raise ChannelRefused("settings.password", "user and password go together")
    if security == "none" and settings.get("password") and not _is_loopback(str(settings["host"])):
        raise ChannelRefused("settings.security", "a password goes over the network with starttls or tls only")
    for path, text in [("from", settings["from"]), *(("to", text) for text in _listed(settings["to"]))]:
        if not _is_address(text):
            raise ChannelRefused(f"settings.{path}", f"{text!r} is no e-mail address")


def send(message: Message, settings: Mapping[str, object]) -> str:
    letter = compose(message, settings)
    try:
        with _connect(settings) as server:
            if settings.get("user"):
                server.login(str(settings["user"]), str(settings["password"]))
            refused = server.send_message(letter)
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        raise NotSent(f"refused for {', '.join(sorted(error.recipients))}", again=min(codes) < 500) from error
    except smtplib.SMTPAuthenticationError as error:
        raise NotSent(f"the server refused the login: {error.smtp_code}", again=False) from error
    except smtplib.SMTPResponseException as error:
        why = f"the server said {error.smtp_code} {_text(error.smtp_error)}"
        raise NotSent(why, again=error.smtp_code < 500) from error
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"{type(error).__name__}: {error}") from error
    return f"refused for {', '.join(sorted(refused))}" if refused else ""


def compose(message: Message, settings: Mapping[str, object]) -> EmailMessage:
    letter = EmailMessage()
    letter["Subject"] = " ".join(message.subject.split())
    letter["From"] = str(settings["from"])
    letter["To"] = ", ".join(_listed(settings["to"]))
    letter["Date"] = format_datetime(datetime.now(UTC))
    letter["Message-ID"] = f"<{message.id}@{_domain(str(settings['from']))}>"  # the same at each try
    letter["Auto-Submitted"] = "auto-generated"  # no holiday replies, please
    letter["X-Nb2prod-Event"] = message.event
    letter.set_content(message.body + "\n")
    letter.add_alternative(_page(message), subtype="html")
    return letter


def _page(message: Message) -> str:
    rows = "".join(
        f'<tr><th align="left">{html.escape(name)}</th><td>{html.escape(value)}</td></tr>'
        for name, value in message.fields.items()
        if value and "\n" not in value
    )
    return (
        f"<!doctype html><html><head><meta charset='utf-8'><title>{html.escape(message.subject)}</title></head>"
        f"<body><h3>{html.escape(message.subject)}</h3><pre>{html.escape(message.body)}</pre>"
        f"<table cellpadding='3'>{rows}</table></body></html>"
    )


def _connect(settings: Mapping[str, object]) -> smtplib.SMTP:
    security = str(settings.get("security", "starttls"))
    host, port = str(settings["host"]), int(str(settings.get("port") or _PORTS[security]))
    timeout = float(str(settings.get("timeout") or 10))
    trusted = ssl.create_default_context(cafile=str(settings["ca_file"]) if settings.get("ca_file") else None)
    if security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=timeout, context=trusted)
    server = smtplib.SMTP(host, port, timeout=timeout)
    if security == "starttls":
        try:
            server.starttls(context=trusted)
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
    return server


def _listed(value: object) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list) else [str(value)]


def _is_address(value: object) -> bool:
    text = str(value)
    _, address = parseaddr(text)
    if not address or any(sign in text for sign in "\r\n,"):
        return False
    try:
        return bool(Address(addr_spec=address).domain)
    except Exception:  # the parser of the standard library raises many kinds for what is no address
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _domain(address: str) -> str:
    return parseaddr(address)[1].rpartition("@")[2]


def _text(error: bytes | str) -> str:
    return error.decode("utf-8", "replace") if isinstance(error, bytes) else error


PLUGIN = Notifier(
    name="email",
    settings=(
        Setting("host", required=True),
        Setting("port", int),
        Setting("security"),
        Setting("user", secret="may"),
        Setting("password", secret="must"),
        Setting("from", required=True),
        Setting("to", (str, list), required=True),
        Setting("ca_file"),
        Setting("timeout", (int, float)),
    ),
    check=check,
    send=send,
)
