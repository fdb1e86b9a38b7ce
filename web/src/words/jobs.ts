// What is said of jobs and their images: what happened, what comes next.
import type { Item, ItemStatus, Job, JobStatus } from "../api/types";
import { count } from "./numbers";
import { duration } from "./times";

export type Tone = "waiting" | "live" | "good" | "bad" | "quiet";

export const JOB_ENDED: ReadonlySet<JobStatus> = new Set<JobStatus>(["DONE", "FAILED", "CANCELED"]);
export const ITEM_ENDED: ReadonlySet<ItemStatus> = new Set<ItemStatus>(["DONE", "FAILED", "CANCELED"]);

export function itemTone(status: ItemStatus): Tone {
  const tones: Record<ItemStatus, Tone> = {
    PENDING: "waiting",
    RUNNING: "live",
    PROCESSING: "live",
    DONE: "good",
    FAILED: "bad",
    CANCELED: "quiet",
  };
  return tones[status];
}

/** The state of one image: "Waiting for your turn", "At the studio · 8 s", "Done". */
export function itemWords(item: Pick<Item, "status" | "updatedAt" | "error">, now: Date): string {
  switch (item.status) {
    case "PENDING":
      return "Waiting for your turn";
    case "RUNNING":
      return "Starting";
    case "PROCESSING":
      return `At the studio · ${duration((now.getTime() - Date.parse(item.updatedAt)) / 1000)}`;
    case "DONE":
      return "Done";
    case "FAILED":
      return `Could not be done: ${sentence(item.error ?? "the studio gave no reason.")}`;
    case "CANCELED":
      return "Cancelled";
  }
}

/** One line for a job: "3 of 10 done, about 40 s to go". */
export function jobWords(job: Job, now: Date, items: readonly Pick<Item, "status">[] = []): string {
  const failed = job.failedImages ? `, ${job.failedImages} could not be done` : "";
  switch (job.status) {
    case "DONE":
      return job.failedImages ? `${job.completedImages} of ${job.totalImages} done${failed}` : `All ${job.totalImages} done`;
    case "FAILED":
      return job.error === "insufficient-credits" ? "Not started: not enough credits" : `None of ${job.totalImages} could be done`;
    case "CANCELED":
      return `Cancelled with ${job.completedImages} of ${job.totalImages} done`;
    default: {
      const left = secondsLeft(job, now);
      const ended = job.completedImages + job.failedImages;
      const ahead = ended === 0 && job.position ? `, ${ordinal(job.position)} in line` : "";
      const finish = left === undefined ? "" : left < 1 ? ", nearly there" : `, about ${duration(left)} to go`;
      const working = items.filter((item) => item.status === "PROCESSING").length;
      if (ended === 0 && working) return `${working === job.totalImages ? "All" : `${working} of`} ${job.totalImages} at the studio${finish}`;
      return ended === 0 && !ahead && !finish
        ? `Waiting for your turn: ${count(job.totalImages, "image")}`
        : `${job.completedImages} of ${job.totalImages} done${failed}${ahead}${finish}`;
    }
  }
}

/** How long the rest will take: as the platform expects, else at the pace seen so far; undefined while nobody can know. */
export function secondsLeft(job: Job, now: Date): number | undefined {
  if (job.expectedFinishAt) return Math.max(0, (Date.parse(job.expectedFinishAt) - now.getTime()) / 1000);
  const ended = job.completedImages + job.failedImages;
  if (ended < 2 || !job.startedAt) return undefined;
  const elapsed = (now.getTime() - Date.parse(job.startedAt)) / 1000;
  return Math.max(0, (elapsed / ended) * (job.totalImages - ended));
}

export function ordinal(value: number): string {
  const tens = value % 100;
  const suffix = tens >= 11 && tens <= 13 ? "th" : (["th", "st", "nd", "rd"][value % 10] ?? "th");
  return `${value}${suffix}`;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed.charAt(0).toLowerCase() + trimmed.slice(1);
}
