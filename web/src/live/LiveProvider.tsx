// The live line of a signed-in page: frames go into the query cache, and the state of the line is there for the mark and for polling.
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import { noticeKeys } from "../api/notices";
import { keys } from "../api/queries";
import type { Balance, JobDetail, JobPage } from "../api/types";
import { Line, type Frame, type LineState } from "./line";
import { detailWithItem, detailWithJob, pageWithJob, type ItemNews, type JobNews } from "./merge";
import { latestNews } from "./news";

interface Live {
  state: LineState;
  /** Without a line the pages ask again and again by themselves. */
  poll: boolean;
}

const LiveContext = createContext<Live>({ state: { kind: "connecting" }, poll: false });

export function useLive(): Live {
  return use(LiveContext);
}

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<LineState>({ kind: "connecting" });

  useEffect(() => {
    const line = new Line(browser, {
      state: (next) => {
        setState(next);
        if (next.kind === "signed-out") void client.invalidateQueries({ queryKey: keys.session });
      },
      frame: (frame) => take(client, frame),
      reload: () => void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" && query.queryKey[0] !== "quote" }),
    });
    const changed = () => line.networkChanged();
    addEventListener("online", changed);
    addEventListener("offline", changed);
    line.start();
    return () => {
      removeEventListener("online", changed);
      removeEventListener("offline", changed);
      line.stop();
      latestNews.forget();
    };
  }, [client]);

  const live = useMemo(() => ({ state, poll: state.kind === "reconnecting" || state.kind === "polling" }), [state]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

const browser = {
  open: () => new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`),
  now: () => new Date(),
  random: Math.random,
  later: (act: () => void, milliseconds: number) => {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  },
  online: () => navigator.onLine,
};

/** Put a frame where the pages look. */
function take(client: QueryClient, { event, at, data }: Frame): void {
  switch (event) {
    case "item.updated": {
      const news = data as ItemNews;
      latestNews.ofItem(news, at);
      client.setQueryData<JobDetail>(keys.job(news.jobId), (known) => known && detailWithItem(known, news, at));
      break;
    }
    case "job.accepted":
      void client.invalidateQueries({ queryKey: keys.active });
      break;
    case "job.updated":
    case "job.finished": {
      const news = data as JobNews;
      latestNews.ofJob(news, at);
      client.setQueryData<JobDetail>(keys.job(news.jobId), (known) => known && detailWithJob(known, news, at));
      client.setQueryData<JobPage>(keys.active, (known) => known && pageWithJob(known, news, at));
      if (event === "job.finished") {
        void client.invalidateQueries({ queryKey: keys.ended });
        void client.invalidateQueries({ queryKey: keys.transactions });
      }
      break;
    }
    case "notification":
      void client.invalidateQueries({ queryKey: noticeKeys.all });
      break;
    case "credits.changed": {
      const news = data as Pick<Balance, "available" | "held" | "spent">;
      client.setQueryData<Balance>(keys.balance, (known) => known && { ...known, ...news });
      break;
    }
  }
}
