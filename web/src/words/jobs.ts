// What is said of jobs and their images: what happened, what comes next.
import type { Item, ItemStatus, Job, JobStatus } from "../api/types";
import { count, number } from "./numbers";
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
export function itemWords(item: Told, now: Date): string {
  switch (item.status) {
    case "PENDING":
      return waitingWords(item, now);
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

type Told = Pick<Item, "status" | "updatedAt" | "error"> & Partial<Pick<Item, "position" | "expectedStartAt" | "waitsFor">>;

/** "Waiting for your turn: 12th, about 40 s"; where it is not a turn that it waits for, what it is. */
function waitingWords(item: Told, now: Date): string {
  const left = item.expectedStartAt ? (Date.parse(item.expectedStartAt) - now.getTime()) / 1000 : undefined;
  const about = left === undefined ? "" : left < 1 ? "any moment now" : `about ${duration(left)}`;
  if (item.waitsFor === "own-cap") return listed("Waiting: your shop’s own limit", about);
  if (item.waitsFor === "studio") return listed("Waiting: the studio is busy", about);
  return listed("Waiting for your turn", item.position ? ordinal(item.position) : "", about);
}

function listed(head: string, ...rest: string[]): string {
  const told = rest.filter(Boolean).join(", ");
  return told ? `${head}${head.includes(":") ? ", " : ": "}${told}` : head;
}

/** One line above a job that waits: what it waits for. Undefined when nothing waits, or nobody knows. */
export function whyWaiting(items: readonly Pick<Item, "status" | "waitsFor">[]): string | undefined {
  const waiting = items.filter((item) => item.status === "PENDING");
  if (waiting.some((item) => item.waitsFor === "own-cap")) {
    return "Your shop may start only so many images a minute. The rest follow by themselves; a larger plan starts more.";
  }
  if (waiting.some((item) => item.waitsFor === "studio")) {
    return "The studio takes no more for the moment. Your images keep their places and follow by themselves.";
  }
  return waiting.some((item) => item.waitsFor === "turn") ? "Other shops are working too: turns go round, one shop after the other." : undefined;
}

/** What cancelling would do, in numbers: what comes back, what is with the studio already, what stays. */
export function cancelWords(job: Job, items: readonly Pick<Item, "status">[]): string {
  const of = (...statuses: ItemStatus[]) => items.filter((item) => statuses.includes(item.status)).length;
  const waiting = of("PENDING", "RUNNING");
  const away = of("PROCESSING");
  return [
    waiting ? `${count(waiting, "image")} will not be started, and ${waiting === 1 ? "its" : "their"} credits come back.` : "",
    away ? `${count(away, "image")} at the studio ${away === 1 ? "is" : "are"} stopped if there is still time; what the studio has worked on is paid for.` : "",
    job.completedImages ? `The ${job.completedImages === 1 ? "one" : number(job.completedImages)} done already ${job.completedImages === 1 ? "stays" : "stay"} yours.` : "",
  ]
    .filter(Boolean)
    .join(" ");
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
      const finish = left === undefined ? "" : left < 1 ? ", nearly there" : `, about ${duration(left)} to go`;
      const working = items.filter((item) => item.status === "PROCESSING").length;
      if (job.status === "PENDING" && ended === 0 && job.position) return `Waiting for your turn: ${ordinal(job.position)}${finish}`;
      if (ended === 0 && working) return `${working === job.totalImages ? "All" : `${working} of`} ${job.totalImages} at the studio${finish}`;
      return ended === 0 && !finish
        ? `Waiting for your turn: ${count(job.totalImages, "image")}`
        : `${job.completedImages} of ${job.totalImages} done${failed}${finish}`;
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
