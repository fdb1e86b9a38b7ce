// The live line of a signed-in page: frames go into the query cache, and the state of the line is there for the mark and for polling.
import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import { keys } from "../api/queries";
import { Line, type LineState } from "./line";
import { latestNews } from "./news";
import { take } from "./take";

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
