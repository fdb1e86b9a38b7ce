"""Example answers for the OpenAPI document."""

from typing import Any

JOB: dict[str, Any] = {
    "id": 4711,
    "productId": "mug-12",
    "productName": "Enamel mug",
    "status": "PENDING",
    "totalImages": 1,
    "completedImages": 0,
    "failedImages": 0,
    "createdAt": "2026-11-21T09:30:00.123Z",
}
ACCEPTED = {"success": True, "job": JOB, "creditsUsed": 15, "creditsRemaining": 285}
NOT_DECIDED = {"job": JOB}
DONE = JOB | {
    "status": "DONE",
    "completedImages": 1,
    "startedAt": "2026-11-21T09:30:00.310Z",
    "finishedAt": "2026-11-21T09:30:11.870Z",
}
PAGE = {"jobs": [DONE], "nextCursor": None}
DETAIL = {
    "job": DONE,
    "items": [
        {
            "id": 90210,
            "imageId": "mug-12-front",
            "imageUrl": "https://shop.example/mug-12-front.jpg",
            "prompt": "White background, soft shadow, true colours",
            "status": "DONE",
            "optimizedImageUrl": "https://darkroom.example/media/results/ab12.jpg",
            "thumbnailUrl": "https://darkroom.example/media/thumbnails/ab12.webp",
            "createdAt": "2026-11-21T09:30:00.123Z",
            "updatedAt": "2026-11-21T09:30:11.870Z",
        }
    ],
}
TOO_FEW = {
    "type": "/problems/insufficient-credits",
    "title": "Too few credits",
    "status": 402,
    "detail": "This job costs 15 credits and 5 are available. Nothing was started or taken.",
    "needed": 15,
    "available": 5,
    "held": 0,
    "jobId": 4711,
    "renewsAt": "2026-12-01T00:00:00.000Z",
}
RETRIED_ALREADY = {
    "type": "/problems/retried-already",
    "title": "Tried again already",
    "status": 409,
    "detail": "Job 4712 has made these pictures, or is making them.",
    "jobId": 4712,
}
QUOTE = {
    "price": 15,
    "balanceAfter": 285,
    "missing": 0,
    "topUp": None,
    "queuePosition": None,
    "expectedStartAt": None,
    "expectedFinishAt": None,
}
