// Buying credits by card: what they cost, the payment page, and what became of a payment.
import { queryOptions } from "@tanstack/react-query";
import type { components as Credits } from "./credits.gen";
import { ask } from "./http";

export type TopUps = Credits["schemas"]["TopUpsBody"];
export type Purchase = Credits["schemas"]["PurchaseBody"];

const ASK_AGAIN_MS = 1_500;
/** A bank debit takes days; nobody waits for it with the page open. */
const ASK_SELDOM_MS = 20_000;

export const topUpsQuery = queryOptions({
  queryKey: ["top-ups"],
  queryFn: ({ signal }) => ask<TopUps>("/api/credits/top-ups", { signal }),
  staleTime: 300_000,
});

export function purchaseQuery(sessionId: string) {
  return queryOptions({
    queryKey: ["purchase", sessionId],
    queryFn: ({ signal }) => ask<Purchase>(`/api/credits/checkout/${encodeURIComponent(sessionId)}`, { signal }),
    refetchInterval: ({ state: { data, error } }) => {
      if (error && !data) return false;
      if (data?.state === "AWAITING") return ASK_SELDOM_MS;
      return data && ["PAID", "FAILED", "EXPIRED"].includes(data.state) ? false : ASK_AGAIN_MS;
    },
  });
}

/** A page to pay at. The same key gives the same page. */
export function startCheckout(credits: number, key: string): Promise<{ sessionId: string; url: string | null }> {
  return ask("/api/credits/checkout", { method: "POST", body: { credits }, headers: { "Idempotency-Key": key } });
}
