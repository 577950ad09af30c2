"""Passwords and tokens are used, never shown: neither those in addresses nor the environment's.

An address is taken apart as SQLAlchemy does (a password reaches to the ``@``, whatever is in it),
one of the web as urllib does. What :func:`remember` has seen is hidden wherever it comes again,
also where an error message repeats it outside of its address.
"""

import logging
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus

from rcnn_sweep.process.escapes import printable

HIDDEN = "***"

SHORTEST = 6
"""Characters from which on a secret is hidden by itself; shorter ones are parts of common words."""

_WORDS = r"(?:passw(?:or)?d|passwd|pwd|token|secret|key|signature|credential)"
_PORT = r"\d{1,5}(?:[/?#\s'\"]|$)"
_USER = r"[^:/@\s?#\[\]'\"]"

# user:password@, with a password that may hold anything. A user alone is none in a database's
# address; in one of the web it is where tokens are put, and what looks like a port is one.
_ADDRESS = re.compile(
    rf"""
    (?<! [a-z0-9+.\-] ) (?P<scheme> (?! https?://{_USER}*:{_PORT} ) [a-z][a-z0-9+.\-]* )://
    (?:
        (?P<user> {_USER}* ) : (?P<password> [^@\n]* ) @ (?: [^/?\#\s@'"]* @ )*
      |
        (?P<alone> {_USER}+ ) @
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_QUERY = re.compile(
    rf"([?&;][\w.\-\[\]]*{_WORDS}[\w.\-\]]*=|[?&;](?:sig|auth)=)([^&#\s'\"<>]+)", re.I
)
_ITS_QUERY = re.compile(rf"{_WORDS}|^(?:sig|auth)$", re.IGNORECASE)
_MARKED = re.compile(r"(?:PASSWORD|PASSWD|TOKEN|SECRET|KEY)S?(?:_|$)", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+.\-]*://[^\n]+", re.IGNORECASE)

_remembered: set[str] = set()


def without_password(text: str) -> str:
    """Give ``text`` with ``***`` for passwords, tokens and what the environment marks as secret.

    The environment does so by names with PASSWORD, TOKEN, SECRET or KEY.

    >>> without_password("postgresql://me:a/b c@host/db?sslpassword=x")
    'postgresql://me:***@host/db?sslpassword=***'
    """
    for secret in _secrets():
        text = text.replace(secret, HIDDEN)
    return without_address_secrets(text)


def without_address_secrets(text: str) -> str:
    """Give ``text`` with ``***`` for the passwords and tokens of the addresses in it."""
    if "://" not in text:
        return text
    return _QUERY.sub(rf"\1{HIDDEN}", _ADDRESS.sub(_hidden, text))


def _hidden(found: re.Match[str]) -> str:
    scheme, user, password = found["scheme"], found["user"], found["password"]
    is_web = scheme.lower() in {"http", "https"}
    if user is None:
        alone = HIDDEN if is_web or _is_token(found["alone"]) else found["alone"]
        return f"{scheme}://{alone}@"
    shown = HIDDEN if _is_token(user) or not password else user
    return f"{scheme}://{shown}:{HIDDEN}@"


def _is_token(user: str) -> bool:
    return len(user) >= 20 and any(map(str.isdigit, user))


def remember(text: str) -> None:
    """Have the secrets of the addresses in ``text`` hidden from now on, wherever they come up.

    For what is typed or configured, so that they are known as they are used, decoded too.
    """
    for address in _URL.findall(text):
        _remembered.update(_long(_parts(address.rstrip("'\""))))


def _parts(address: str) -> Iterator[str]:
    """Give the secrets of one address as they stand in it."""
    shown = without_address_secrets(address)
    if shown != address and (found := _ADDRESS.match(address)) is not None:
        for value in (found["user"], found["password"], found["alone"]):
            if value and value not in shown:
                yield value
    for name, value in parse_qsl(address.partition("?")[2].partition("#")[0]):
        if _ITS_QUERY.search(name):
            yield value


def _long(secrets: Iterator[str]) -> Iterator[str]:
    for secret in secrets:
        for form in {secret, unquote(secret), unquote_plus(secret)}:
            if len(form) >= SHORTEST and HIDDEN not in form:
                yield form


def _secrets() -> tuple[str, ...]:
    """Give what is hidden by itself, the longest first."""
    return _known(tuple(os.environ.items()), frozenset(_remembered))


@lru_cache(maxsize=1)
def _known(environment: tuple[tuple[str, str], ...], remembered: frozenset[str]) -> tuple[str, ...]:
    found = set(remembered)
    for name, value in environment:
        if _MARKED.search(name):
            found.update(_long(iter([value])))
        for address in _URL.findall(value):
            found.update(_long(_parts(address)))
    return tuple(sorted(found, key=len, reverse=True))


def hide_in_logs() -> None:
    """Have every log record of this process, its traceback too, pass :func:`without_password`.

    What others wrote into it does nothing to a terminal either (:func:`printable`).
    For processes that are this program's own: it changes how all of Python's loggers make records.
    """
    make = logging.getLogRecordFactory()
    if getattr(make, "hides", False):
        return

    def hiding(*args: Any, **settings: Any) -> logging.LogRecord:
        record = make(*args, **settings)
        try:
            said = record.getMessage()
        except (TypeError, ValueError):  # logging itself reports what cannot be formatted
            return record
        if (shown := printable(without_password(said))) != said:
            record.msg, record.args = shown, ()
        if record.exc_info and record.exc_text is None:
            trace = logging.Formatter().formatException(record.exc_info)
            record.exc_text = printable(without_password(trace))
        return record

    hiding.hides = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(hiding)
