import { describe, expect, test } from "vitest";
import { Problem, Unreachable } from "../api/http";
import type { Job } from "../api/types";
import { imagesFor, packsOf, priceOf, purchaseWords, transactionWords } from "./credits";
import { cancelWords, itemWords, jobWords, ordinal, secondsLeft, whyWaiting } from "./jobs";
import { count, money, signed } from "./numbers";
import { problemWords } from "./problems";
import { dayWords, duration, relative } from "./times";

const NOW = new Date("2026-05-04T12:00:00Z");
const before = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);

function job(changes: Partial<Job>): Job {
  return {
    id: 1,
    productId: "mug",
    productName: "Ceramic mug",
    status: "RUNNING",
    totalImages: 10,
    completedImages: 0,
    failedImages: 0,
    createdAt: before(60).toISOString(),
    ...changes,
  };
}

describe("numbers", () => {
  test("one is one, many are many", () => {
    expect([count(1, "image"), count(4, "image"), count(1240, "credit")]).toEqual(["1 image", "4 images", "1,240 credits"]);
  });
  test("money has cents only where there are any", () => {
    expect([money(900, "EUR"), money(950, "EUR")]).toEqual(["€9", "€9.50"]);
    expect([money(1500, "JPY"), money(1500, "KWD"), money(1500, "ISK")].map((words) => words.replace(/[^0-9.,]/g, ""))).toEqual(["1,500", "1.500", "1,500"]);
  });
  test("a change has its sign", () => {
    expect([signed(60), signed(-60), signed(0)]).toEqual(["+60", "−60", "0"]);
  });
});

describe("times", () => {
  test("lengths are as coarse as they are true", () => {
    expect([4.4, 89, 91, 3600 * 3, 86_400 * 5].map(duration)).toEqual(["4 s", "89 s", "2 min", "3 h", "5 days"]);
  });
  test("times are told from now", () => {
    expect([relative(before(2), NOW), relative(before(120), NOW), relative(before(-86_400 * 3), NOW)]).toEqual([
      "just now",
      "2 min ago",
      "in 3 days",
    ]);
  });
  test("days have names while they are near", () => {
    const noon = new Date(2026, 4, 4, 12);
    expect([new Date(2026, 4, 4), new Date(2026, 4, 3, 23), new Date(2026, 4, 1), new Date(2025, 4, 1)].map((day) => dayWords(day, noon))).toEqual([
      "Today",
      "Yesterday",
      "Friday 1 May",
      "1 May 2025",
    ]);
  });
});

describe("jobs", () => {
  test.each<[Partial<Job>, string]>([
    [{}, "Waiting for your turn: 10 images"],
    [{ status: "PENDING", position: 12 }, "Waiting for your turn: 12th"],
    [{ completedImages: 3, startedAt: before(30).toISOString() }, "3 of 10 done, about 70 s to go"],
    [{ completedImages: 3, expectedFinishAt: before(-40).toISOString() }, "3 of 10 done, about 40 s to go"],
    [{ completedImages: 1, failedImages: 1 }, "1 of 10 done, 1 could not be done"],
    [{ status: "DONE", completedImages: 10 }, "All 10 done"],
    [{ status: "DONE", completedImages: 9, failedImages: 1 }, "9 of 10 done, 1 could not be done"],
    [{ status: "FAILED", failedImages: 10 }, "None of 10 could be done"],
    [{ status: "FAILED", error: "insufficient-credits" }, "Not started: not enough credits"],
    [{ status: "CANCELED", completedImages: 2 }, "Cancelled with 2 of 10 done"],
  ])("%j", (changes, words) => {
    expect(jobWords(job(changes), NOW)).toBe(words);
  });
  test("with everything at the studio it says so", () => {
    expect(jobWords(job({ totalImages: 2 }), NOW, [{ status: "PROCESSING" }, { status: "PROCESSING" }])).toBe("All 2 at the studio");
  });
  test("nobody knows the pace of one image", () => {
    expect(secondsLeft(job({ completedImages: 1, startedAt: before(9).toISOString() }), NOW)).toBeUndefined();
  });
  test("an item tells how long it is away and why it failed", () => {
    const at = { updatedAt: before(8).toISOString() };
    expect(itemWords({ ...at, status: "PROCESSING" }, NOW)).toBe("At the studio · 8 s");
    expect(itemWords({ ...at, status: "FAILED", error: "The studio refused this picture." }, NOW)).toBe(
      "Could not be done: the studio refused this picture.",
    );
  });
  test.each<[Parameters<typeof itemWords>[0], string]>([
    [{ status: "PENDING", updatedAt: "" }, "Waiting for your turn"],
    [{ status: "PENDING", updatedAt: "", waitsFor: "turn", position: 12, expectedStartAt: before(-40).toISOString() }, "Waiting for your turn: 12th, about 40 s"],
    [{ status: "PENDING", updatedAt: "", position: 1, expectedStartAt: before(3).toISOString() }, "Waiting for your turn: 1st, any moment now"],
    [{ status: "PENDING", updatedAt: "", waitsFor: "own-cap", position: 3, expectedStartAt: before(-40).toISOString() }, "Waiting: your shop’s own limit, about 40 s"],
    [{ status: "PENDING", updatedAt: "", waitsFor: "studio" }, "Waiting: the studio is busy"],
  ])("%j", (item, words) => {
    expect(itemWords(item, NOW)).toBe(words);
  });
  test("why a job waits is the nearest thing in its way", () => {
    expect(whyWaiting([{ status: "PROCESSING" }, { status: "PENDING", waitsFor: "turn" }])).toMatch(/turns go round/);
    expect(whyWaiting([{ status: "PENDING", waitsFor: "turn" }, { status: "PENDING", waitsFor: "own-cap" }])).toMatch(/so many images a minute/);
    expect(whyWaiting([{ status: "PROCESSING", waitsFor: "turn" }])).toBeUndefined();
  });
  test("cancelling says what comes back, what is away, what stays", () => {
    const items = (["DONE", "PROCESSING", "PROCESSING", "RUNNING", "PENDING"] as const).map((status) => ({ status }));
    expect(cancelWords(job({ completedImages: 1 }), items)).toBe(
      "2 images will not be started, and their credits come back. 2 images at the studio are stopped if there is still time; what the studio has worked on is paid for. The one done already stays yours.",
    );
    expect(cancelWords(job({}), [{ status: "PENDING" }])).toBe("1 image will not be started, and its credits come back.");
  });
  test("ordinals", () => {
    expect([1, 2, 3, 4, 11, 12, 13, 21, 112].map(ordinal)).toEqual(["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"]);
  });
});

describe("problems", () => {
  const problem = (status: number, more: Record<string, unknown> = {}, detail?: string) => new Problem(status, "Title", detail, more, undefined);
  test("too few credits are counted", () => {
    expect(problemWords(problem(402, { needed: 150, available: 90 }))).toBe(
      "Not enough credits: 150 needed, 90 there. Nothing was started and nothing was taken.",
    );
  });
  test("never a bare error, whatever happens", () => {
    for (const error of [problem(500), problem(503), problem(429), problem(404), problem(400, {}, "images: 1 to 10"), new Unreachable(""), "x"]) {
      const words = problemWords(error);
      expect(words).not.toMatch(/error/i);
      expect(words.length).toBeGreaterThan(10);
    }
  });
});

describe("credits", () => {
  const bounds = { creditsMin: 50, creditsMax: 1_000_000 };
  const price = { amount: 1000, currency: "EUR" };
  test("an unknown kind keeps its own name", () => {
    expect(transactionWords({ kind: "gift" })).toBe("Gift");
  });
  test("what is missing is offered first, and no more than that", () => {
    expect(packsOf(bounds, 0).map((pack) => pack.credits)).toEqual([500, 1500, 5000]);
    expect(packsOf(bounds, 10)).toEqual([
      { credits: 50, isEnough: true },
      { credits: 500, isEnough: false },
      { credits: 1500, isEnough: false },
    ]);
    expect(packsOf(bounds, 1501).map((pack) => pack.credits)).toEqual([1501, 5000]);
  });
  test("prices are rounded up to the cent, as they are charged", () => {
    expect([50, 1000, 1333].map((credits) => priceOf({ perThousand: price }, credits))).toEqual([50, 1000, 1333]);
    expect(priceOf({ perThousand: { amount: 999, currency: "EUR" } }, 50)).toBe(50);
    expect([1000, 333].map((credits) => priceOf({ perThousand: { amount: 1500, currency: "JPY" } }, credits))).toEqual([1500, 500]);
    expect(priceOf({ perThousand: { amount: 1500, currency: "KWD" } }, 335)).toBe(510);
  });
  test("an image is fifteen", () => {
    expect([14, 15, 500].map(imagesFor)).toEqual([0, 1, 33]);
  });
  test("a payment is there when it is there", () => {
    const bought = { credits: 1000, price };
    expect(purchaseWords({ ...bought, state: "PAID" })).toEqual({ words: "1,000 credits are there. Thank you.", tone: "good" });
    expect(purchaseWords({ ...bought, state: "OPEN" }).words).toMatch(/^Waiting for the payment/);
    expect(purchaseWords({ ...bought, state: "FAILED" }).words).toMatch(/^The payment of €10 did not go through/);
  });
});
