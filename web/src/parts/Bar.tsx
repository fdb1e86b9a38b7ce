import { ProgressBar } from "react-aria-components";

interface BarProps {
  label: string;
  words: string;
  done: number;
  failed?: number;
  total: number;
}

/** A progress bar with its value in words; what failed has its own colour in it. */
export function Bar({ label, words, done, failed = 0, total }: BarProps) {
  return (
    <ProgressBar className="bar" aria-label={label} value={done + failed} maxValue={total} valueLabel={words}>
      <span className="bar-track">
        <span className="bar-done" style={{ width: `${(done / total) * 100}%` }} />
        <span className="bar-failed" style={{ width: `${(failed / total) * 100}%` }} />
      </span>
    </ProgressBar>
  );
}
