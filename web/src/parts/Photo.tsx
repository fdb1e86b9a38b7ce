import { useState } from "react";

interface PhotoProps {
  src: string | null | undefined;
  alt: string;
  /** The picture's own size, so that nothing moves when it comes. */
  width?: number | null | undefined;
  height?: number | null | undefined;
  eager?: boolean;
  /** Told once it is there: its own size in pixels. */
  onSize?: (width: number, height: number) => void;
}

/** A photograph that fades in over a skeleton of its size, and says so when it cannot be shown. */
export function Photo({ src, alt, width, height, eager = false, onSize }: PhotoProps) {
  const [state, setState] = useState<"loading" | "shown" | "broken">("loading");
  if (!src || state === "broken") {
    return <span className="photo photo-broken">{state === "broken" ? "Picture not there" : null}</span>;
  }
  return (
    <img
      className="photo"
      data-state={state}
      src={src}
      alt={alt}
      width={width ?? undefined}
      height={height ?? undefined}
      loading={eager ? "eager" : "lazy"}
      decoding="async"
      draggable={false}
      ref={(element) => {
        if (element?.complete && element.naturalWidth && state === "loading") setState("shown");
      }}
      onLoad={(event) => {
        onSize?.(event.currentTarget.naturalWidth, event.currentTarget.naturalHeight);
        setState("shown");
      }}
      onError={() => setState("broken")}
    />
  );
}
