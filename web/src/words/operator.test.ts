import { describe, expect, test } from "vitest";
import type { Account, Fault, Message, Model, PausedAccount, SlowedTenant, Suppression, TimelineEvent } from "../api/operator";
import { accountWords, attemptWords, eventName, faultName, faultWords, itemOf, messageWords, modelRows, modelWords, offset, pausedWords, percent, serviceName, slowedWords, suppressionWords, wait, waterfall } from "./operator";

const NOW = new Date("2026-05-04T12:00:00Z");
const ACCOUNT: Account = {
  account: "replicate-1",
  capPerMinute: 450,
  effectiveCapPerMinute: 450,
  concurrency: 100,
  burst: 20,
  inLastMinute: 387,
  inFlight: 12,
  pausedUntil: null,
  stopped: null,
};
const MODEL: Model = { provider: "replicate", model: "google/nano-banana", state: "called", triedAgainAt: null, failures: 0, concurrency: null, inFlight: 0, slowedTenants: [] };
const FAULT: Fault = { provider: "replicate", model: "google/nano-banana", code: "our-fault", answer: "- input.size: is not a field" };
const SLOWED: SlowedTenant = { instanceId: "shop-b", failures: 6, slowedSince: "2026-05-04T11:55:00Z", triedAgainAt: "2026-05-04T12:00:12Z" };

function event(id: string, at: string, causationId: string | null = null): TimelineEvent {
  return { id, at, causationId, type: "darkroom.ItemRequested.v1", source: "/services/jobs-api", subject: "jobs/1", instanceId: "shop", data: {} };
}

describe("an account", () => {
  test.each<[Partial<Account>, string, string]>([
    [{}, "Open", "good"],
    [{ pausedUntil: "2026-05-04T12:00:08Z" }, "Paused for 8 s: the provider asked for it", "waiting"],
    [{ pausedUntil: "2026-05-04T11:59:00Z" }, "Open", "good"],
    [{ effectiveCapPerMinute: 225 }, "Slowed to 225 a minute after a refusal, recovering", "waiting"],
    [{ stopped: "low-credit", pausedUntil: "2026-05-04T12:00:08Z" }, "Stopped: the account's money at the provider is used up", "bad"],
  ])("%j", (changes, words, tone) => {
    expect(accountWords({ ...ACCOUNT, ...changes }, NOW)).toEqual({ words, tone });
  });
});

test("a model's breaker", () => {
  expect(modelWords(MODEL, NOW).words).toBe("Working");
  expect(modelWords({ ...MODEL, state: "waiting", failures: 5, triedAgainAt: "2026-05-04T12:00:30Z" }, NOW).words).toBe(
    "Held back after 5 failures; tried again in 30 s",
  );
  expect(modelWords({ ...MODEL, state: "trial" }, NOW).tone).toBe("waiting");
});

test("a model with a concurrency of its own", () => {
  expect(modelWords({ ...MODEL, concurrency: 20, inFlight: 7 }, NOW).words).toBe("Working; 7 of at most 20 at once");
  expect(modelWords({ ...MODEL, state: "full", concurrency: 20, inFlight: 20 }, NOW).words).toBe(
    "Full; 20 of at most 20 at once; its images wait for one to end",
  );
});

test("a model that is closed for a fault of ours", () => {
  expect(faultWords(FAULT, undefined, NOW)).toBe("Closed: the provider refuses what this platform fills in; its images wait");
  expect(faultWords({ ...FAULT, code: "model-forbidden" }, MODEL, NOW)).toBe("Closed: the provider does not let our account use it; its images wait");
  expect(faultWords(FAULT, { ...MODEL, state: "waiting", triedAgainAt: "2026-05-04T12:00:30Z" }, NOW)).toBe(
    "Closed: the provider refuses what this platform fills in; its images wait; tried again in 30 s",
  );
  expect(faultWords(FAULT, { ...MODEL, state: "trial" }, NOW)).toBe(
    "Closed: the provider refuses what this platform fills in; its images wait; one image tries whether it works again",
  );
});

test("a shop that is slowed at a model", () => {
  expect(slowedWords(SLOWED, NOW)).toBe("slowed after 6 failures in a row; tried again in 12 s");
  expect(slowedWords({ ...SLOWED, failures: 1, triedAgainAt: null }, NOW)).toBe("slowed after 1 failure in a row; the next image tries again");
  expect(slowedWords({ ...SLOWED, triedAgainAt: "2026-05-04T11:59:00Z" }, NOW)).toBe("slowed after 6 failures in a row; the next image tries again");
});

test("closed models come first, each model once", () => {
  const other: Model = { ...MODEL, model: "other/model" };
  expect(modelRows([other, MODEL], [FAULT])).toEqual([
    { name: "google/nano-banana", model: MODEL, fault: FAULT },
    { name: "other/model", model: other },
  ]);
  expect(modelRows([], [FAULT])).toEqual([{ name: "google/nano-banana", fault: FAULT }]);
  expect(modelRows([], [])).toEqual([]);
});

test("a waterfall hangs each event on its cause and never draws an effect before it", () => {
  const { steps, seconds } = waterfall([
    event("a", "2026-05-04T12:00:00.000Z"),
    event("b", "2026-05-04T12:00:00.500Z", "a"),
    event("c", "2026-05-04T12:00:00.400Z", "b"),
    event("d", "2026-05-04T12:00:04.000Z", "not-in-the-log"),
  ]);
  expect(seconds).toBe(4);
  expect(steps.map(({ depth, atSeconds, afterSeconds }) => [depth, atSeconds, afterSeconds])).toEqual([
    [0, 0, 0],
    [1, 0.5, 0.5],
    [2, 0.4, 0],
    [0, 4, 0],
  ]);
  expect(waterfall([])).toEqual({ steps: [], seconds: 0 });
});

test("names and figures", () => {
  expect([eventName("darkroom.ItemRequested.v1"), serviceName("/services/jobs-api"), itemOf("jobs/7/items/2"), itemOf("jobs/7")]).toEqual([
    "ItemRequested",
    "jobs-api",
    "item 2",
    "",
  ]);
  expect([wait(null), wait(0.84), wait(12.3), percent(0.2449), offset(0.041), offset(140.4)]).toEqual(["–", "0.8 s", "12 s", "24 %", "+0.04 s", "+140 s"]);
  expect([faultName("failRate"), faultName("outputKeptSeconds")]).toEqual(["Fail rate", "Output kept seconds"]);
});

describe("an attempt", () => {
  test("says where and how long, what came of it, and the rest by name", () => {
    const entry = { number: 2, account: "replicate-1", startedAt: "2026-05-04T12:00:00Z", endedAt: "2026-05-04T12:00:03.2Z", message: "No.", code: "x", predictionId: "p-1" };
    const { head, message, more } = attemptWords(entry);
    expect(head).toMatch(/^Attempt 2 at replicate-1 · \d\d:00:00 · 3\.2 s$/);
    expect([message, more]).toEqual(["No.", "Prediction id: p-1"]);
  });
  test("of which little is known says that", () => {
    expect(attemptWords({ number: 1, code: "lost" })).toEqual({ head: "Attempt 1", message: "lost", more: "" });
  });
});

test("a message says what it is and why it is not sent", () => {
  const message = { channel: "email", to: "a…@s…", kind: "job.done", code: "too-old", error: "sendgrid answered 500", delivery: null } as Message;
  expect(messageWords(message)).toEqual({ head: "E-mail to a…@s…: job.done", message: "too-old: sendgrid answered 500" });
  expect(messageWords({ ...message, channel: "sms", code: null, error: null, delivery: "delivered" })).toEqual({
    head: "SMS to a…@s…: job.done",
    message: "the vendor reports: delivered",
  });
});

test("a paused vendor account says what waits for it and when it is tried again", () => {
  const account = { account: "sendgrid", channel: "email", error: "sendgrid answered 500", waiting: 1, nextTrialAt: "2026-03-01T10:00:20Z" } as PausedAccount;
  expect(pausedWords(account, new Date("2026-03-01T10:00:00Z"))).toBe("E-mail by sendgrid is paused after “sendgrid answered 500”: 1 message waits; tried again in 20 s.");
  expect(pausedWords({ ...account, error: null, waiting: 8 }, new Date("2026-03-01T10:01:00Z"))).toBe("E-mail by sendgrid is paused: 8 messages wait; tried again now.");
});

test("a suppression says why and for whom", () => {
  const suppression = { channel: "sms", address: "+49151", scope: "*", reason: "unsubscribed" } as Suppression;
  expect(suppressionWords(suppression)).toBe("SMS · The person asked for no more messages · for all shops");
  expect(suppressionWords({ ...suppression, channel: "email", reason: "bounced", scope: "shop-a" })).toBe("E-mail · The mailbox or number does not exist · for shop-a");
});
