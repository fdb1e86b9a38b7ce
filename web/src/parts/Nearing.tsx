import { useEffect, useRef, useState, type ReactNode } from "react";

const NEAR = "900px";

/** Tells when its place comes near the window. */
export function Nearing({ onNear, children }: { onNear: () => void; children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(onNear);
  useEffect(() => {
    latest.current = onNear;
  });
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && latest.current(), { rootMargin: NEAR });
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return (
    <div className="nearing" ref={place}>
      {children}
    </div>
  );
}

/** Whether an element is near the window: what is far away need not be drawn. */
export function useNear<T extends Element>(): [React.RefObject<T | null>, boolean] {
  const place = useRef<T>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const watch = new IntersectionObserver((seen) => setNear(seen.at(-1)?.isIntersecting ?? false), { rootMargin: NEAR });
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return [place, near];
}
