// What is known of jobs, from answers and from frames. Pure.
//
// Neither comes in order: an answer may be older than a frame that came before it. So an item only moves forward, a job that has
// ended stays ended, and counts never fall; then any order gives the same picture.
import type { Item, ItemStatus, Job, JobDetail, JobPage } from "../api/types";
import { JOB_ENDED } from "../words/jobs";

const RANK: Record<ItemStatus, number> = { PENDING: 0, RUNNING: 1, PROCESSING: 2, DONE: 3, FAILED: 3, CANCELED: 3 };
const JOB_RANK: Record<Job["status"], number> = { PENDING: 0, RUNNING: 1, DONE: 2, FAILED: 2, CANCELED: 2 };

/** How long a job that has just ended stays in the list of ongoing ones, so that one sees it end. */
export const ENDED_SHOWN_MS = 60_000;

export interface ItemNews {
  jobId: number;
  itemId: number;
  status: ItemStatus;
  optimizedImageUrl?: string;
  thumbnailUrl?: string;
  error?: string;
}

export interface JobNews {
  jobId: number;
  /** Not told with a place in the line alone. */
  status?: Job["status"];
  totalImages?: number;
  completedImages?: number;
  failedImages?: number;
  position?: number;
  /** null: nobody can tell any more. */
  expectedFinishAt?: string | null;
  error?: string;
}

export function itemWith(item: Item, news: ItemNews, at: string): Item {
  if (RANK[news.status] <= RANK[item.status]) return item;
  const { status, optimizedImageUrl, thumbnailUrl, error } = news;
  const waiting = status === "PENDING" ? {} : { position: undefined, expectedStartAt: undefined, waitsFor: undefined };
  return { ...item, ...waiting, status, optimizedImageUrl, thumbnailUrl, error, updatedAt: at };
}

export function jobWith(job: Job, news: JobNews, at: string): Job {
  const status = news.status && JOB_RANK[news.status] > JOB_RANK[job.status] ? news.status : job.status;
  const ended = JOB_ENDED.has(status);
  return {
    ...job,
    status,
    completedImages: Math.max(job.completedImages, news.completedImages ?? 0),
    failedImages: Math.max(job.failedImages, news.failedImages ?? 0),
    startedAt: job.startedAt ?? (status === "PENDING" ? undefined : at),
    finishedAt: job.finishedAt ?? (ended ? at : undefined),
    error: job.error ?? news.error,
    position: ended ? undefined : (news.position ?? job.position),
    expectedFinishAt: ended ? undefined : news.expectedFinishAt === undefined ? job.expectedFinishAt : news.expectedFinishAt,
  };
}

/** A detail with one item's news; the same object when it is of another job or nothing new. */
export function detailWithItem(detail: JobDetail, news: ItemNews, at: string): JobDetail {
  if (detail.job.id !== news.jobId) return detail;
  const items = detail.items.map((item) => (item.id === news.itemId ? itemWith(item, news, at) : item));
  if (items.every((item, place) => item === detail.items[place])) return detail;
  return withCounts({ job: detail.job, items }, at);
}

export function detailWithJob(detail: JobDetail, news: JobNews, at: string): JobDetail {
  return detail.job.id === news.jobId ? { ...detail, job: jobWith(detail.job, news, at) } : detail;
}

export function pageWithJob(page: JobPage, news: JobNews, at: string): JobPage {
  return { ...page, jobs: page.jobs.map((job) => (job.id === news.jobId ? jobWith(job, news, at) : job)) };
}

/** A fresh answer, but never behind what was known. */
export function forward(known: JobDetail | undefined, fresh: JobDetail): JobDetail {
  if (!known || known.job.id !== fresh.job.id) return fresh;
  const before = new Map(known.items.map((item) => [item.id, item]));
  const items = fresh.items.map((item) => {
    const had = before.get(item.id);
    return had && RANK[had.status] > RANK[item.status] ? had : item;
  });
  return { job: forwardJob(known.job, fresh.job), items };
}

/** A fresh list of ongoing jobs: those known as ended stay ended, and stay for a minute. */
export function forwardActive(known: JobPage | undefined, fresh: JobPage, now: Date): JobPage {
  if (!known) return fresh;
  const before = new Map(known.jobs.map((job) => [job.id, job]));
  const jobs = fresh.jobs.map((job) => {
    const had = before.get(job.id);
    return had ? forwardJob(had, job) : job;
  });
  const there = new Set(jobs.map((job) => job.id));
  const lately = known.jobs.filter(
    (job) => !there.has(job.id) && job.finishedAt && now.getTime() - Date.parse(job.finishedAt) < ENDED_SHOWN_MS,
  );
  return { ...fresh, jobs: [...jobs, ...lately].sort((one, other) => other.id - one.id) };
}

export function forwardJob(known: Job, fresh: Job): Job {
  if (JOB_RANK[known.status] > JOB_RANK[fresh.status]) return known;
  return {
    ...fresh,
    completedImages: Math.max(known.completedImages, fresh.completedImages),
    failedImages: Math.max(known.failedImages, fresh.failedImages),
  };
}

/** An item's own news come before the job's counts: count what is seen. */
function withCounts(detail: JobDetail, at: string): JobDetail {
  const of = (status: ItemStatus) => detail.items.filter((item) => item.status === status).length;
  const status = detail.job.status === "PENDING" ? "RUNNING" : detail.job.status;
  const job = { ...detail.job, status, startedAt: detail.job.startedAt ?? at };
  return {
    ...detail,
    job: {
      ...job,
      completedImages: Math.max(job.completedImages, of("DONE")),
      failedImages: Math.max(job.failedImages, of("FAILED")),
    },
  };
}
