import { useInfiniteQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useDeferredValue, useEffect, useRef, useState } from "react";
import { Input, Label, SearchField } from "react-aria-components";
import { useNavigate } from "react-router";
import { productsQuery } from "../../api/queries";
import type { Product } from "../../api/types";
import { Icon } from "../../parts/Icon";
import { Photo } from "../../parts/Photo";
import { Bone, Empty, Loading, times, Trouble } from "../../parts/States";
import { count } from "../../words/numbers";

const ROW_PX = 64;
const TYPING_MS = 200;

/** The shop's products by name, as many as there are: only those in sight are drawn. */
export function ProductList({ picked }: { picked: string | undefined }) {
  const [typed, setTyped] = useState("");
  const search = useSettled(typed);
  const found = useInfiniteQuery(productsQuery(search));
  const products = found.data?.pages.flatMap((page) => page.products) ?? [];

  return (
    <section className="product-list" aria-label="Products">
      <SearchField className="search" value={typed} onChange={setTyped} maxLength={100}>
        <Label className="for-ears">Search products</Label>
        <Icon name="search" />
        <Input placeholder="Search products" />
      </SearchField>
      <p className="list-count" role="status">
        {found.data ? productCount(products.length, found.hasNextPage, search) : " "}
      </p>
      {found.isPending ? (
        <Loading what="products">
          {times(8, (place) => (
            <span className="product-row" key={place}>
              <Bone kind="thumb" />
              <Bone kind="words" />
            </span>
          ))}
        </Loading>
      ) : null}
      {found.isError ? <Trouble error={found.error} retry={() => void found.refetch()} still="Your jobs and pictures are there." /> : null}
      {found.data && products.length === 0 ? (
        <Empty title={search ? `Nothing called “${search}”` : "Your shop has no products yet"}>
          {search ? (
            <button type="button" className="button" onClick={() => setTyped("")}>
              Show all products
            </button>
          ) : (
            <p>Add a product with photographs to your shop, then come back.</p>
          )}
        </Empty>
      ) : null}
      {products.length ? (
        <Rows products={products} picked={picked} more={found.hasNextPage && !found.isFetchingNextPage ? () => void found.fetchNextPage() : undefined} />
      ) : null}
    </section>
  );
}

function Rows({ products, picked, more }: { products: Product[]; picked: string | undefined; more: (() => void) | undefined }) {
  const navigate = useNavigate();
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- only a compiler would keep its old answers; we use none
  const rows = useVirtualizer({ count: products.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_PX, overscan: 6 });
  const drawn = rows.getVirtualItems();
  const last = drawn.at(-1)?.index ?? 0;

  useEffect(() => {
    if (last >= products.length - 5) more?.();
  }, [last, products.length, more]);

  return (
    <div className="product-rows" ref={scroller}>
      <ul style={{ height: rows.getTotalSize() }}>
        {drawn.map((row) => {
          const product = products[row.index];
          if (!product) return null;
          const first = product.images[0];
          return (
            <li key={product.id} style={{ transform: `translateY(${row.start}px)` }} aria-setsize={products.length} aria-posinset={row.index + 1}>
              <button
                type="button"
                className="product-row"
                aria-label={product.name}
                aria-pressed={product.id === picked}
                onClick={() => void navigate(`/optimise/${encodeURIComponent(product.id)}`)}
              >
                <span className="product-thumb">
                  <Photo src={first?.url} alt="" width={48} height={48} />
                </span>
                <span className="product-name">{product.name}</span>
                <span className="product-count">{count(product.images.length, "image")}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** What was typed, once the typing pauses. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return useDeferredValue(settled);
}

function productCount(loaded: number, more: boolean, search: string): string {
  const words = more ? `${loaded}+ products` : count(loaded, "product");
  return search ? `${words} called “${search}”` : words;
}
