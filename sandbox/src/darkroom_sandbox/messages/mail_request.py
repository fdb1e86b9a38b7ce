"""The rules of SendGrid's `mail/send`: a body becomes e-mails, or every rule it breaks is named as SendGrid names it.

Source: SendGrid, "Mail Send" and its errors.
"""

import re
from dataclasses import dataclass
from typing import Any

from darkroom_sandbox.messages.box import Attachment

ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")
PERSONALIZATIONS_MAX = 1_000
CUSTOM_ARGS_BYTES_MAX = 10_000
DISPOSITIONS = (None, "attachment", "inline")
KNOWN = frozenset(
    (
        "personalizations",
        "from",
        "reply_to",
        "reply_to_list",
        "subject",
        "content",
        "attachments",
        "template_id",
        "headers",
        "categories",
        "custom_args",
        "send_at",
        "batch_id",
        "asm",
        "ip_pool_name",
        "mail_settings",
        "tracking_settings",
    )
)
NO_TO = (
    "The to array is required for all personalization objects, "
    "and must have at least one email object with a valid email address."
)
NO_SUBJECT = (
    "The subject is required. You can get around this requirement if you use a template with a subject defined "
    "or if every personalization has a subject defined."
)
NO_CONTENT = (
    "Unless a valid template_id is provided, the content parameter is required. There must be at least one defined "
    "content block. We typically suggest both text/plain and text/html blocks are included, but only one block is required."
)
NO_FROM = (
    "The from object must be provided for every email send. It is an object that requires the email parameter, "
    'but may also contain a name parameter.  e.g. {"email" : "example@example.com"}  or '
    '{"email" : "example@example.com", "name" : "Example Recipient"}.'
)
BAD_ADDRESS = "Does not contain a valid address."


@dataclass(frozen=True)
class Broken:
    """One rule that a body breaks."""

    message: str
    field: str | None


@dataclass(frozen=True, kw_only=True)
class Part:
    """One e-mail of a body: what one personalization makes of it."""

    to: list[dict[str, str]]
    cc: list[dict[str, str]]
    bcc: list[dict[str, str]]
    subject: str
    headers: dict[str, str]
    custom_args: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class MailRequest:
    """A body that holds all rules."""

    sender: dict[str, str]
    parts: list[Part]
    text: str | None
    html: str | None
    attachments: list[Attachment]
    sandbox_mode: bool


def read_mail(body: Any) -> MailRequest | list[Broken]:
    """The e-mails in a JSON body, or what is wrong with it."""
    if not isinstance(body, dict):
        return [Broken("Bad Request", None)]
    broken = [Broken(f"Additional property {name} is not allowed", None) for name in sorted(body.keys() - KNOWN)]
    broken += _sender(body.get("from")) + _people(body.get("personalizations")) + _content(body) + _attachments(body)
    if not broken:
        broken = _subjects(body) + _arguments(body)
    if broken:
        return broken
    by_type = {block["type"]: block["value"] for block in body.get("content", [])}
    settings = body.get("mail_settings") or {}
    return MailRequest(
        sender=body["from"],
        parts=[_part(body, one) for one in body["personalizations"]],
        text=by_type.get("text/plain"),
        html=by_type.get("text/html"),
        attachments=[
            Attachment(one["filename"], one.get("type", "application/octet-stream"), one["content"])
            for one in body.get("attachments", [])
        ],
        sandbox_mode=bool((settings.get("sandbox_mode") or {}).get("enable")),
    )


def _part(body: dict[str, Any], one: dict[str, Any]) -> Part:
    return Part(
        to=one["to"],
        cc=one.get("cc") or [],
        bcc=one.get("bcc") or [],
        subject=one.get("subject") or body.get("subject") or "",
        headers=(body.get("headers") or {}) | (one.get("headers") or {}),
        custom_args=(body.get("custom_args") or {}) | (one.get("custom_args") or {}),
    )


def _sender(sender: Any) -> list[Broken]:
    if not isinstance(sender, dict) or not sender.get("email"):
        return [Broken(NO_FROM, "from.email")]
    if not _is_address(sender) or not str(sender["email"]).isascii():
        return [Broken("The from email does not contain a valid address.", "from.email")]
    return []


def _people(parts: Any) -> list[Broken]:
    if not isinstance(parts, list) or not parts:
        return [Broken("The personalizations field is required and must have at least one personalization.", "personalizations")]
    if len(parts) > PERSONALIZATIONS_MAX:
        return [Broken(f"There may be at most {PERSONALIZATIONS_MAX} personalizations.", "personalizations")]
    broken: list[Broken] = []
    for number, part in enumerate(parts):
        place = f"personalizations.{number}"
        if not isinstance(part, dict) or not isinstance(part.get("to"), list) or not part["to"]:
            broken.append(Broken(NO_TO, f"{place}.to"))
            continue
        seen: set[str] = set()
        for group in ("to", "cc", "bcc"):
            for index, person in enumerate(part.get(group) or []):
                if not _is_address(person):
                    broken.append(Broken(BAD_ADDRESS, f"{place}.{group}.{index}.email"))
                elif person["email"].lower() in seen:
                    told = "Each email address in the personalization block should be unique between to, cc, and bcc."
                    broken.append(Broken(f"{told} We found the first duplicate instance of [{person['email']}].", place))
                else:
                    seen.add(person["email"].lower())
    return broken


def _content(body: dict[str, Any]) -> list[Broken]:
    content = body.get("content")
    if content is None and body.get("template_id"):
        return []
    if not isinstance(content, list) or not content:
        return [Broken(NO_CONTENT, "content")]
    broken = []
    for number, block in enumerate(content):
        value = block.get("value") if isinstance(block, dict) else None
        if not isinstance(value, str) or not value:
            broken.append(
                Broken("The content value must be a string at least one character in length.", f"content.{number}.value")
            )
        elif block.get("type") == "text/plain" and number > 0:
            told = "If present, text/plain must be first, followed by text/html, followed by any other content."
            broken.append(Broken(f"The content type is not in the right order. {told}", "content"))
    return broken


def _attachments(body: dict[str, Any]) -> list[Broken]:
    broken = []
    for number, one in enumerate(body.get("attachments") or []):
        place = f"attachments.{number}"
        if not isinstance(one, dict) or not isinstance(one.get("content"), str) or not one["content"]:
            broken.append(Broken("The attachment content is required.", f"{place}.content"))
        elif not isinstance(one.get("filename"), str) or not one["filename"]:
            broken.append(Broken("The attachment filename is required.", f"{place}.filename"))
        elif one.get("disposition") not in DISPOSITIONS:
            broken.append(Broken("The attachment disposition must be attachment or inline.", f"{place}.disposition"))
    return broken


def _subjects(body: dict[str, Any]) -> list[Broken]:
    if body.get("subject") or body.get("template_id") or all(part.get("subject") for part in body["personalizations"]):
        return []
    return [Broken(NO_SUBJECT, "subject")]


def _arguments(body: dict[str, Any]) -> list[Broken]:
    broken = []
    for number, part in enumerate(body["personalizations"]):
        arguments = (body.get("custom_args") or {}) | (part.get("custom_args") or {})
        if not all(isinstance(value, str) for value in arguments.values()):
            broken.append(Broken("The custom_args values must be strings.", f"personalizations.{number}.custom_args"))
        elif sum(len(name.encode()) + len(value.encode()) for name, value in arguments.items()) > CUSTOM_ARGS_BYTES_MAX:
            broken.append(Broken("The custom_args may have less than 10,000 bytes.", f"personalizations.{number}.custom_args"))
    return broken


def _is_address(person: Any) -> bool:
    return isinstance(person, dict) and isinstance(person.get("email"), str) and bool(ADDRESS.fullmatch(person["email"]))
