// Times as people say them. `now` is always an argument, so that the words can be tested and tick together.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const dayAndYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "medium" });

export function clockTime(at: Date): string {
  return clock.format(at);
}

export function exactTime(at: Date): string {
  return exact.format(at);
}

export function dateWords(at: Date): string {
  return dayAndYear.format(at);
}

/** "8 s", "2 min", "3 h": a length of time, coarse enough to be true. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) return `${whole} s`;
  if (whole < 90 * MINUTE) return `${Math.round(whole / MINUTE)} min`;
  if (whole < 2 * DAY) return `${Math.round(whole / HOUR)} h`;
  return `${Math.round(whole / DAY)} days`;
}

/** "just now", "2 min ago", "in 3 days". */
export function relative(at: Date, now: Date): string {
  const seconds = (at.getTime() - now.getTime()) / 1000;
  if (Math.abs(seconds) < 5) return "just now";
  return seconds < 0 ? `${duration(-seconds)} ago` : `in ${duration(seconds)}`;
}

/** "Today", "Yesterday", "Tuesday 3 March", with the year where it is another. */
export function dayWords(at: Date, now: Date): string {
  if (sameDay(at, now)) return "Today";
  if (sameDay(at, new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1))) return "Yesterday";
  return at.getFullYear() === now.getFullYear() ? day.format(at) : dayAndYear.format(at);
}

function sameDay(one: Date, other: Date): boolean {
  return one.toDateString() === other.toDateString();
}
