"""Every event there is, by its CloudEvents type."""

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
    PaymentRefunded,
    PaymentRestored,
    PaymentSucceeded,
    PlanChanged,
)
from darkroom_contracts.event import Event
from darkroom_contracts.items import ItemCompleted, PredictionFailed, PredictionSeen
from darkroom_contracts.jobs import ItemFinished, ItemRequested, JobCancelRequested, JobFinished, JobRequested
from darkroom_contracts.notifications import NotificationFailed, NotificationSent
from darkroom_contracts.predictions import (
    AttemptFailed,
    DeadLettersRedriven,
    ItemCanceled,
    ItemFailed,
    ItemGivenUp,
    ItemStarted,
    MessagesDropped,
    MessagesRedriven,
    PredictionCreated,
    TenantTermsChanged,
)
from darkroom_contracts.queue import QueueMeasured, TenantQueueMeasured

EVENTS: tuple[type[Event], ...] = (
    JobRequested,
    ItemRequested,
    JobCancelRequested,
    ItemFinished,
    JobFinished,
    CreditsReserved,
    CreditsRejected,
    CreditsSettled,
    CreditsGranted,
    CreditsExpired,
    CreditsTakenBack,
    CreditsRestored,
    CreditsAdjusted,
    CreditsReimbursed,
    PlanChanged,
    CreditPriceSet,
    PaymentSucceeded,
    PaymentRefunded,
    PaymentRestored,
    ItemStarted,
    PredictionCreated,
    AttemptFailed,
    ItemFailed,
    ItemCanceled,
    ItemGivenUp,
    DeadLettersRedriven,
    MessagesRedriven,
    MessagesDropped,
    TenantTermsChanged,
    QueueMeasured,
    TenantQueueMeasured,
    ItemCompleted,
    PredictionFailed,
    PredictionSeen,
    NotificationSent,
    NotificationFailed,
)

EVENTS_BY_TYPE: dict[str, type[Event]] = {event.type_name(): event for event in EVENTS}
