import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { quoteQuery } from "../../api/queries";
import type { Product } from "../../api/types";
import { Icon } from "../../parts/Icon";
import { useNow } from "../../parts/now";
import { money, number } from "../../words/numbers";
import { problemWords } from "../../words/problems";
import { duration } from "../../words/times";
import { ordinal } from "../../words/jobs";
import { submission, type Draft } from "./drafts";

/** The price before the click: how many times what, what stays, when it begins, and what is missing. */
export function Price({ product, draft, available }: { product: Product; draft: Draft; available: number | undefined }) {
  const order = submission(draft, product);
  // The price does not hang on the words, and while there are none yet it is already wanted.
  const priced = { ...order, images: order.images.map((image) => ({ ...image, prompt: image.prompt || "-" })) };
  const images = order.images.length;
  const quote = useQuery({ ...quoteQuery(priced, available), enabled: images > 0, placeholderData: keepPreviousData });
  const now = useNow();

  if (images === 0) return null;
  if (quote.isError) return <p className="note">The price cannot be told just now: {problemWords(quote.error)}</p>;
  const told = quote.data && !quote.isPlaceholderData ? quote.data : undefined;
  const price = told?.price;
  const after = price === undefined || available === undefined ? undefined : available - price;
  const starts = told?.expectedStartAt ? (Date.parse(told.expectedStartAt) - now.getTime()) / 1000 : undefined;
  return (
    <div className="price" aria-live="polite">
      <p className="price-sum figures">
        {price === undefined ? (
          <span className="bone bone-price" />
        ) : (
          <>
            {number(images)} × {number(price / images)} = <b>{number(price)} credits</b>
          </>
        )}
      </p>
      <p className="price-after figures">
        {price !== undefined && available !== undefined ? (
          <>
            <span className="for-ears">You have </span>
            {number(available)} <span aria-hidden="true">→</span>
            <span className="for-ears">, after it </span> {number(Math.max(0, after ?? 0))}
          </>
        ) : (
          " "
        )}
      </p>
      {told?.queuePosition ? (
        <p className="quiet">
          {ordinal(told.queuePosition)} in line{starts === undefined ? "" : starts < 1 ? ", starts at once" : `, starts in about ${duration(starts)}`}
        </p>
      ) : null}
      {after !== undefined && after < 0 ? (
        <p className="note note-warn">
          <Icon name="alert" /> {number(-after)} credits are missing.{" "}
          <Link to={`/credits?missing=${-after}`}>
            Top up{told?.topUp ? `: ${number(told.topUp.credits)} for ${money(told.topUp.price.amount, told.topUp.price.currency)}` : ""}
          </Link>
        </p>
      ) : null}
    </div>
  );
}
