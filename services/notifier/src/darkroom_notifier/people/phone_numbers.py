"""Which phone numbers messages may go to, and their one spelling (E.164). Pure; the numbering plans come from libphonenumber."""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

PHONE_RULE = "must be a number with its country code, such as +4915112345678"
PREMIUM_RULE = "must be an ordinary number; this one costs extra"
COUNTRY_RULE = "is in a country that this installation sends no SMS to"
ANY_COUNTRY = "*"

WRITTEN = re.compile(r"\+[0-9 ().\-/\u00a0]{6,40}")
NORTH_AMERICA = 1
COSTLY = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.PAGER, PhoneNumberType.UAN})


class BadAddress(ValueError):
    """An address that no message could be sent to; the message is the rule it breaks."""


def read_phone(text: str, countries: frozenset[str] = frozenset({ANY_COUNTRY})) -> str:
    """A number as E.164, without the zero that is dialled within a country. Raises BadAddress.

    `countries` are ISO 3166 codes in upper case, or `*`. A number that its country's plan does not know is taken if its length is
    right, because plans grow and a wrong number is never confirmed; not with a zero in front that cannot belong to it.
    """
    if not WRITTEN.fullmatch(text.strip()):
        raise BadAddress(PHONE_RULE)
    try:
        number = phonenumbers.parse(text.strip())
    except NumberParseException as error:
        raise BadAddress(PHONE_RULE) from error
    if not phonenumbers.is_possible_number(number) or (number.italian_leading_zero and not phonenumbers.is_valid_number(number)):
        raise BadAddress(PHONE_RULE)
    if _is_costly(number):
        raise BadAddress(PREMIUM_RULE)
    if ANY_COUNTRY not in countries and _country(number) not in countries:
        raise BadAddress(COUNTRY_RULE)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def read_countries(text: str) -> frozenset[str]:
    """The countries of a setting: `DE,AT` or `*`. Raises ValueError naming those that do not exist."""
    named = {code.strip().upper() for code in text.split(",") if code.strip()}
    unknown = named - phonenumbers.SUPPORTED_REGIONS - {ANY_COUNTRY}
    if unknown:
        raise ValueError(f"no such countries: {', '.join(sorted(unknown))}")
    return frozenset(named)


def _is_costly(number: PhoneNumber) -> bool:
    kind = phonenumbers.number_type(number)
    # In North America a personal number (500) costs what any other does; elsewhere, as 070 in Britain, the caller pays for it.
    return kind in COSTLY or (kind == PhoneNumberType.PERSONAL_NUMBER and number.country_code != NORTH_AMERICA)


def _country(number: PhoneNumber) -> str:
    assert number.country_code is not None, "a number that was parsed with its country code has one"
    return phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(number.country_code)
