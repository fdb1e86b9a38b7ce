// Requests to our own origin. The session is a cookie that this code never sees; errors are problem+json and become `Problem`.

/** What the platform answers when it cannot do what was asked. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string | undefined,
    /** Extension members, such as `needed` and `available` of a 402. */
    readonly more: Readonly<Record<string, unknown>>,
    readonly retryAfterSeconds: number | undefined,
  ) {
    super(detail ?? title);
  }
}

/** The platform could not be reached at all. */
export class Unreachable extends Error {}

export interface Asked {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

const SECONDS_MAX = 20;

/** The JSON answer to a request; undefined for one without a body. Throws Problem, Unreachable. */
export async function ask<T>(path: string, { method = "GET", body, headers = {}, signal }: Asked = {}): Promise<T> {
  const limit = AbortSignal.timeout(SECONDS_MAX * 1000);
  const init: RequestInit = {
    method,
    credentials: "same-origin",
    headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  };
  if (body !== undefined) init.body = JSON.stringify(body);
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unreachable("Darkroom cannot be reached just now.");
  }
  if (!answer.ok) throw await problemOf(answer);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function problemOf(answer: Response): Promise<Problem> {
  const retryAfter = Number(answer.headers.get("Retry-After"));
  let told: Record<string, unknown> = {};
  try {
    told = (await answer.json()) as Record<string, unknown>;
  } catch {
    // A proxy's own page: the status tells enough.
  }
  const { title, detail, ...more } = told;
  return new Problem(
    answer.status,
    typeof title === "string" ? title : "Not done",
    typeof detail === "string" ? detail : undefined,
    more,
    retryAfter > 0 ? retryAfter : undefined,
  );
}
