import { useEffect, useRef, useState } from "react";
import { number } from "../words/numbers";

const COUNT_MS = 400;

/** A number that runs to its new value in a short count; at once for those who want no motion. */
export function Counting({ to }: { to: number }) {
  const [shown, setShown] = useState(to);
  const from = useRef(to);

  useEffect(() => {
    const start = from.current;
    const began = performance.now();
    const length = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : COUNT_MS;
    let frame = requestAnimationFrame(function step(at) {
      const part = length === 0 ? 1 : Math.min(1, (at - began) / length);
      from.current = Math.round(start + (to - start) * (1 - (1 - part) ** 3));
      setShown(from.current);
      if (part < 1) frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [to]);

  return <span className="figures">{number(shown)}</span>;
}
