import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { productQuery } from "../../api/queries";
import { Icon } from "../../parts/Icon";
import { Bone, Empty, Loading, times, Trouble } from "../../parts/States";
import { count } from "../../words/numbers";
import { changeDraft, EMPTY, tickAll, TICKED_MAX, useDraft } from "./drafts";
import { ImageGrid } from "./ImageGrid";
import { OrderPanel } from "./OrderPanel";

export function ProductView({ productId }: { productId: string }) {
  const found = useQuery(productQuery(productId));
  const draft = useDraft(productId);
  const product = found.data;

  return (
    <>
      <section className="product" aria-labelledby="product-name">
        <Link to="/optimise" className="back">
          <Icon name="left" /> Products
        </Link>
        {found.isPending ? (
          <Loading what="images">
            <div className="product-head">
              <Bone kind="title" />
            </div>
            <div className="tick-grid">
              {times(8, (place) => (
                <Bone kind="tile" key={place} />
              ))}
            </div>
          </Loading>
        ) : null}
        {found.isError ? <Trouble error={found.error} retry={() => void found.refetch()} still="Other products may still open." /> : null}
        {product ? (
          <>
            <div className="product-head">
              <h2 id="product-name">{product.name}</h2>
              <p className="quiet">{count(product.images.length, "image")}</p>
              {draft.ticked.length ? (
                <button type="button" className="button button-plain" onClick={() => changeDraft(productId, (so) => ({ ...so, ticked: EMPTY.ticked, refused: undefined }))}>
                  Select none
                </button>
              ) : (
                <button type="button" className="button button-plain" onClick={() => changeDraft(productId, (so) => tickAll(so, product.images))}>
                  {product.images.length > TICKED_MAX ? `Select the first ${TICKED_MAX}` : "Select all"}
                </button>
              )}
            </div>
            {product.images.length ? (
              <ImageGrid product={product} draft={draft} />
            ) : (
              <Empty title="This product has no images">
                <p>Add a photograph to it in your shop.</p>
              </Empty>
            )}
          </>
        ) : null}
      </section>
      {product ? <OrderPanel product={product} draft={draft} /> : <aside className="order" aria-hidden="true" />}
    </>
  );
}
