"""How an API writes an instant as a text: read once from an example, then written back to the letter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

DAY = timedelta(days=1)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_ISO = re.compile(
    r"(?P<year>\d{4})(?P<dash>[-/.]?)"
    r"(?:(?P<month>\d\d)(?P=dash)(?P<day>\d\d)|W(?P<week>\d\d)(?P=dash)(?P<weekday>[1-7]))"
    r"(?:(?P<between>[Tt ])(?P<hour>\d\d)"
    r"(?:(?P<colon>:?)(?P<minute>\d\d)(?:(?P=colon)(?P<second>\d\d)(?:(?P<point>[.,])(?P<fraction>\d+))?)?)?"
    r"(?P<zone> ?(?:[Zz]|UTC|GMT|[+-]\d\d(?::?\d\d)?))?)?",
    re.ASCII,
)
_RFC = re.compile(
    rf"(?P<name>(?:{'|'.join(DAYS)}), )?(?P<day>\d{{1,2}}) (?P<month_name>{'|'.join(MONTHS)}) (?P<year>\d{{4}}) "
    r"(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?P<zone> (?:GMT|UTC|UT|Z|[+-]\d{4}))?",
    re.ASCII,
)


@dataclass(frozen=True)
class TextShape:
    """A way to write an instant.

    Args:
        template: for `str.format`; everything but the numbers is as in the example.
        zone: the fixed offset that the text ends in; None where it names none.
        step: the smallest difference that the text can show.
    """

    template: str
    zone: tzinfo | None
    step: timedelta

    def write(self, local: datetime) -> str:
        """The text of `local`, a time without a zone that is meant in this shape's own; what it cannot show is cut."""
        week = local.isocalendar()
        return self.template.format(
            year=local.year,
            month=local.month,
            day=local.day,
            week_year=week.year,
            week=week.week,
            weekday=week.weekday,
            hour=local.hour,
            minute=local.minute,
            second=local.second,
            fraction=_Fraction(local.microsecond),
            day_name=DAYS[local.weekday()],
            month_name=MONTHS[local.month - 1],
        )


class _Fraction:
    """Microseconds, with `digits` as the format: `{fraction:3}` writes milliseconds."""

    def __init__(self, microsecond: int) -> None:
        self._digits = f"{microsecond:06}"

    def __format__(self, digits: str) -> str:
        return self._digits.ljust(int(digits), "0")[: int(digits)]


def read_text(text: str, *, rfc: bool = False) -> datetime:
    """A text as a datetime, naive where it names no zone.

    Args:
        rfc: RFC 2822 is expected (`Wed, 04 Mar 2026 05:06:07 +0000`) rather than ISO 8601.

    Raises:
        ValueError: it is none.
    """
    if not rfc:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            # It knows neither a blank before the zone, nor slashes, nor `UTC`.
            pass
    return _moment((_RFC if rfc else _ISO).fullmatch(text))


def shape_of(text: str) -> TextShape:
    """The shape of a text in ISO 8601 (whole dates, week dates, any precision, any separators) or RFC 2822.

    Raises:
        ValueError: it has another.
    """
    iso, rfc = _ISO.fullmatch(text), _RFC.fullmatch(text)
    moment = _moment(iso or rfc)
    found = (iso or rfc or re.match("", text)).groupdict()  # type: ignore[union-attr]
    template, step = _iso_template(found) if iso else _rfc_template(found)
    return TextShape(template, moment.tzinfo, step)


def is_rfc(text: str) -> bool:
    """Whether a text is written as in an e-mail's header, by RFC 2822."""
    return _RFC.fullmatch(text) is not None


def _iso_template(found: Mapping[str, str | None]) -> tuple[str, timedelta]:
    dash = found["dash"] or ""
    day = ("{year:04}", "{month:02}", "{day:02}") if found["month"] else ("{week_year:04}", "W{week:02}", "{weekday}")
    text, step = dash.join(day), DAY
    if found["hour"] is not None:
        text, step = f"{text}{found['between']}{{hour:02}}", timedelta(hours=1)
    if found["minute"] is not None:
        text, step = f"{text}{found['colon']}{{minute:02}}", timedelta(minutes=1)
    if found["second"] is not None:
        text, step = f"{text}{found['colon']}{{second:02}}", timedelta(seconds=1)
    if fraction := found["fraction"]:
        text = f"{text}{found['point']}{{fraction:{len(fraction)}}}"
        step = timedelta(microseconds=10 ** max(0, 6 - len(fraction)))
    return text + (found["zone"] or ""), step


def _rfc_template(found: Mapping[str, str | None]) -> tuple[str, timedelta]:
    day = "{day}" if len(found["day"] or "") == 1 else "{day:02}"
    second = ":{second:02}" if found["second"] else ""
    name = "{day_name}, " if found["name"] else ""
    text = f"{name}{day} {{month_name}} {{year:04}} {{hour:02}}:{{minute:02}}{second}{found['zone'] or ''}"
    return text, timedelta(seconds=1) if second else timedelta(minutes=1)


def _moment(match: re.Match[str] | None) -> datetime:
    if match is None:
        raise ValueError("neither ISO 8601 nor RFC 2822")
    found = match.groupdict()
    if found.get("week"):
        day = date.fromisocalendar(int(found["year"]), int(found["week"]), int(found["weekday"]))
    else:
        name = found.get("month_name")
        day = date(int(found["year"]), MONTHS.index(name) + 1 if name else int(found["month"]), int(found["day"]))
    hour, minute, second = (int(found.get(name) or 0) for name in ("hour", "minute", "second"))
    microsecond = int((found.get("fraction") or "").ljust(6, "0")[:6])
    return datetime.combine(day, time(hour, minute, second, microsecond, _zone(found["zone"])))


def _zone(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    text = text.strip()
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
