// What operators read and change. Everything here needs the role `operator`; the platform refuses anyone else.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ask, Problem } from "./http";
import type { components as Jobs } from "./jobs-api.gen";
import type { components as Notifier } from "./notifier.gen";
import type { components as Predictor } from "./predictor.gen";

const PATH = "/api/operator";
export const WATCH_MS = 2_000;
const LETTERS = 50;

export type Tenants = Predictor["schemas"]["TenantsBody"];
export type TenantFigures = Tenants["tenants"][number];
export type TenantTerms = Pick<TenantFigures, "weight" | "capPerMinute" | "concurrency" | "requestsPerMinute" | "paused">;

export type Limits = Predictor["schemas"]["LimitsBody"];
export type Account = Limits["accounts"][number];
export type Model = Limits["models"][number];
export type SlowedTenant = Model["slowedTenants"][number];
export type Fault = Limits["faults"][number];
/** What may be changed of an account; null: the setting's again. */
export type AccountLimits = Pick<Predictor["schemas"]["LimitsRequest"], "capPerMinute" | "concurrency" | "burst">;

export type DeadLetter = Predictor["schemas"]["LetterBody"];
export type DeadLetterDetail = Predictor["schemas"]["WholeLetterBody"];
export type LetterState = DeadLetter["state"];
export type RedriveProgress = Predictor["schemas"]["RedriveBody"];
export type RedriveStarted = Predictor["schemas"]["RedriveStarted"];
export interface LetterFilter {
  state: LetterState | "";
  instanceId: string;
  service: string;
  code: string;
}
export interface Redrive {
  ids?: string[];
  filter?: { instanceId?: string; service?: string; code?: string; before?: string };
  perMinute?: number;
  dryRun?: boolean;
}

export type Message = Notifier["schemas"]["MessageBody"];
export type MessagePage = Notifier["schemas"]["MessagesBody"];
export type MessageStatus = Message["status"];
export type PausedAccount = Notifier["schemas"]["PausedAccountBody"];
export type Suppression = Notifier["schemas"]["SuppressionBody"];
export interface MessageFilter {
  status: MessageStatus;
  instanceId: string;
  code: string;
}

export type Timeline = Jobs["schemas"]["TimelineBody"];
export type TimelineEvent = Jobs["schemas"]["StoryEventBody"];
export type Sandbox = Jobs["schemas"]["SandboxBody"];

export const operatorKeys = {
  tenants: ["operator", "tenants"] as const,
  limits: ["operator", "limits"] as const,
  letters: ["operator", "letters"] as const,
  letter: (id: string) => ["operator", "letter", id] as const,
  redrives: ["operator", "redrives"] as const,
  messages: ["operator", "messages"] as const,
  suppressions: ["operator", "suppressions"] as const,
  sandbox: ["operator", "sandbox"] as const,
};

export const tenantsQuery = queryOptions({
  queryKey: operatorKeys.tenants,
  queryFn: ({ signal }) => ask<Tenants>(`${PATH}/tenants`, { signal }),
  refetchInterval: WATCH_MS,
});

/** The accounts' limits and the models; null where this version of the platform does not tell them. */
export const limitsQuery = queryOptions({
  queryKey: operatorKeys.limits,
  queryFn: ({ signal }) => orAbsent(ask<Limits>(`${PATH}/limits`, { signal })),
  refetchInterval: (query) => (query.state.data === null ? false : WATCH_MS),
});

export function changeTerms(instanceId: string, terms: Partial<TenantTerms>): Promise<unknown> {
  return ask(`${PATH}/tenants/${encodeURIComponent(instanceId)}`, { method: "PUT", body: terms });
}

export function changeLimits(account: string, limits: Partial<AccountLimits>): Promise<Limits> {
  return ask(`${PATH}/limits/${encodeURIComponent(account)}`, { method: "PUT", body: limits });
}

/** Let a stopped account take calls again now, without waiting for the next trial. */
export function resumeAccount(account: string): Promise<Limits> {
  return ask(`${PATH}/limits/${encodeURIComponent(account)}/resume`, { method: "POST" });
}

export function lettersQuery(filter: LetterFilter) {
  return infiniteQueryOptions({
    queryKey: [...operatorKeys.letters, filter],
    queryFn: ({ pageParam, signal }) =>
      ask<{ deadLetters: DeadLetter[]; nextCursor: string | null }>(`${PATH}/dead-letters?${parameters({ ...filter, limit: String(LETTERS), cursor: pageParam })}`, { signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.nextCursor,
    refetchInterval: WATCH_MS * 5,
  });
}

export function letterQuery(id: string) {
  return queryOptions({
    queryKey: operatorKeys.letter(id),
    queryFn: ({ signal }) => ask<DeadLetterDetail>(`${PATH}/dead-letters/${encodeURIComponent(id)}`, { signal }),
  });
}

export function redrive(wanted: Redrive): Promise<RedriveStarted> {
  return ask(`${PATH}/dead-letters/redrive`, { method: "POST", body: wanted });
}

export function cancelRedrive(redriveId: string): Promise<unknown> {
  return ask(`${PATH}/dead-letters/redrives/${encodeURIComponent(redriveId)}/cancel`, { method: "POST" });
}

/** The latest redrives, the newest first, and how far each has got. */
export const redrivesQuery = queryOptions({
  queryKey: operatorKeys.redrives,
  queryFn: async ({ signal }) => (await ask<{ redrives: RedriveProgress[] }>(`${PATH}/dead-letters/redrives?limit=5`, { signal })).redrives,
  refetchInterval: WATCH_MS,
});

export function dropLetter(id: string, reason: string): Promise<unknown> {
  return ask(`${PATH}/dead-letters/${encodeURIComponent(id)}/drop`, { method: "POST", body: { reason } });
}

export function messagesQuery(filter: MessageFilter) {
  return infiniteQueryOptions({
    queryKey: [...operatorKeys.messages, filter],
    queryFn: ({ pageParam, signal }) => ask<MessagePage>(`${PATH}/messages?${parameters({ ...filter, limit: String(LETTERS), cursor: pageParam })}`, { signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.nextCursor,
    refetchInterval: WATCH_MS * 5,
  });
}

/** Queue failed messages again: those named, or all that the filter finds. */
export function retryMessages(wanted: { ids?: string[]; instanceId?: string; code?: string }): Promise<{ retried: number }> {
  return ask(`${PATH}/messages/retry`, { method: "POST", body: wanted });
}

export function suppressionsQuery(address: string) {
  return infiniteQueryOptions({
    queryKey: [...operatorKeys.suppressions, address],
    queryFn: ({ pageParam, signal }) =>
      ask<{ suppressions: Suppression[]; nextCursor: string | null }>(`${PATH}/suppressions?${parameters({ address, limit: String(LETTERS), cursor: pageParam })}`, { signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.nextCursor,
    refetchInterval: WATCH_MS * 5,
  });
}

/** Write to an address again; the reason is kept. */
export function liftSuppressions(address: string, reason: string): Promise<unknown> {
  return ask(`${PATH}/suppressions/${encodeURIComponent(address)}?${parameters({ reason })}`, { method: "DELETE" });
}

export function timelineQuery(jobId: number) {
  return queryOptions({
    queryKey: ["operator", "timeline", jobId],
    queryFn: ({ signal }) => ask<Timeline>(`${PATH}/jobs/${jobId}/timeline`, { signal }),
  });
}

/** The sandbox' faults; null where the platform does not run on one. */
export const sandboxQuery = queryOptions({
  queryKey: operatorKeys.sandbox,
  queryFn: ({ signal }) => orAbsent(ask<Sandbox>(`${PATH}/sandbox`, { signal })),
  staleTime: 10_000,
});

export function changeSandbox(vendor: string, changes: Record<string, unknown>): Promise<Record<string, unknown>> {
  return ask(`${PATH}/sandbox/${vendor}`, { method: "PUT", body: changes });
}

/** The answer, or null where there is no such route here. */
async function orAbsent<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

function parameters(values: Record<string, string>): string {
  return new URLSearchParams(Object.entries(values).filter(([, value]) => value)).toString();
}
