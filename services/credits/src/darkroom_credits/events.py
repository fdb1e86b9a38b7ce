"""Which events credits takes, in the order in which one can be the cause of the next."""

from darkroom_contracts.jobs import ItemFinished, JobFinished, JobRequested
from darkroom_servicekit.consumer import Handlers

from darkroom_credits.keep_books import KeepBooks


def build_handlers(books: KeepBooks) -> Handlers:
    """All three go through the same books: a tenant's order decides, not the kind."""
    return (
        Handlers()
        .on(JobRequested, books.on_job_events)
        .on(ItemFinished, books.on_job_events)
        .on(JobFinished, books.on_job_events)
    )
