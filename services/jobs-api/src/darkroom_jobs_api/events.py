"""Which events jobs-api takes, in the order in which one can be the cause of the next."""

from darkroom_contracts.credits import (
    CreditPriceSet,
    CreditsAdjusted,
    CreditsExpired,
    CreditsGranted,
    CreditsReimbursed,
    CreditsRejected,
    CreditsReserved,
    CreditsRestored,
    CreditsSettled,
    CreditsTakenBack,
)
from darkroom_contracts.items import ItemCompleted
from darkroom_contracts.predictions import DeadLettersRedriven, ItemCanceled, ItemFailed, ItemStarted, PredictionCreated
from darkroom_servicekit.consumer import Handlers

from darkroom_jobs_api.jobs.decide_jobs import DecideJobs
from darkroom_jobs_api.jobs.follow_items import (
    on_items_canceled,
    on_items_completed,
    on_items_failed,
    on_items_started,
    on_predictions_created,
)
from darkroom_jobs_api.jobs.record_reimbursements import on_credits_reimbursed
from darkroom_jobs_api.jobs.redrive_items import RedriveItems
from darkroom_jobs_api.quotes.prices import see_prices
from darkroom_jobs_api.quotes.store import see_balances


def event_handlers(decide: DecideJobs, redrive: RedriveItems) -> Handlers:
    """Every subscription of the service."""
    return (
        Handlers()
        .on(CreditPriceSet, see_prices)
        .on(CreditsGranted, see_balances)
        .on(CreditsReserved, decide.on_credits_reserved)
        .on(CreditsRejected, decide.on_credits_rejected)
        .on(CreditsSettled, see_balances)
        .on(CreditsExpired, see_balances)
        .on(CreditsTakenBack, see_balances)
        .on(CreditsRestored, see_balances)
        .on(CreditsAdjusted, see_balances)
        .on(CreditsReimbursed, on_credits_reimbursed)
        .on(ItemStarted, on_items_started)
        .on(PredictionCreated, on_predictions_created)
        .on(ItemCompleted, on_items_completed)
        .on(ItemFailed, on_items_failed)
        .on(ItemCanceled, on_items_canceled)
        .on(DeadLettersRedriven, redrive.on_dead_letters_redriven)
    )
