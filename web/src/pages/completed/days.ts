// Jobs by the day on which they ended, and those that a filter leaves. Pure.
import type { Job, JobDetail } from "../../api/types";
import { dayWords } from "../../words/times";

export type Kind = "all" | "good" | "bad";

export interface Day {
  words: string;
  jobs: Job[];
}

export function byDay(jobs: readonly Job[], now: Date): Day[] {
  const days: Day[] = [];
  for (const job of jobs) {
    const words = dayWords(new Date(job.finishedAt ?? job.createdAt), now);
    const last = days.at(-1);
    if (last?.words === words) last.jobs.push(job);
    else days.push({ words, jobs: [job] });
  }
  return days;
}

/** Whether a job is wanted: by its product's name or any of its prompts, as far as they have been read. */
export function matches(job: Job, detail: JobDetail | undefined, words: string, kind: Kind): boolean {
  if (kind === "good" && job.completedImages === 0) return false;
  if (kind === "bad" && job.failedImages === 0 && job.status === "DONE") return false;
  const wanted = words.trim().toLowerCase();
  if (!wanted) return true;
  if (job.productName.toLowerCase().includes(wanted)) return true;
  return detail?.items.some((item) => item.prompt.toLowerCase().includes(wanted)) ?? false;
}
