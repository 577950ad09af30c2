"""Passwords in URLs are used, never shown."""

import re

_PASSWORD = re.compile(r"(://[^:/@\s]*):[^@/\s]*@")
_QUERY = re.compile(r"([?&]password=)[^&\s]*", re.IGNORECASE)


def without_password(text: str) -> str:
    """Give ``text`` with ``***`` for the passwords of all URLs in it."""
    return _QUERY.sub(r"\1***", _PASSWORD.sub(r"\1:***@", text))
