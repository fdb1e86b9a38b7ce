// Credits in words: the statement's lines, what they buy, what became of a payment. Pure.
import type { Purchase, TopUps } from "../api/purchases";
import type { Transaction } from "../api/types";
import { chargeStep } from "./currencies";
import { count, money } from "./numbers";

export function transactionWords(line: Pick<Transaction, "kind" | "jobId" | "reason">): string {
  switch (line.kind) {
    case "hold":
      return "Images sent";
    case "release":
      return "Given back";
    case "spend":
      return "Spent";
    case "grant":
      return sentence(line.reason ?? "Credits added");
    case "expire":
      return "Expired unspent";
    case "refund":
      return "Taken back after a refund";
    case "restore":
      return "Given back: the refund did not go through";
    default:
      return sentence(line.reason ?? line.kind);
  }
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What an image costs today; a quote says it exactly, this is for "about". */
const PRICE_PER_IMAGE = 15;
const PACKS = [500, 1500, 5000] as const;

export const KIND_CHOICES: readonly { kinds: string; words: string }[] = [
  { kinds: "", words: "All movements" },
  { kinds: "hold,release", words: "Held and given back" },
  { kinds: "grant", words: "Added" },
  { kinds: "expire", words: "Expired" },
  { kinds: "refund,restore", words: "Taken back" },
];

export function imagesFor(credits: number): number {
  return Math.floor(credits / PRICE_PER_IMAGE);
}

/** The sizes to offer; where credits are missing the fewest that cover them come first, as the quote names them. */
export function packsOf(top: Pick<TopUps, "creditsMin" | "creditsMax">, missing: number): { credits: number; isEnough: boolean }[] {
  const sizes = PACKS.filter((credits) => credits >= top.creditsMin && credits <= top.creditsMax).map((credits) => ({ credits, isEnough: false }));
  if (missing <= 0) return sizes;
  const enough = Math.min(top.creditsMax, Math.max(top.creditsMin, missing));
  return [{ credits: enough, isEnough: true }, ...sizes.filter(({ credits }) => credits > enough)].slice(0, PACKS.length);
}

/** What so many cost, in the currency's minor unit: rounded up to what can be charged, as the platform does. */
export function priceOf(top: Pick<TopUps, "perThousand">, credits: number): number {
  const step = chargeStep(top.perThousand.currency);
  return Math.ceil((credits * top.perThousand.amount) / (1000 * step)) * step;
}

/** What became of a payment. */
export function purchaseWords({ state, credits, price }: Pick<Purchase, "state" | "credits" | "price">): { words: string; tone: "good" | "waiting" | "bad" } {
  const bought = count(credits, "credit");
  switch (state) {
    case "PAID":
      return { words: `${bought} are there. Thank you.`, tone: "good" };
    case "AWAITING":
      return { words: `Your bank takes a while with this payment. The ${bought} come as soon as it has gone through; you need not wait here.`, tone: "waiting" };
    case "FAILED":
      return { words: `The payment of ${money(price.amount, price.currency)} did not go through. Nothing was charged and no credits were added.`, tone: "bad" };
    case "EXPIRED":
      return { words: "The payment page was open for too long and has closed. Nothing was charged.", tone: "bad" };
    default:
      return { words: `Waiting for the payment to be confirmed. The ${bought} come the moment it is, and this page shows it.`, tone: "waiting" };
  }
}
