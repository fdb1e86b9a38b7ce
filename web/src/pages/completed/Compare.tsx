import { useState, type CSSProperties } from "react";
import { Slider, SliderThumb, SliderTrack } from "react-aria-components";
import type { Item } from "../../api/types";
import { Photo } from "../../parts/Photo";

export type Way = "slider" | "beside" | "toggle";

/** Before and after in one frame: the result gives the size, the original is fitted into it. */
export function Compare({ item, way }: { item: Item; way: Way }) {
  const [at, setAt] = useState(50);
  const [before, setBefore] = useState(false);
  const [ratio, setRatio] = useState(1);
  const frame = { "--ratio": ratio } as CSSProperties;
  const after = <Photo src={item.optimizedImageUrl} alt={way === "toggle" ? "" : "After"} eager onSize={(width, height) => setRatio(width / height)} />;

  if (way === "beside") {
    return (
      <div className="compare compare-beside">
        <figure>
          <Photo src={item.imageUrl} alt="Before" eager />
          <figcaption>Before</figcaption>
        </figure>
        <figure>
          <Photo src={item.optimizedImageUrl} alt="After" eager />
          <figcaption>After</figcaption>
        </figure>
      </div>
    );
  }
  if (way === "toggle") {
    return (
      <button type="button" className="compare compare-toggle" aria-pressed={before} aria-label="Show before" onClick={() => setBefore(!before)}>
        <span className="compare-frame" style={frame}>
          {after}
          <span className="compare-over" hidden={!before}>
            <Photo src={item.imageUrl} alt="" eager />
          </span>
          <span className="compare-tag">{before ? "Before" : "After"} · press to switch</span>
        </span>
      </button>
    );
  }
  return (
    <Slider className="compare" aria-label="Before and after" value={at} onChange={setAt} minValue={0} maxValue={100} step={1}>
      <SliderTrack className="compare-frame compare-track" style={frame}>
        {after}
        <span className="compare-over" style={{ clipPath: `inset(0 ${100 - at}% 0 0)` }}>
          <Photo src={item.imageUrl} alt="Before" eager />
        </span>
        <SliderThumb className="compare-thumb" />
        <span className="compare-tag compare-tag-left" aria-hidden="true">
          Before
        </span>
        <span className="compare-tag compare-tag-right" aria-hidden="true">
          After
        </span>
      </SliderTrack>
    </Slider>
  );
}
