// Sending an order. The same order sent again, after an answer that was lost, is answered as the first: its key says so.
import { ask, Problem } from "./http";
import type { Job, Submission } from "./types";

const JOBS = "/api/image-optimization";

export function newKey(): string {
  // randomUUID needs a secure context, which a stack on a local network is not.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The accepted job. Throws Problem (402: too few credits). */
export async function sendOrder(order: Submission, key: string): Promise<Job> {
  const answer = await ask<{ job: Job }>(JOBS, { method: "POST", body: order, headers: { "Idempotency-Key": key } });
  return answer.job;
}

/** Stop a job: what waits ends at once, what the studio has is stopped there if it still can. Throws Problem (409: it has ended). */
export async function cancelJob(jobId: number): Promise<Job> {
  return (await ask<{ job: Job }>(`${JOBS}/jobs/${jobId}/cancel`, { method: "POST" })).job;
}

/** A new job of the pictures that failed. Throws Problem (402: too few credits; 409: none failed, it still runs, or
 *  another job has them: `jobThatHasThem`). */
export async function retryJob(jobId: number, key: string): Promise<Job> {
  const answer = await ask<{ job: Job }>(`${JOBS}/jobs/${jobId}/retry`, { method: "POST", headers: { "Idempotency-Key": key } });
  return answer.job;
}

/** Whether a refusal is final for its key: asking again under it would only be told the same. */
export function isFinal(error: unknown): boolean {
  return error instanceof Problem && error.status < 500 && error.status !== 429;
}

/** All results of a job as one ZIP. */
export function picturesAddress(jobId: number): string {
  return `${JOBS}/jobs/${jobId}/pictures.zip`;
}

/** The job that has made the failed pictures, or is making them, when a retry was refused for that. */
export function jobThatHasThem(error: unknown): number | undefined {
  if (!(error instanceof Problem) || error.more.type !== "/problems/retried-already") return undefined;
  return typeof error.more.jobId === "number" ? error.more.jobId : undefined;
}
