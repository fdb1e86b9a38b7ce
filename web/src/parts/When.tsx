import { clockTime, exactTime, relative } from "../words/times";
import { useNow } from "./now";

/** A time in words, the exact one in the tooltip. */
export function When({ at }: { at: string }) {
  const date = new Date(at);
  const now = useNow();
  const old = now.getTime() - date.getTime() > 12 * 3_600_000;
  return (
    <time dateTime={at} title={exactTime(date)}>
      {old ? clockTime(date) : relative(date, now)}
    </time>
  );
}
