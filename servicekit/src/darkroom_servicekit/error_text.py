"""Errors that messages cause, in words for operators: one line that begins with the cause. Pure."""

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

FAULTS_MAX = 5
STATEMENT_CHARACTERS_MAX = 300


def error_text(error: Exception) -> str:
    """Return the error's name and what it says; of a database error the server's name and words, then the statement."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        server = error.orig.__cause__ or error.orig
        statement = one_line(error.statement or "")[:STATEMENT_CHARACTERS_MAX]
        return _named(server) + (f"; SQL: {statement}" if statement else "")
    return _named(error)


def cause_of(error: BaseException) -> str:
    """Return what the error says; of data that a model refuses, the fields and what is wrong with them."""
    if not isinstance(error, ValidationError):
        return one_line(str(error))
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    told = []
    for fault in faults[:FAULTS_MAX]:
        field = ".".join(map(str, fault["loc"]))
        told.append(f"{field}: {fault['msg']}" if field else fault["msg"])
    if len(faults) > FAULTS_MAX:
        told.append(f"and {len(faults) - FAULTS_MAX} more")
    return one_line("; ".join(told))


def one_line(text: str) -> str:
    """Return the text with each run of white space as one space."""
    return " ".join(text.split())


def _named(error: BaseException) -> str:
    said = cause_of(error)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
