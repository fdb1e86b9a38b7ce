// One socket to `/ws`, opened again and again until it is told to stop. It knows the protocol and nothing of jobs.
//
// The position (epoch and offset) goes along with every connect, so what was missed comes first; where the platform cannot close
// the gap it says so, and the reader must load anew.

export type LineState =
  /** `since`: when the picture on the page was last known to be true. */
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "reconnecting"; since: Date }
  | { kind: "polling"; since: Date }
  | { kind: "offline"; since: Date }
  | { kind: "signed-out" };

export interface Frame {
  event: string;
  at: string;
  data: unknown;
}

export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
}

export interface Surroundings {
  open(): Socket;
  now(): Date;
  random(): number;
  later(act: () => void, milliseconds: number): () => void;
  online(): boolean;
}

export interface Listener {
  state(state: LineState): void;
  frame(frame: Frame): void;
  /** What is on the page may have a gap: load it by REST. */
  reload(): void;
}

export const PAUSE_MS_MIN = 400;
export const PAUSE_MS_MAX = 10_000;
/** After so many failures in a row the page says that it polls. */
export const FAILURES_BEFORE_POLLING = 2;
/** A socket on which nothing opened or answered for so long is given up. */
export const ANSWER_MS_MAX = 8_000;
const TOKEN_NO_LONGER_GOOD = 4401;

interface Position {
  epoch: string;
  offset: number;
}

export class Line {
  private socket: Socket | undefined;
  private position: Position | undefined;
  private failures = 0;
  private truthAt: Date;
  private cancelTimer: (() => void) | undefined;
  private stopped = false;
  private isLive = false;

  constructor(
    private readonly around: Surroundings,
    private readonly listener: Listener,
  ) {
    this.truthAt = around.now();
  }

  start(): void {
    this.listener.state({ kind: "connecting" });
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.cancelTimer?.();
    this.drop();
  }

  /** The browser's network came or went, or the page is looked at again. */
  networkChanged(): void {
    if (this.stopped) return;
    if (!this.around.online()) {
      this.lost();
    } else if (!this.isLive) {
      this.failures = 0;
      this.cancelTimer?.();
      this.drop();
      this.connect();
    }
  }

  private connect(): void {
    const socket = this.around.open();
    this.socket = socket;
    this.cancelTimer = this.around.later(() => this.lost(), ANSWER_MS_MAX);
    socket.onopen = () => socket.send(JSON.stringify({ type: "connect", ...(this.position ? { position: this.position } : {}) }));
    socket.onmessage = (event) => {
      if (this.socket === socket && typeof event.data === "string") this.hear(event.data);
    };
    socket.onclose = (event) => {
      if (this.socket === socket) this.lost(event.code);
    };
  }

  private hear(text: string): void {
    const message = JSON.parse(text) as Record<string, unknown>;
    if (message["type"] === "connected") this.connected(message);
    if (message["type"] === "event") this.take(message);
  }

  private connected(message: Record<string, unknown>): void {
    this.cancelTimer?.();
    // Without a position there is nothing to recover from: what was loaded before now may lack what happened in between.
    const complete = this.position !== undefined && message["recovered"] === true;
    if (!complete) this.position = { epoch: String(message["epoch"]), offset: Number(message["offset"]) };
    this.failures = 0;
    this.isLive = true;
    this.listener.state({ kind: "live" });
    if (!complete) this.listener.reload();
  }

  private take(message: Record<string, unknown>): void {
    const offset = Number(message["offset"]);
    if (!this.position || offset <= this.position.offset) return;
    this.position = { ...this.position, offset };
    this.listener.frame({ event: String(message["event"]), at: String(message["at"]), data: message["data"] });
  }

  private lost(code?: number): void {
    this.cancelTimer?.();
    if (this.isLive) this.truthAt = this.around.now();
    this.isLive = false;
    this.drop();
    if (code === TOKEN_NO_LONGER_GOOD) {
      this.listener.state({ kind: "signed-out" });
      return;
    }
    this.failures += 1;
    this.listener.state(this.stateWithout());
    if (!this.around.online()) return;
    // Full jitter (AWS Architecture Blog, "Exponential backoff and jitter"), so that a restart is not met by all pages at once.
    const ceiling = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** this.failures);
    const pause = PAUSE_MS_MIN + this.around.random() * (ceiling - PAUSE_MS_MIN);
    this.cancelTimer = this.around.later(() => this.connect(), pause);
  }

  private stateWithout(): LineState {
    const since = this.truthAt;
    if (!this.around.online()) return { kind: "offline", since };
    return { kind: this.failures > FAILURES_BEFORE_POLLING ? "polling" : "reconnecting", since };
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = undefined;
    if (socket) {
      socket.onclose = socket.onmessage = null;
      socket.close();
    }
  }
}
