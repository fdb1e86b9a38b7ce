import { useLive } from "../live/LiveProvider";
import type { LineState } from "../live/line";
import { clockTime } from "../words/times";

/** Whether what one sees is what is: said plainly, and aloud only when it changes. */
export function LiveMark() {
  const { state } = useLive();
  return (
    <p className="live" data-kind={state.kind} role="status">
      <span className="live-dot" aria-hidden="true" />
      <span className="live-words">{liveWords(state)}</span>
    </p>
  );
}

function liveWords(state: LineState): string {
  switch (state.kind) {
    case "live":
      return "live";
    case "connecting":
      return "connecting";
    case "reconnecting":
      return `reconnecting, live until ${clockTime(state.since)}`;
    case "polling":
      return `asking every few seconds, live until ${clockTime(state.since)}`;
    case "offline":
      return `offline, showing ${clockTime(state.since)}`;
    case "signed-out":
      return "signed out";
  }
}
