// Errors in words: what happened and what to do next.
import { Problem, Unreachable } from "../api/http";
import { count, number } from "./numbers";

export function problemWords(error: unknown): string {
  if (error instanceof Unreachable) return "Darkroom cannot be reached just now. Your connection may be away; nothing was lost.";
  if (!(error instanceof Problem)) return "This page stumbled. Reload it; nothing was lost.";
  switch (error.status) {
    case 402:
      return creditsWords(numberOf(error, "needed"), numberOf(error, "available"));
    case 403:
      return "You are not allowed to do this here. Sign in again from your shop.";
    case 404:
      return "This is not there any more, or it belongs to another shop.";
    case 429:
      return `Too much at once. Try again in ${count(error.retryAfterSeconds ?? 5, "second")}.`;
    case 503:
      return error.detail ?? "This part of Darkroom is starting again. Try again in a moment.";
    default:
      return error.status >= 500 ? "Darkroom could not do this. Nothing was taken; try again in a moment." : (error.detail ?? error.title);
  }
}

/** "Not enough credits: 150 needed, 90 there. …" */
export function creditsWords(needed: number | undefined, available: number | undefined): string {
  if (needed === undefined || available === undefined) return "Not enough credits. Nothing was started and nothing was taken.";
  return `Not enough credits: ${number(needed)} needed, ${number(available)} there. Nothing was started and nothing was taken.`;
}

function numberOf(problem: Problem, name: string): number | undefined {
  const value = problem.more[name];
  return typeof value === "number" ? value : undefined;
}
