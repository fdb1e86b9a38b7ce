// Notifications and the ways they come, in words.
import { Problem } from "../api/http";
import type { Channel, Choice } from "../api/notices";
import type { IconName } from "../parts/Icon";
import { problemWords } from "./problems";

export function noticeLook(kind: string): { icon: IconName; tone: "good" | "bad" | "quiet" } {
  if (kind === "job.done" || kind === "credits.granted") return { icon: "check", tone: "good" };
  if (kind === "job.failed" || kind === "credits.rejected") return { icon: "alert", tone: "bad" };
  return { icon: "minus", tone: "quiet" };
}

const KINDS: Partial<Record<string, string>> = {
  "job.done": "A job is done",
  "job.failed": "A job failed",
  "job.canceled": "A job was cancelled",
  "credits.granted": "Credits were added",
  "credits.rejected": "Credits ran short",
};

/** A kind of event as a row of the preferences; a new kind that has no words yet is at least readable. */
export function kindWords(kind: Choice["kind"]): string {
  return KINDS[kind] ?? kind.replace(/[.-]/g, " ");
}

export const CHANNEL_WORDS: Record<Channel, string> = { websocket: "On the page", email: "E-mail", sms: "SMS" };

/** What came of a link that confirms an address. */
export function confirmationWords(error: unknown): string {
  const kind = error instanceof Problem ? error.more["type"] : undefined;
  switch (kind) {
    case "/problems/confirmation-expired":
      return "This link has expired. Ask for another one under Notifications.";
    case "/problems/confirmation-used":
      return "This link was used before. The address needs no other confirmation unless it was changed since.";
    case "/problems/confirmation-outdated":
      return "This address has been changed since the link was sent.";
    case "/problems/not-found":
      return "This link is not complete. Copy all of it from the message.";
    default:
      return problemWords(error);
  }
}

/** Why an address is not written to any more, and what to do. */
export function suppressedWords(channel: string, reason: string): string {
  const way = channel === "sms" ? "SMS" : "e-mails";
  if (reason === "unsubscribed") return `You asked for no more ${way} at this address.`;
  return channel === "sms" ? "Messages to this number came back. Check the number." : "E-mails to this address came back. Check it, or give another one.";
}
