// `?instance=TOKEN`, as Wix opens a page: taken once, out of the address before anything else happens, and never stored.
import { ask } from "../api/http";
import type { Session } from "../api/types";

const CONFIRM_PATH = "/confirm";

/** The token of a link that confirms an address, taken out of the address bar at once; undefined on any other page. */
export function takeConfirmationFromAddress(): string | undefined {
  const address = new URL(location.href);
  if (address.pathname !== CONFIRM_PATH) return undefined;
  const token = address.searchParams.get("token") ?? "";
  address.search = "";
  history.replaceState(history.state, "", address);
  return token;
}

/** The session that the address brought along; undefined when it brought none. */
export function takeTokenFromAddress(): Promise<Session> | undefined {
  const address = new URL(location.href);
  const token = address.searchParams.get("instance");
  if (!token) return undefined;
  address.searchParams.delete("instance");
  history.replaceState(history.state, "", address);
  const taken = ask<Session>("/api/session", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
  taken.catch(() => undefined); // told where it is awaited
  return taken;
}
