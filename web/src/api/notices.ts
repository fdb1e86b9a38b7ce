// Notifications: what happened, and how one wants to be told.
import { infiniteQueryOptions, queryOptions, type QueryClient } from "@tanstack/react-query";
import { ask } from "./http";
import type { components as Notifier } from "./notifier.gen";
import { LIST_POLL_MS } from "./queries";

export type Notice = Notifier["schemas"]["NotificationView"];
export type Inbox = Notifier["schemas"]["InboxPage"];
export type Preferences = Notifier["schemas"]["Preferences"];
export type Wishes = Notifier["schemas"]["Wishes"];
export type Choice = Notifier["schemas"]["Choice"];
export type Channel = Choice["channel"];
export type AddressChannel = Exclude<Channel, "websocket">;
export type Confirmed = Notifier["schemas"]["Confirmed"];

const PATH = "/api/notifications";
const PAGE = 30;
const AGAIN_AFTER_MS = [250, 1_000, 4_000];

export const noticeKeys = {
  all: ["notifications"] as const,
  inbox: (unread: boolean) => ["notifications", "inbox", unread] as const,
  newest: ["notifications", "newest"] as const,
  preferences: ["preferences"] as const,
};

export function inboxQuery(unread: boolean) {
  return infiniteQueryOptions({
    queryKey: noticeKeys.inbox(unread),
    queryFn: ({ pageParam, signal }) =>
      ask<Inbox>(`${PATH}?limit=${PAGE}${unread ? "&unread=true" : ""}${pageParam ? `&cursor=${encodeURIComponent(pageParam)}` : ""}`, { signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.nextCursor,
  });
}

/** The newest notifications, and how many are unread, for the bell. */
export function newestQuery(poll: boolean) {
  return queryOptions({
    queryKey: noticeKeys.newest,
    queryFn: ({ signal }) => ask<Inbox>(`${PATH}?limit=${PAGE}`, { signal }),
    refetchInterval: poll ? LIST_POLL_MS * 2 : false,
  });
}

let lastAnnounced = "";

/** Ask again until a notification that was announced is there: a frame may come moments before its notification can be read. */
export async function refreshNotices(client: QueryClient, id: string): Promise<void> {
  lastAnnounced = id;
  for (const wait of [0, ...AGAIN_AFTER_MS]) {
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    if (lastAnnounced !== id) return; // of many that come at once only the last asks on: it finds the others too
    await client.invalidateQueries({ queryKey: noticeKeys.all });
    if (client.getQueryData<Inbox>(noticeKeys.newest)?.notifications.some((notice) => notice.id === id)) return;
  }
}

export const preferencesQuery = queryOptions({
  queryKey: noticeKeys.preferences,
  queryFn: ({ signal }) => ask<Preferences>(`${PATH}/preferences`, { signal }),
});

export function changePreferences(wishes: Partial<Wishes>): Promise<Preferences> {
  return ask(`${PATH}/preferences`, { method: "PUT", body: wishes });
}

/** Write to an address again that waits for its confirmation. */
export function sendConfirmation(channel: AddressChannel): Promise<undefined> {
  return ask(`${PATH}/confirmations`, { method: "POST", body: { channel } });
}

/** Confirm an address by the token of its link; nobody needs to be signed in. */
export function confirmAddress(token: string): Promise<Confirmed> {
  return ask(`${PATH}/confirm`, { method: "POST", body: { token } });
}

export function markRead(id: string): Promise<undefined> {
  return ask(`${PATH}/${id}/read`, { method: "POST" });
}

/** Mark everything up to the newest that one has seen. */
export function markAllRead(newest: string): Promise<undefined> {
  return ask(`${PATH}/read`, { method: "POST", body: { newest } });
}
