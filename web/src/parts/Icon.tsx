// The few signs that stand beside words; never alone.

const PATHS = {
  check: "M3 8.5l3.2 3.2L13 5",
  cross: "M4 4l8 8M12 4l-8 8",
  alert: "M8 2.2l6.3 11.3H1.7zM8 6.5v3M8 11.6v.1",
  clock: "M8 2a6 6 0 100 12A6 6 0 008 2zM8 4.8V8l2.2 1.6",
  spark: "M8 1.8v3.4M8 10.8v3.4M1.8 8h3.4M10.8 8h3.4M3.7 3.7l2.2 2.2M10.1 10.1l2.2 2.2M12.3 3.7l-2.2 2.2M5.9 10.1l-2.2 2.2",
  search: "M7 2.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9zM10.3 10.3L14 14",
  chevron: "M4 6l4 4 4-4",
  left: "M10 3L5 8l5 5",
  right: "M6 3l5 5-5 5",
  download: "M8 2v8M4.5 7L8 10.5 11.5 7M3 13.5h10",
  again: "M13 8a5 5 0 11-1.5-3.6M13 2v3h-3",
  minus: "M3.5 8h9",
  plus: "M3.5 8h9M8 3.5v9",
  bell: "M8 2a4 4 0 00-4 4v2.6L2.8 11h10.4L12 8.6V6a4 4 0 00-4-4zM6.5 13.2a1.6 1.6 0 003 0",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M4.5 3l8 5-8 5z",
  pencil: "M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3z",
  copy: "M6 6h7v7H6zM3 10V3h7",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
