import { useParams } from "react-router";
import { Empty } from "../../parts/States";
import { ProductList } from "./ProductList";
import { ProductView } from "./ProductView";

/** Pick pictures of a product, say what to do with them, see the price, send. */
export function OptimisePage() {
  const { productId } = useParams();
  return (
    <div className="optimise" data-picked={productId !== undefined}>
      <title>Optimise · Darkroom</title>
      <h1 className="for-ears">Optimise</h1>
      <ProductList picked={productId} />
      {productId === undefined ? (
        <section className="optimise-hint">
          <Empty title="Pick a product to begin">
            <p>Then tick up to ten of its images, say what they should become, and send them. You see the price first.</p>
          </Empty>
        </section>
      ) : (
        <ProductView key={productId} productId={productId} />
      )}
    </div>
  );
}
