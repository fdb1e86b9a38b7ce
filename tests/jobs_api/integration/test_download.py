"""`…/pictures.zip`: a job's results in one download, for its own tenant alone."""

import io
from zipfile import ZipFile

from darkroom_servicekit.storage import ObjectStore
from support.jobs_api import JOBS, JobsApi, completed, created, failed, started


async def test_a_jobs_results_are_downloaded_by_its_own_tenant_alone(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, [first, second, third] = await shop.running_job(3)
    path = f"{JOBS}/jobs/{job_id}/pictures.zip"
    early = await shop.get(path)
    storage = ObjectStore(jobs_api.settings.storage_url)
    for item in (first, third):
        await storage.put(f"results/{item.item_id}.jpg", f"picture {item.item_id}".encode())
    items = (first, second, third)
    await shop.say(*(event for item in items for event in (started(item), created(item))))
    await shop.say(completed(first), failed(second), completed(third))
    await shop.jobs_finished()
    whole = await shop.get(path)
    foreign, nonsense = await jobs_api.shop("other").get(path), await shop.get(f"{JOBS}/jobs/x/pictures.zip")

    assert (early.status_code, early.json()["title"]) == (409, "No picture is done yet")
    assert whole.headers["content-type"] == "application/zip"
    assert f'filename="enamel-mug-{job_id}.zip"' in whole.headers["content-disposition"]
    with ZipFile(io.BytesIO(whole.content)) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == {
            "1-enamel-mug.jpg": f"picture {first.item_id}",
            "3-enamel-mug.jpg": f"picture {third.item_id}",
        }
    assert (foreign.status_code, nonsense.status_code) == (404, 404)
    assert (await jobs_api.client.get(path)).status_code == 401


async def test_an_item_with_several_pictures_shows_and_gives_all_of_them(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    job_id, [item] = await shop.running_job(1)
    done = completed(item)
    names = [f"results/{item.item_id}-{number}.png" for number in (2, 3)]
    more = tuple(done.result.model_copy(update={"key": name, "thumbnail_key": name + ".jpg"}) for name in names)
    storage = ObjectStore(jobs_api.settings.storage_url)
    for key in (done.result.key, *names):
        await storage.put(key, key.encode())
    await shop.say(started(item), created(item), done.model_copy(update={"more": more}))
    await shop.jobs_finished()

    [shown] = (await shop.get(f"{JOBS}/jobs/{job_id}")).json()["items"]
    assert [one["url"].partition("/media/")[2] for one in shown["results"]] == [done.result.key, *names]
    assert shown["results"][0] == {"url": shown["optimizedImageUrl"], "thumbnailUrl": shown["thumbnailUrl"]}
    with ZipFile(io.BytesIO((await shop.get(f"{JOBS}/jobs/{job_id}/pictures.zip")).content)) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == {
            "1-enamel-mug.jpg": done.result.key,
            "1-enamel-mug-2.png": names[0],
            "1-enamel-mug-3.png": names[1],
        }
