import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { noticeKeys } from "../api/notices";
import { keys } from "../api/queries";
import type { Item, JobDetail, JobPage } from "../api/types";
import { latestNews } from "./news";
import { take } from "./take";

const AT = "2026-05-04T12:00:00.000Z";
const item: Item = { id: 1, imageId: "i-1", imageUrl: "http://x/1.jpg", prompt: "p", status: "PROCESSING", createdAt: AT, updatedAt: AT };
const detail: JobDetail = {
  job: { id: 7, productId: "mug", productName: "Mug", status: "RUNNING", totalImages: 1, completedImages: 0, failedImages: 0, createdAt: AT },
  items: [item],
};

let client: QueryClient;

beforeEach(() => {
  client = new QueryClient();
  client.setQueryData(keys.job(7), detail);
  latestNews.forget();
});

describe("a frame", () => {
  test("of a job that has ended asks anew for its images: one's news may have come before the page was there", () => {
    take(client, { event: "job.finished", at: AT, data: { jobId: 7, status: "DONE", totalImages: 1, completedImages: 1, failedImages: 0 } });
    expect(client.getQueryData<JobDetail>(keys.job(7))?.job.status).toBe("DONE");
    expect(client.getQueryState(keys.job(7))?.isInvalidated).toBe(true);
  });

  test("of a job that goes on does not", () => {
    take(client, { event: "job.updated", at: AT, data: { jobId: 7, status: "RUNNING", completedImages: 0 } });
    expect(client.getQueryState(keys.job(7))?.isInvalidated).toBe(false);
  });

  test("with a place alone moves the job in the line, and takes nothing of what else was told", () => {
    client.setQueryData<JobPage>(keys.active, { jobs: [detail.job], nextCursor: null });
    take(client, { event: "job.updated", at: AT, data: { jobId: 7, status: "RUNNING", completedImages: 1 } });
    take(client, { event: "job.updated", at: AT, data: { jobId: 7, position: 12, expectedFinishAt: "2026-05-04T12:00:40Z" } });
    const listed = client.getQueryData<JobPage>(keys.active)?.jobs[0];
    expect([listed?.status, listed?.position, listed?.expectedFinishAt]).toEqual(["RUNNING", 12, "2026-05-04T12:00:40Z"]);
    expect(latestNews.applied(detail).job).toMatchObject({ completedImages: 1, position: 12 });

    take(client, { event: "job.updated", at: AT, data: { jobId: 7, position: 12, expectedFinishAt: null } });
    expect(client.getQueryData<JobDetail>(keys.job(7))?.job.expectedFinishAt).toBeNull();
  });

  test("of an image that is told twice shows it once", () => {
    const done = { event: "item.updated", at: AT, data: { jobId: 7, itemId: 1, status: "DONE", thumbnailUrl: "/t.jpg" } };
    take(client, done);
    const once = client.getQueryData<JobDetail>(keys.job(7));
    take(client, { ...done, at: "2026-05-04T12:00:09.000Z" });
    expect(client.getQueryData<JobDetail>(keys.job(7))).toBe(once);
    expect(once?.job.completedImages).toBe(1);
  });

  test("of a notification asks until the notification can be read, and then no more", async () => {
    vi.useFakeTimers();
    let asked = 0;
    const queryFn = () => ({ notifications: ++asked > 2 ? [{ id: "n-1" }] : [], nextCursor: null, unread: 0 });
    const leave = new QueryObserver(client, { queryKey: noticeKeys.newest, queryFn, staleTime: Infinity }).subscribe(() => undefined);
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toBe(1);
    take(client, { event: "notification", at: AT, data: { id: "n-1", kind: "job.done", data: {} } });
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toBe(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toBe(3);

    for (const id of ["n-2", "n-3", "n-4"]) take(client, { event: "notification", at: AT, data: { id, kind: "job.done", data: {} } });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toBeLessThanOrEqual(3 + 3 + 3); // each once, and the last one's three tries more
    leave();
    vi.useRealTimers();
  });
});
