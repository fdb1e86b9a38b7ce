import { describe, expect, test } from "vitest";
import type { Item, Job, JobDetail } from "../api/types";
import { detailWithItem, detailWithJob, ENDED_SHOWN_MS, forward, forwardActive, itemWith, pageWithJob, type ItemNews } from "./merge";
import { JOBS_KEPT_MAX, LatestNews } from "./news";

const AT = "2026-05-04T12:00:00.000Z";
const LATER = "2026-05-04T12:00:05.000Z";

function item(id: number, changes: Partial<Item> = {}): Item {
  return { id, imageId: `i-${id}`, imageUrl: "http://x/1.jpg", prompt: "p", status: "PENDING", createdAt: AT, updatedAt: AT, ...changes };
}

function job(changes: Partial<Job> = {}): Job {
  const counts = { totalImages: 2, completedImages: 0, failedImages: 0 };
  return { id: 1, productId: "mug", productName: "Mug", status: "PENDING", ...counts, createdAt: AT, ...changes };
}

const detail = (): JobDetail => ({ job: job(), items: [item(1), item(2)] });
const done: ItemNews = { jobId: 1, itemId: 1, status: "DONE", optimizedImageUrl: "/media/r.jpg", thumbnailUrl: "/media/t.jpg" };

describe("an item", () => {
  test("moves forward with what came of it", () => {
    expect(itemWith(item(1), done, LATER)).toMatchObject({ status: "DONE", thumbnailUrl: "/media/t.jpg", updatedAt: LATER });
  });
  test("never goes back, and never leaves its end", () => {
    const ended = itemWith(item(1), done, AT);
    for (const status of ["PENDING", "RUNNING", "PROCESSING", "FAILED", "CANCELED"] as const) {
      expect(itemWith(ended, { ...done, status }, LATER)).toBe(ended);
    }
  });
  test("shows in its job's counts before the job's own news", () => {
    expect(detailWithItem(detail(), done, LATER).job).toMatchObject({ status: "RUNNING", completedImages: 1, startedAt: LATER });
  });
  test("any order of the same news ends alike", () => {
    const news: ItemNews[] = [
      { jobId: 1, itemId: 1, status: "RUNNING" },
      { jobId: 1, itemId: 1, status: "PROCESSING" },
      done,
      { jobId: 1, itemId: 2, status: "FAILED", error: "refused" },
    ];
    const ends = permutations(news).map((order) => order.reduce((so, one) => detailWithItem(so, one, AT), detail()));
    for (const end of ends) expect(end).toEqual(ends[0]);
    expect(ends[0]?.job).toMatchObject({ completedImages: 1, failedImages: 1 });
  });
  test("of another job changes nothing", () => {
    const known = detail();
    expect(detailWithItem(known, { ...done, jobId: 2 }, AT)).toBe(known);
  });
});

describe("a job", () => {
  test("that has ended stays ended, and its counts never fall", () => {
    const ended = detailWithJob(detail(), { jobId: 1, status: "DONE", completedImages: 2 }, AT);
    const late = detailWithJob(ended, { jobId: 1, status: "RUNNING", completedImages: 1 }, LATER);
    expect(late.job).toMatchObject({ status: "DONE", completedImages: 2, finishedAt: AT });
  });
  test("in a list is changed alone", () => {
    const page = pageWithJob({ jobs: [job(), job({ id: 2 })], nextCursor: null }, { jobId: 2, status: "RUNNING" }, AT);
    expect(page.jobs.map((one) => one.status)).toEqual(["PENDING", "RUNNING"]);
  });
});

describe("an answer that is older than what is known", () => {
  test("does not take a result away", () => {
    const known = detailWithItem(detail(), done, AT);
    const merged = forward(known, detail());
    expect(merged.items[0]?.status).toBe("DONE");
    expect(merged.job.completedImages).toBe(1);
  });
  test("does not make an ended job go on, and the job stays to be seen for a minute", () => {
    const now = new Date(AT);
    const known = { jobs: [job({ status: "DONE", finishedAt: AT, completedImages: 2 })], nextCursor: null };
    expect(forwardActive(known, { jobs: [job()], nextCursor: null }, now).jobs[0]?.status).toBe("DONE");
    expect(forwardActive(known, { jobs: [], nextCursor: null }, now).jobs).toHaveLength(1);
    const afterwards = new Date(now.getTime() + ENDED_SHOWN_MS + 1);
    expect(forwardActive(known, { jobs: [], nextCursor: null }, afterwards).jobs).toHaveLength(0);
  });
});

describe("news that came while an answer was under way", () => {
  test("are put into the answer, whichever job's page it is", () => {
    const told = new LatestNews();
    told.ofItem({ ...done, status: "PROCESSING" }, AT);
    told.ofItem({ ...done, jobId: 2 }, AT);
    expect(told.applied(detail()).items.map((one) => one.status)).toEqual(["PROCESSING", "PENDING"]);
    told.ofJob({ jobId: 1, status: "DONE", completedImages: 2 }, LATER);
    expect(told.applied(detail()).job).toMatchObject({ status: "DONE", finishedAt: LATER });
    expect(told.appliedToPage({ jobs: [job()], nextCursor: null }).jobs[0]?.status).toBe("DONE");
  });
  test("are kept of the latest jobs only", () => {
    const told = new LatestNews();
    for (let jobId = 1; jobId <= JOBS_KEPT_MAX + 1; jobId += 1) told.ofItem({ ...done, jobId }, AT);
    expect(told.applied(detail()).items[0]?.status).toBe("PENDING");
  });
});

function permutations<T>(all: T[]): T[][] {
  if (all.length < 2) return [all];
  return all.flatMap((one, place) => permutations(all.filter((_, other) => other !== place)).map((rest) => [one, ...rest]));
}
