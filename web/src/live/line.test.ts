import { beforeEach, describe, expect, test } from "vitest";
import { ANSWER_MS_MAX, Line, PAUSE_MS_MAX, type Frame, type LineState, type Socket } from "./line";

class FakeSocket implements Socket {
  sent: Record<string, unknown>[] = [];
  isClosed = false;
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.isClosed = true;
  }
  opens(): void {
    this.onopen?.({} as Event);
  }
  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) } as MessageEvent);
  }
  dies(code = 1006): void {
    this.onclose?.({ code } as CloseEvent);
  }
}

const sockets: FakeSocket[] = [];
let timers: { act: () => void; at: number }[] = [];
let clock = 0;
let online = true;
const states: LineState[] = [];
const frames: Frame[] = [];
let reloads = 0;

const around = {
  open: () => {
    const socket = new FakeSocket();
    sockets.push(socket);
    return socket;
  },
  now: () => new Date(clock),
  random: () => 1,
  later: (act: () => void, milliseconds: number) => {
    const timer = { act, at: clock + milliseconds };
    timers.push(timer);
    return () => {
      timers = timers.filter((one) => one !== timer);
    };
  },
  online: () => online,
};

function pass(milliseconds: number): void {
  clock += milliseconds;
  const due = timers.filter((timer) => timer.at <= clock);
  timers = timers.filter((timer) => timer.at > clock);
  for (const timer of due) timer.act();
}

function newest(): FakeSocket {
  const socket = sockets.at(-1);
  if (!socket) throw new Error("no socket");
  return socket;
}

function connected(offset: number, recovered: boolean): void {
  newest().opens();
  newest().says({ type: "connected", epoch: "e", offset, recovered });
}

const event = (offset: number) => ({ type: "event", offset, event: "credits.changed", at: "2026-05-04T12:00:00Z", data: { offset } });

function started(): Line {
  const line = new Line(around, {
    state: (state) => states.push(state),
    frame: (frame) => frames.push(frame),
    reload: () => {
      reloads += 1;
    },
  });
  line.start();
  return line;
}

beforeEach(() => {
  sockets.length = states.length = frames.length = 0;
  timers = [];
  clock = reloads = 0;
  online = true;
});

describe("the line", () => {
  test("connects without a token and loads once, since before there was no line", () => {
    started();
    connected(5, true);
    expect(newest().sent).toEqual([{ type: "connect" }]);
    expect([states.at(-1)?.kind, reloads]).toEqual(["live", 1]);
  });

  test("passes on each frame once", () => {
    started();
    connected(5, true);
    for (const offset of [5, 6, 6, 7]) newest().says(event(offset));
    expect(frames.map((frame) => frame.data)).toEqual([{ offset: 6 }, { offset: 7 }]);
  });

  test("goes on where it was after a cut, without loading anew", () => {
    started();
    connected(5, true);
    newest().says(event(6));
    newest().dies();
    pass(PAUSE_MS_MAX);
    connected(8, true);
    newest().says(event(7));
    newest().says(event(8));
    expect(newest().sent).toEqual([{ type: "connect", position: { epoch: "e", offset: 6 } }]);
    expect(frames).toHaveLength(3);
    expect(reloads).toBe(1);
  });

  test("loads anew where the gap could not be closed", () => {
    started();
    connected(5, true);
    newest().dies();
    pass(PAUSE_MS_MAX);
    newest().opens();
    newest().says({ type: "connected", epoch: "f", offset: 2, recovered: false });
    newest().says({ ...event(3) });
    expect([reloads, frames.length]).toEqual([2, 1]);
  });

  test("says how long it has been away, and then that it polls", () => {
    started();
    connected(5, true);
    pass(1000);
    newest().dies();
    expect(states.at(-1)).toEqual({ kind: "reconnecting", since: new Date(1000) });
    for (let failure = 0; failure < 2; failure += 1) {
      pass(PAUSE_MS_MAX);
      newest().dies();
    }
    expect(states.at(-1)).toEqual({ kind: "polling", since: new Date(1000) });
  });

  test("gives up a socket that does not answer", () => {
    started();
    newest().opens();
    pass(ANSWER_MS_MAX);
    expect([sockets[0]?.isClosed, states.at(-1)?.kind]).toEqual([true, "reconnecting"]);
  });

  test("without a network waits for one, and takes it at once", () => {
    const line = started();
    connected(5, true);
    online = false;
    line.networkChanged();
    expect([states.at(-1)?.kind, timers.length]).toEqual(["offline", 0]);
    online = true;
    line.networkChanged();
    expect(sockets).toHaveLength(2);
  });

  test("with a token that is no longer good is signed out and asks no more", () => {
    started();
    connected(5, true);
    newest().dies(4401);
    pass(PAUSE_MS_MAX * 10);
    expect([states.at(-1)?.kind, sockets.length]).toEqual(["signed-out", 1]);
  });

  test("once stopped stays silent", () => {
    const line = started();
    connected(5, true);
    line.stop();
    pass(PAUSE_MS_MAX * 10);
    expect([sockets.length, sockets[0]?.isClosed]).toEqual([1, true]);
  });
});
