import { memo } from "react";
import type { Item } from "../../api/types";
import { Icon, type IconName } from "../../parts/Icon";
import { useNow } from "../../parts/now";
import type { Placing } from "../../parts/ManyGrid";
import { Photo } from "../../parts/Photo";
import { itemTone, itemWords, type Tone } from "../../words/jobs";

const SIGNS: Record<Tone, IconName> = { waiting: "clock", live: "spark", good: "check", bad: "alert", quiet: "minus" };

interface ItemTileProps {
  item: Item;
  place: number;
  productName: string;
  placing?: Placing;
  onOpen: (itemId: number) => void;
}

/** One image of a job: before its result is there the picture sent, with its state in words; then the result, in place. */
export const ItemTile = memo(function ItemTile({ item, place, productName, placing, onOpen }: ItemTileProps) {
  const now = useNow();
  const tone = itemTone(item.status);
  const words = itemWords(item, now);
  const result = item.thumbnailUrl ?? item.optimizedImageUrl;
  const picture = (
    <span className="item-picture">
      <Photo src={item.imageUrl} alt={result ? "" : `${productName}, image ${place}`} />
      {result ? (
        <span className="item-result">
          <Photo src={result} alt="" eager />
        </span>
      ) : null}
    </span>
  );
  return (
    <li className="item" data-tone={tone} {...placing}>
      {result ? (
        <button type="button" className="item-open" aria-label={`Open ${productName}, image ${place}`} onClick={() => onOpen(item.id)}>
          {picture}
        </button>
      ) : (
        picture
      )}
      <p className="item-words figures">
        <Icon name={SIGNS[tone]} /> <span>{words}</span>
      </p>
      {item.status === "FAILED" ? <p className="item-note">Its credits are kept when the studio has worked on it.</p> : null}
    </li>
  );
});
