// Sending an order. The same order sent again, after an answer that was lost, is answered as the first: its key says so.
import { ask } from "./http";
import type { Job, Submission } from "./types";

export function newKey(): string {
  // randomUUID needs a secure context, which a stack on a local network is not.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The accepted job. Throws Problem (402: too few credits). */
export async function sendOrder(order: Submission, key: string): Promise<Job> {
  const answer = await ask<{ job: Job }>("/api/image-optimization", { method: "POST", body: order, headers: { "Idempotency-Key": key } });
  return answer.job;
}
