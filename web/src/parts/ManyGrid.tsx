import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useRef, useState, type CSSProperties, type ReactNode } from "react";
import { times } from "./States";

/** What a tile of a large grid puts on its `li`; nothing for a small one. */
export interface Placing {
  style?: CSSProperties;
  "aria-setsize"?: number;
  "aria-posinset"?: number;
}

interface ManyGridProps {
  label: string;
  /** The class of a small grid, laid out by the style sheet. */
  className: string;
  count: number;
  /** The least width of a tile and the gap between tiles, in pixels; tiles are square with `below` pixels of words under them. */
  tile: number;
  gap: number;
  below: number;
  children: (index: number, placing: Placing) => ReactNode;
}

/** So many tiles are simply drawn; of more only those near the window are. */
const DRAWN_MAX = 80;
const ROWS_BEYOND = 3;

export function ManyGrid(props: ManyGridProps) {
  const { label, className, count, children } = props;
  if (count > DRAWN_MAX) return <Drawn {...props} />;
  return (
    <ul className={className} aria-label={label}>
      {times(count, (index) => children(index, {}))}
    </ul>
  );
}

function Drawn({ label, count, tile, gap, below, children }: ManyGridProps) {
  const list = useRef<HTMLUListElement>(null);
  const [place, setPlace] = useState({ width: 0, top: 0 });
  const columns = Math.max(1, Math.floor((place.width + gap) / (tile + gap)));
  const width = (place.width - gap * (columns - 1)) / columns;
  const row = width + below + gap;
  const rows = useWindowVirtualizer({
    count: place.width ? Math.ceil(count / columns) : 0,
    estimateSize: () => row,
    overscan: ROWS_BEYOND,
    scrollMargin: place.top,
  });

  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const measure = () => {
      const box = element.getBoundingClientRect();
      const top = Math.round(box.top + scrollY);
      setPlace((was) => (was.width === box.width && was.top === top ? was : { width: box.width, top }));
    };
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    watch.observe(document.body); // what stands above the list moves it
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => rows.measure(), [rows, row]);

  return (
    <ul className="many" ref={list} aria-label={label} style={{ height: rows.getTotalSize() }}>
      {rows.getVirtualItems().flatMap(({ index, start }) =>
        times(Math.min(columns, count - index * columns), (column) => {
          const at = index * columns + column;
          const transform = `translate(${column * (width + gap)}px, ${start - place.top}px)`;
          return children(at, { style: { width, height: row - gap, transform }, "aria-setsize": count, "aria-posinset": at + 1 });
        }),
      )}
    </ul>
  );
}
