"""One typical example of every event, as one job lives it; shown in the AsyncAPI document and used by contract tests."""

from datetime import UTC, datetime

from darkroom_contracts.credits import (
    Balances,
    CreditsAdjusted,
    CreditsExpired,
    CreditsGranted,
    CreditsReimbursed,
    CreditsRejected,
    CreditsReserved,
    CreditsSettled,
    CreditsTakenBack,
    PaymentRefunded,
    PaymentSucceeded,
    PlanChanged,
)
from darkroom_contracts.event import Event
from darkroom_contracts.items import ItemCompleted, PredictionFailed, PredictionSeen, StoredPicture
from darkroom_contracts.jobs import ItemFinished, ItemRequested, JobCancelRequested, JobFinished, JobRequested
from darkroom_contracts.notifications import NotificationFailed, NotificationSent
from darkroom_contracts.predictions import (
    AttemptFailed,
    DeadLettersRedriven,
    ItemCanceled,
    ItemFailed,
    ItemGivenUp,
    ItemStarted,
    PastAttempt,
    PredictionCreated,
    TenantTermsChanged,
)
from darkroom_contracts.queue import Lane, ProviderQueue, QueueLine, QueueMeasured, TenantPlace, TenantQueueMeasured
from darkroom_contracts.topics import PLATFORM_KEY

INSTANCE = "5f2b1c9e-8d41-4c0b-9f57-3a6f0f6f2c11"
JOB = 1042
ITEM = 20417
IMAGE = "front"
ATTEMPT = "0193f4a2-7c1e-7d7b-9a55-0a8f5c1d2e3f"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
AT = datetime(2026, 1, 15, 9, 30, 0, tzinfo=UTC)
LATER = datetime(2026, 1, 15, 9, 30, 4, tzinfo=UTC)
NEXT_MONTH = datetime(2026, 2, 15, 9, 30, 0, tzinfo=UTC)
MESSAGE = "0193f4a2-a111-7b22-8c33-9d44ae55bf66"
NOTIFICATION = "5b0c8a53-0d1f-5d5a-9a58-3c1d2e3f4a5b"
PURCHASE = "0193f4a2-9b1c-7c55-8a3e-5d6c7b8a9f00"
REDRIVE = "0193f4a2-c0de-7a11-8e22-1f2a3b4c5d6e"
DEAD_LETTER = "0193f4a2-bead-7c33-9b44-6a5b4c3d2e1f"

_ALL: tuple[Event, ...] = (
    JobRequested(
        instance_id=INSTANCE,
        job_id=JOB,
        product="optimize",
        product_id="mug-blue",
        product_name="Blue mug",
        price_version=1,
        price_credits=15,
        items_total=2,
        requested_at=AT,
    ),
    CreditsReserved(instance_id=INSTANCE, job_id=JOB, amount=30, balances=Balances(available=470, held=30, spent=0)),
    CreditsRejected(instance_id=INSTANCE, job_id=JOB, needed=30, balances=Balances(available=10, held=0, spent=490)),
    ItemRequested(
        instance_id=INSTANCE,
        job_id=JOB,
        item_id=ITEM,
        image_id=IMAGE,
        product="optimize",
        provider="replicate",
        model="google/nano-banana",
        input={"prompt": "white background", "image_input": ["https://shop.example/mug.jpg"]},
        expected_seconds=8.0,
        cancel_after_seconds=300,
        requested_at=AT,
    ),
    JobCancelRequested(instance_id=INSTANCE, job_id=JOB, reason="ordered by mistake"),
    ItemStarted(instance_id=INSTANCE, job_id=JOB, item_id=ITEM, image_id=IMAGE, attempt=1),
    PredictionCreated(
        instance_id=INSTANCE,
        job_id=JOB,
        item_id=ITEM,
        image_id=IMAGE,
        attempt=1,
        attempt_id=ATTEMPT,
        callback_token_sha256=DIGEST,
        provider="replicate",
        account="replicate-1",
        model="google/nano-banana",
        prediction_id="gm3qorzdhgbfurvjtvhg6dckhu",
        expected_seconds=8.0,
        cancel_after_seconds=300,
        webhook_expected=True,
        created_at=AT,
    ),
    AttemptFailed(
        instance_id=INSTANCE,
        job_id=JOB,
        item_id=ITEM,
        image_id=IMAGE,
        attempt=1,
        code="provider-error",
        message="The studio had a fault of its own.",
        retry_at=LATER,
    ),
    PredictionSeen(
        instance_id=PLATFORM_KEY,
        provider="replicate",
        attempt_id="0199f3a0-0000-7000-8000-000000000000",
        prediction_id="p8k2v0v9nxrme0cshq3s3bz8kw",
        callback_token_sha256="0" * 64,
    ),
    PredictionFailed(
        instance_id=INSTANCE,
        job_id=JOB,
        item_id=ITEM,
        image_id=IMAGE,
        attempt=1,
        attempt_id=ATTEMPT,
        prediction_id="gm3qorzdhgbfurvjtvhg6dckhu",
        code="moderation",
        message="The studio refused this picture: it was flagged as sensitive.",
        retryable=False,
    ),
    ItemFailed(
        instance_id=INSTANCE,
        job_id=JOB,
        item_id=ITEM,
        image_id=IMAGE,
        attempt=1,
        code="moderation",
        message="The studio refused this picture: it was flagged as sensitive.",
        reached_provider=True,
    ),
    ItemCanceled(instance_id=INSTANCE, job_id=JOB, item_id=ITEM, image_id=IMAGE, reached_provider=False),
    ItemGivenUp(
        instance_id=INSTANCE,
        job_id=JOB,
        item_id=ITEM,
        image_id=IMAGE,
        code="provider-error",
        message="The studio had a problem: upstream is away",
        attempts=(
            PastAttempt(
                number=1,
                account="replicate-1",
                code="provider-error",
                message="The studio had a problem: upstream is away",
                started_at=AT,
                ended_at=LATER,
            ),
        ),
    ),
    DeadLettersRedriven(
        instance_id=INSTANCE,
        redrive_id=REDRIVE,
        redriven_by="operators/anna",
        dead_letter_ids=(DEAD_LETTER,),
        job_id=JOB,
        item_ids=(ITEM,),
    ),
    TenantTermsChanged(
        instance_id=INSTANCE,
        weight=4,
        cap_per_minute=120,
        requests_per_minute=1200,
        paused=False,
        own_weight=4,
        changed_by="darkroom-cli",
    ),
    QueueMeasured(
        instance_id=PLATFORM_KEY,
        measured_at=AT,
        queues=(
            ProviderQueue(
                provider="replicate",
                epoch=3,
                virtual=41_000_000,
                starts_per_minute=442.6,
                usual_seconds=6.4,
                waiting=312,
                in_flight=47,
                lines=(
                    QueueLine(tenant=INSTANCE, tag=41_000_000, step=500_000, waiting=12),
                    QueueLine(tenants=40, tag=41_200_000, step=25_000, waiting=300),
                ),
            ),
        ),
    ),
    TenantQueueMeasured(
        instance_id=INSTANCE,
        measured_at=AT,
        places=(
            TenantPlace(
                provider="replicate",
                epoch=3,
                tag=41_000_000,
                step=500_000,
                waiting=12,
                cap_per_minute=120,
                cap_frees=((101, 3.5), (120, 11.0)),
                fresh=Lane(jobs=((JOB, 12),)),
            ),
        ),
    ),
    ItemCompleted(
        instance_id=INSTANCE,
        job_id=JOB,
        item_id=ITEM,
        image_id=IMAGE,
        attempt=1,
        attempt_id=ATTEMPT,
        prediction_id="gm3qorzdhgbfurvjtvhg6dckhu",
        result=StoredPicture(
            key=f"results/{DIGEST}.jpg",
            thumbnail_key=f"thumbnails/{DIGEST}.jpg",
            width=1024,
            height=1024,
            size_bytes=183_500,
            format="jpg",
            sha256=DIGEST,
        ),
        predict_seconds=3.2,
    ),
    ItemFinished(
        instance_id=INSTANCE,
        job_id=JOB,
        item_id=ITEM,
        image_id=IMAGE,
        status="DONE",
        charge="spend",
        items_total=2,
        items_done=1,
        items_failed=0,
        items_canceled=0,
        result_key=f"results/{DIGEST}.jpg",
        thumbnail_key=f"thumbnails/{DIGEST}.jpg",
    ),
    JobFinished(
        instance_id=INSTANCE,
        job_id=JOB,
        product_id="mug-blue",
        product_name="Blue mug",
        status="DONE",
        items_total=2,
        items_done=2,
        items_failed=0,
        items_canceled=0,
        items_spent=2,
    ),
    CreditsSettled(instance_id=INSTANCE, job_id=JOB, spent=30, released=0, balances=Balances(available=470, held=0, spent=30)),
    CreditsGranted(
        instance_id=INSTANCE,
        grant_id=7,
        amount=500,
        reason="plan starter",
        balances=Balances(available=500, held=0, spent=0),
    ),
    CreditsExpired(
        instance_id=INSTANCE, grant_id=7, amount=120, expired_at=AT, balances=Balances(available=0, held=0, spent=380)
    ),
    CreditsTakenBack(instance_id=INSTANCE, grant_id=8, amount=1000, balances=Balances(available=0, held=0, spent=380)),
    CreditsAdjusted(
        instance_id=INSTANCE,
        adjustment_id=3,
        amount=-50,
        lost=20,
        reason="granted twice by mistake",
        created_by="olga",
        balances=Balances(available=0, held=0, spent=470),
    ),
    CreditsReimbursed(
        instance_id=INSTANCE,
        job_id=JOB,
        adjustment_id=4,
        amount=15,
        reason="the picture came out upside down",
        created_by="olga",
        balances=Balances(available=485, held=0, spent=15),
    ),
    PlanChanged(
        instance_id=INSTANCE,
        plan="studio",
        plan_version=1,
        credits_per_month=25_000,
        weight=2,
        cap_per_minute=120,
        period_started_at=AT,
        renews_at=NEXT_MONTH,
    ),
    PaymentSucceeded(
        instance_id=INSTANCE,
        purchase_id=PURCHASE,
        grant_id=8,
        credits=1000,
        amount_minor=1000,
        currency="EUR",
        price_version=1,
    ),
    PaymentRefunded(
        instance_id=INSTANCE,
        purchase_id=PURCHASE,
        grant_id=8,
        amount_minor=1000,
        currency="EUR",
        credits_refunded=1000,
        credits_lost=0,
    ),
    NotificationSent(
        instance_id=INSTANCE,
        message_id=MESSAGE,
        notification_id=NOTIFICATION,
        kind="job.done",
        channel="email",
        subject_id="owner",
        vendor="sendgrid",
        attempts=1,
        job_id=JOB,
        provider_message_id="14c5d75ce93.dfd.64b469",
    ),
    NotificationFailed(
        instance_id=INSTANCE,
        message_id=MESSAGE,
        notification_id=NOTIFICATION,
        kind="job.done",
        channel="sms",
        subject_id="owner",
        vendor="twilio",
        attempts=1,
        job_id=JOB,
        code="bad-address",
        message="The vendor refused the number.",
    ),
)

EXAMPLES: dict[type[Event], Event] = {type(event): event for event in _ALL}
