"""A job's timeline, for operators alone, read back from the log."""

from datetime import UTC, datetime, timedelta

from darkroom_servicekit.auth import DEVELOPMENT_KEY, make_jwt
from support.jobs_api import JobsApi, completed, started


def operator() -> dict[str, str]:
    now = datetime.now(UTC)
    token = make_jwt("ops", key=DEVELOPMENT_KEY, now=now, ttl=timedelta(hours=1), subject="anna", roles=("operator",))
    return {"Authorization": f"Bearer {token}"}


async def test_an_operator_reads_any_tenants_job_from_the_log_causes_first(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    other_job, _ = await shop.running_job(1)
    job_id, [item] = await shop.running_job(1)
    await shop.say(started(item), completed(item))
    await shop.jobs_finished(1)
    path = f"/api/operator/jobs/{job_id}/timeline"

    answer = await jobs_api.client.get(path, headers=operator())

    assert answer.status_code == 200, answer.text
    story = answer.json()
    assert (story["instanceId"], story["cut"]) == (shop.instance_id, False)
    told = [event["type"] for event in story["events"]]
    assert sorted(told) == sorted(
        f"darkroom.{name}.v1"
        for name in (
            "JobRequested",
            "CreditsReserved",
            "ItemRequested",
            "ItemStarted",
            "ItemCompleted",
            "ItemFinished",
            "JobFinished",
        )
    )
    places = {event["id"]: place for place, event in enumerate(story["events"])}
    causes = [(places[event["causationId"]], places[event["id"]]) for event in story["events"] if event["causationId"] in places]
    assert len(causes) == 3  # ItemRequested by the reservation; both ends by ItemCompleted
    assert all(cause < effect for cause, effect in causes)
    assert all(event["instanceId"] == shop.instance_id for event in story["events"])
    assert f"jobs/{other_job}" not in answer.text

    short = (await jobs_api.client.get(path, params={"limit": 2}, headers=operator())).json()
    assert (len(short["events"]), short["cut"]) == (2, True)
    assert (await jobs_api.client.get(path, headers=shop.headers)).status_code == 403
    assert (await jobs_api.client.get("/api/operator/jobs/999999999/timeline", headers=operator())).status_code == 404
