// The latest news of the latest jobs, for answers that were under way when the news came and do not know of them yet.
import type { JobDetail, JobPage } from "../api/types";
import { detailWithItem, detailWithJob, pageWithJob, type ItemNews, type JobNews } from "./merge";

export const JOBS_KEPT_MAX = 200;

interface News {
  items: Map<number, { news: ItemNews; at: string }>;
  job?: { news: JobNews; at: string };
}

/** What was told lately. One for each tenant's session: news of one shop must not outlive it. */
export class LatestNews {
  private readonly jobs = new Map<number, News>();

  ofItem(news: ItemNews, at: string): void {
    this.of(news.jobId).items.set(news.itemId, { news, at });
  }

  ofJob(news: JobNews, at: string): void {
    const known = this.of(news.jobId);
    known.job = { news: { ...known.job?.news, ...news }, at };
  }

  /** A detail with all that was told of its job; what it knows already stays as it is. */
  applied(detail: JobDetail): JobDetail {
    const known = this.jobs.get(detail.job.id);
    if (!known) return detail;
    const withItems = [...known.items.values()].reduce((so, { news, at }) => detailWithItem(so, news, at), detail);
    return known.job ? detailWithJob(withItems, known.job.news, known.job.at) : withItems;
  }

  appliedToPage(page: JobPage): JobPage {
    return page.jobs.reduce((so, { id }) => {
      const told = this.jobs.get(id)?.job;
      return told ? pageWithJob(so, told.news, told.at) : so;
    }, page);
  }

  forget(): void {
    this.jobs.clear();
  }

  private of(jobId: number): News {
    const known = this.jobs.get(jobId) ?? { items: new Map() };
    this.jobs.delete(jobId);
    this.jobs.set(jobId, known);
    const oldest = this.jobs.keys().next().value;
    if (this.jobs.size > JOBS_KEPT_MAX && oldest !== undefined) this.jobs.delete(oldest);
    return known;
  }
}

export const latestNews = new LatestNews();
