// What operators are told, in words. Pure.
import type { Account, Fault, Message, Model, PausedAccount, SlowedTenant, Suppression, TimelineEvent } from "../api/operator";
import type { Tone } from "./jobs";
import { count, number } from "./numbers";
import { duration } from "./times";

/** How an account stands: "open", "paused for 8 s", "stopped: …". */
export function accountWords(account: Account, now: Date): { words: string; tone: Tone } {
  if (account.stopped === "low-credit") return { words: "Stopped: the account's money at the provider is used up", tone: "bad" };
  if (account.stopped === "refused") return { words: "Stopped: the provider refuses the token", tone: "bad" };
  const left = account.pausedUntil ? (Date.parse(account.pausedUntil) - now.getTime()) / 1000 : 0;
  if (left > 0) return { words: `Paused for ${duration(left)}: the provider asked for it`, tone: "waiting" };
  if (account.effectiveCapPerMinute < account.capPerMinute) {
    return { words: `Slowed to ${number(account.effectiveCapPerMinute)} a minute after a refusal, recovering`, tone: "waiting" };
  }
  return { words: "Open", tone: "good" };
}

export function modelWords(model: Model, now: Date): { words: string; tone: Tone } {
  const bound = model.concurrency === null ? "" : `; ${number(model.inFlight)} of at most ${number(model.concurrency)} at once`;
  if (model.state === "called") {
    return { words: `${model.failures ? `Working, ${number(model.failures)} failed lately` : "Working"}${bound}`, tone: "good" };
  }
  if (model.state === "full") return { words: `Full${bound}; its images wait for one to end`, tone: "waiting" };
  if (model.state === "trial") return { words: "One image tries whether it works again", tone: "waiting" };
  const left = secondsUntil(model.triedAgainAt, now);
  return { words: `Held back after ${number(model.failures)} failures${left > 0 ? `; tried again in ${duration(left)}` : ""}`, tone: "bad" };
}

const FAULTS: Record<Fault["code"], string> = {
  "our-fault": "the provider refuses what this platform fills in",
  "model-forbidden": "the provider does not let our account use it",
};

/** Why a model is closed for a fault of ours, and when it is tried again. */
export function faultWords(fault: Fault, model: Model | undefined, now: Date): string {
  const parts = [`Closed: ${FAULTS[fault.code]}`, "its images wait"];
  const left = secondsUntil(model?.triedAgainAt, now);
  if (model?.state === "trial") parts.push("one image tries whether it works again");
  else if (left > 0) parts.push(`tried again in ${duration(left)}`);
  return parts.join("; ");
}

/** How a shop whose images fail at a model stands there. */
export function slowedWords(tenant: SlowedTenant, now: Date): string {
  const left = secondsUntil(tenant.triedAgainAt, now);
  return `slowed after ${count(tenant.failures, "failure")} in a row; ${left > 0 ? `tried again in ${duration(left)}` : "the next image tries again"}`;
}

export interface ModelRow {
  name: string;
  model?: Model;
  fault?: Fault;
}

/** Each model once, the models that are closed for a fault of ours first. */
export function modelRows(models: readonly Model[], faults: readonly Fault[]): ModelRow[] {
  const known = new Map(models.map((model) => [model.model, model]));
  const closed = new Set(faults.map((fault) => fault.model));
  return [
    ...faults.map((fault): ModelRow => {
      const model = known.get(fault.model);
      return model ? { name: fault.model, model, fault } : { name: fault.model, fault };
    }),
    ...models.filter((model) => !closed.has(model.model)).map((model): ModelRow => ({ name: model.model, model })),
  ];
}

/** 0 where the moment is unknown; negative where it has passed. */
function secondsUntil(moment: string | null | undefined, now: Date): number {
  return moment ? (Date.parse(moment) - now.getTime()) / 1000 : 0;
}

/** A share as a part of a hundred: "25 %". */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** A wait, fine enough to compare: "0.8 s", "12 s", "–" where there is none. */
export function wait(seconds: number | null): string {
  if (seconds === null) return "–";
  return seconds < 10 ? `${seconds.toFixed(1)} s` : duration(seconds);
}

/** "darkroom.ItemRequested.v1" is "ItemRequested". */
export function eventName(type: string): string {
  return type.replace(/^darkroom\./, "").replace(/\.v\d+$/, "");
}

/** "/services/jobs-api" is "jobs-api". */
export function serviceName(source: string): string {
  return source.replace(/^\/services\//, "").replace(/^\//, "");
}

export interface Step {
  event: TimelineEvent;
  /** Seconds since the first event, and since the event that caused it (0 when that is unknown). */
  atSeconds: number;
  afterSeconds: number;
  /** How many causes deep it is. */
  depth: number;
}

const DEPTH_SHOWN_MAX = 12;

/** A job's events as the rows of a waterfall, in the order given, which is that of causes. */
export function waterfall(events: readonly TimelineEvent[]): { steps: Step[]; seconds: number } {
  const times = events.map((event) => Date.parse(event.at));
  const start = Math.min(...times);
  const known = new Map<string, Step>();
  const steps = events.map((event) => {
    const cause = event.causationId ? known.get(event.causationId) : undefined;
    const atSeconds = (Date.parse(event.at) - start) / 1000;
    const step: Step = {
      event,
      atSeconds,
      // Clocks of two machines differ a little: an effect is never drawn before its cause.
      afterSeconds: cause ? Math.max(0, atSeconds - cause.atSeconds) : 0,
      depth: cause ? Math.min(DEPTH_SHOWN_MAX, cause.depth + 1) : 0,
    };
    known.set(event.id, step);
    return step;
  });
  return { steps, seconds: events.length ? (Math.max(...times) - start) / 1000 : 0 };
}

/** "jobs/7/items/2" is "item 2"; an event of the job itself has no such word. */
export function itemOf(subject: string | null | undefined): string {
  const found = /\/items\/(\d+)$/.exec(subject ?? "");
  return found?.[1] ? `item ${found[1]}` : "";
}

/** A moment in a waterfall: "+0.04 s", "+12.31 s", "+140 s". */
export function offset(seconds: number): string {
  return `+${seconds < 100 ? seconds.toFixed(2) : seconds.toFixed(0)} s`;
}


/** "failRate" is "Fail rate". */
export function faultName(name: string): string {
  const words = name.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** An attempt of an item in words: "Attempt 2 at replicate-1 · 16:09:53 · 3.2 s", what came of it, and what else is known of it. */
export function attemptWords(entry: Readonly<Record<string, unknown>>): { head: string; message: string; more: string } {
  const text = (name: string) => (typeof entry[name] === "string" ? entry[name] : "");
  const began = Date.parse(text("startedAt"));
  const took = (Date.parse(text("endedAt")) - began) / 1000;
  const head = [
    `Attempt ${typeof entry["number"] === "number" ? entry["number"] : ""}${text("account") ? ` at ${text("account")}` : ""}`,
    Number.isNaN(began) ? "" : secondsClock.format(began),
    Number.isNaN(took) ? "" : wait(Math.max(0, took)),
  ];
  const more = Object.entries(entry)
    .filter(([name, value]) => !SAID.has(name) && value !== null && value !== undefined && value !== "")
    .map(([name, value]) => `${faultName(name)}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return { head: head.filter(Boolean).join(" · "), message: text("message") || text("code"), more: more.join(" · ") };
}

const SAID: ReadonlySet<string> = new Set(["number", "account", "startedAt", "endedAt", "message", "code"]);
const secondsClock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

const CHANNELS: Record<string, string> = { email: "E-mail", sms: "SMS" };

/** What a message is, and why it is where it is. */
export function messageWords(message: Message): { head: string; message: string } {
  const head = `${CHANNELS[message.channel] ?? message.channel} to ${message.to}: ${message.kind}`;
  const parts = [message.code, message.error].filter((part): part is string => Boolean(part));
  if (message.delivery) parts.push(`the vendor reports: ${message.delivery}`);
  return { head, message: parts.join(": ") };
}

/** Why a vendor account is paused, how much waits for it and when it is tried again. */
export function pausedWords(account: PausedAccount, now: Date): string {
  const left = secondsUntil(account.nextTrialAt, now);
  const again = left > 0 ? `tried again in ${duration(left)}` : "tried again now";
  const why = account.error ? ` after “${account.error}”` : "";
  return `${CHANNELS[account.channel] ?? account.channel} by ${account.account} is paused${why}: ${count(account.waiting, "message")} ${account.waiting === 1 ? "waits" : "wait"}; ${again}.`;
}

const SUPPRESSED: Record<Suppression["reason"], string> = {
  bounced: "The mailbox or number does not exist",
  unsubscribed: "The person asked for no more messages",
  complained: "The person reported a message as spam",
};

/** Why an address is not written to, and for whom that holds. */
export function suppressionWords(suppression: Suppression): string {
  const scope = suppression.scope === "*" ? "for all shops" : `for ${suppression.scope}`;
  return `${CHANNELS[suppression.channel] ?? suppression.channel} · ${SUPPRESSED[suppression.reason]} · ${scope}`;
}
