// The pages that are loaded when they are wanted, and fetched ahead once the first one stands: then going there is instant, also offline.
import { lazy } from "react";

const load = {
  ongoing: () => import("../pages/ongoing/OngoingPage"),
  job: () => import("../pages/ongoing/JobPage"),
  completed: () => import("../pages/completed/CompletedPage"),
  credits: () => import("../pages/credits/CreditsPage"),
  notifications: () => import("../pages/notifications/NotificationsPage"),
};
const operators = () => import("../pages/operator/pages");

export const OngoingPage = lazy(async () => ({ default: (await load.ongoing()).OngoingPage }));
export const JobPage = lazy(async () => ({ default: (await load.job()).JobPage }));
export const CompletedPage = lazy(async () => ({ default: (await load.completed()).CompletedPage }));
export const CreditsPage = lazy(async () => ({ default: (await load.credits()).CreditsPage }));
export const NotificationsPage = lazy(async () => ({ default: (await load.notifications()).NotificationsPage }));
export const OperatorPage = lazy(async () => ({ default: (await operators()).OperatorPage }));
export const OverviewPage = lazy(async () => ({ default: (await operators()).OverviewPage }));
export const DeadLettersPage = lazy(async () => ({ default: (await operators()).DeadLettersPage }));
export const MessagesPage = lazy(async () => ({ default: (await operators()).MessagesPage }));
export const TimelinePage = lazy(async () => ({ default: (await operators()).TimelinePage }));
export const SandboxPage = lazy(async () => ({ default: (await operators()).SandboxPage }));

const FETCH_AHEAD_MS = 1_500;

/** Fetch what is likely to be looked at next. */
export function fetchAhead(): () => void {
  const timer = setTimeout(() => {
    // One that cannot be had now is asked for again when it is wanted.
    for (const each of Object.values(load)) each().catch(() => undefined);
  }, FETCH_AHEAD_MS);
  return () => clearTimeout(timer);
}
