"""With the database away every route says so, and says nothing of the inside."""

import httpx
import pytest
from darkroom_jobs_api.main import build
from support.jobs_api import JOBS, JobsApi, Shop, request_body


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_database_that_is_away_is_a_503_with_retry_after(jobs_api: JobsApi, method: str) -> None:
    # Neither is there a Redis: the app is not started, so nobody would close its connections.
    away = {"database_url": "postgresql://nobody:secret@127.0.0.1:1/nothing", "redis_url": "redis://127.0.0.1:1/0"}
    app = build(jobs_api.settings.model_copy(update=away))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        shop = Shop(client, jobs_api.log, "shop")
        answer = await (shop.submit(request_body(1)) if method == "POST" else shop.get(f"{JOBS}/jobs"))
        ready = await client.get("/readyz")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"
    assert "nobody" not in answer.text
    assert "127.0.0.1" not in answer.text
    assert ready.status_code == 503
