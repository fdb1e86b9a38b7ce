// What the pages read, by key, and how often while there is no live line.
import { infiniteQueryOptions, keepPreviousData, queryOptions, type QueryClient } from "@tanstack/react-query";
import { forward, forwardActive } from "../live/merge";
import { latestNews } from "../live/news";
import { ask, Problem } from "./http";
import type { Balance, JobDetail, JobPage, Plans, Product, ProductPage, Quote, Session, Submission, TransactionPage } from "./types";

export const LIST_POLL_MS = 5_000;
export const DETAIL_POLL_MS = 3_000;
const PAGE = 50;
const JOBS = "/api/image-optimization";

export const keys = {
  session: ["session"] as const,
  balance: ["credits"] as const,
  transactions: ["transactions"] as const,
  active: ["jobs", "active"] as const,
  ended: ["jobs", "ended"] as const,
  job: (id: number) => ["job", id] as const,
};

export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: async ({ signal }) => {
    try {
      return await ask<Session>("/api/session", { signal });
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: Infinity,
});

export const balanceQuery = queryOptions({
  queryKey: keys.balance,
  queryFn: ({ signal }) => ask<Balance>("/api/credits", { signal }),
});

export const plansQuery = queryOptions({
  queryKey: ["plans"],
  queryFn: ({ signal }) => ask<Plans>("/api/plans", { signal }),
  staleTime: 300_000,
});

/** Which movements: kinds with commas between, days of the reader's own clock; empty: all. */
export interface StatementFilter {
  kind: string;
  from: string;
  to: string;
}

export function transactionsQuery(filter: StatementFilter) {
  return infiniteQueryOptions({
    queryKey: [...keys.transactions, filter],
    queryFn: ({ pageParam, signal }) =>
      ask<TransactionPage>(`/api/credits/transactions?${page(pageParam)}${filterWords(filter)}`, { signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  });
}

/** The same movements as a file for a spreadsheet. */
export function statementAddress(filter: StatementFilter): string {
  return `/api/credits/transactions.csv?${filterWords(filter).slice(1)}`;
}

function filterWords({ kind, from, to }: StatementFilter): string {
  const until = to ? new Date(`${to}T00:00:00`) : undefined;
  until?.setDate(until.getDate() + 1); // the last day counts whole
  const given = { kind, from: from ? new Date(`${from}T00:00:00`).toISOString() : "", to: until?.toISOString() ?? "" };
  return Object.entries(given)
    .filter(([, value]) => value)
    .map(([name, value]) => `&${name}=${encodeURIComponent(value)}`)
    .join("");
}

export function productsQuery(search: string) {
  const words = search.trim();
  return infiniteQueryOptions({
    queryKey: ["products", words],
    queryFn: ({ pageParam, signal }) =>
      ask<ProductPage>(`/api/products?${page(pageParam)}${words ? `&search=${encodeURIComponent(words)}` : ""}`, { signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.nextCursor,
    staleTime: 60_000,
  });
}

export function productQuery(id: string) {
  return queryOptions({
    queryKey: ["product", id],
    queryFn: ({ signal }) => ask<Product>(`/api/products/${encodeURIComponent(id)}`, { signal }),
    staleTime: 60_000,
  });
}

export function activeJobsQuery(client: QueryClient, poll: boolean) {
  return queryOptions({
    queryKey: keys.active,
    queryFn: async ({ signal }) => {
      const fresh = await ask<JobPage>(`${JOBS}/jobs?status=PENDING,RUNNING&limit=100`, { signal });
      return forwardActive(client.getQueryData(keys.active), latestNews.appliedToPage(fresh), new Date());
    },
    refetchInterval: poll ? LIST_POLL_MS : false,
  });
}

export function endedJobsQuery(poll: boolean) {
  return infiniteQueryOptions({
    queryKey: keys.ended,
    queryFn: ({ pageParam, signal }) => ask<JobPage>(`${JOBS}/jobs?status=DONE,FAILED,CANCELED&${page(pageParam)}`, { signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.nextCursor,
    refetchInterval: poll ? LIST_POLL_MS : false,
  });
}

/** A job with its images. One that has ended changes no more, so it is asked for once.
 *
 * `watchPlaces`: places in the line move with every other shop's images, of which no news comes, so they are asked for while any wait. */
export function jobQuery(client: QueryClient, id: number, poll: boolean, { watchPlaces = false } = {}) {
  return queryOptions({
    queryKey: keys.job(id),
    queryFn: async ({ signal }) => {
      const fresh = await ask<JobDetail>(`${JOBS}/jobs/${id}`, { signal });
      return forward(client.getQueryData(keys.job(id)), latestNews.applied(fresh));
    },
    refetchInterval: (query) => {
      if (poll && !allEnded(query.state.data)) return DETAIL_POLL_MS;
      return watchPlaces && query.state.data?.items.some((item) => item.status === "PENDING") ? LIST_POLL_MS : false;
    },
    staleTime: (query) => (allEnded(query.state.data) ? Infinity : 0),
  });
}

export function quoteQuery(order: Submission, available: number | undefined) {
  return queryOptions({
    // The price hangs on how many pictures and which options; the balance is there so that it is asked again when that changes.
    queryKey: ["quote", order.images.length, order.options ?? null, available ?? null],
    queryFn: ({ signal }) => ask<Quote>("/api/quote", { method: "POST", body: order, signal }),
    staleTime: 15_000,
  });
}

function allEnded(detail: JobDetail | undefined): boolean {
  return detail !== undefined && detail.items.every((item) => item.status === "DONE" || item.status === "FAILED" || item.status === "CANCELED");
}

function page(cursor: string): string {
  return `limit=${PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
}
