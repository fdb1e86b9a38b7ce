import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, Problem } from "../api/http";
import { keys } from "../api/queries";
import type { components as Jobs } from "../api/jobs-api.gen";
import type { Session } from "../api/types";
import { Trouble } from "../parts/States";
import { problemWords } from "../words/problems";

type Offer = Jobs["schemas"]["SampleShops"];

/** Nobody is signed in: with development keys the sample shops are offered, else the way back to the shop's own dashboard. */
export function SignIn({ refused }: { refused: boolean }) {
  const client = useQueryClient();
  const shops = useQuery({
    queryKey: ["sample-shops"],
    queryFn: async ({ signal }) => {
      try {
        return await ask<Offer>("/api/session/development", { signal });
      } catch (error) {
        if (error instanceof Problem && error.status === 404) return null;
        throw error;
      }
    },
  });
  const signIn = useMutation({
    mutationFn: (who: { instanceId: string } | { role: "operator" }) => ask<Session>("/api/session/development", { method: "POST", body: who }),
    onSuccess: (session) => client.setQueryData(keys.session, session),
  });

  return (
    <main className="sign-in">
      <title>Sign in · Darkroom</title>
      <h1 className="brand brand-large">
        <BrandMark /> Darkroom
      </h1>
      <p className="lead">Better photographs for your products. You pick, we develop.</p>
      {refused ? (
        <p className="note note-bad" role="alert">
          The link that brought you here is no longer good. Open Darkroom again from your shop.
        </p>
      ) : null}
      {shops.isError ? <Trouble error={shops.error} retry={() => void shops.refetch()} /> : null}
      {shops.data === null ? <p>Open Darkroom from your shop’s dashboard: it signs you in by itself.</p> : null}
      {shops.data ? (
        <section aria-labelledby="sample-shops">
          <h2 id="sample-shops">Sign in as a sample shop</h2>
          <ul className="shops">
            {shops.data.instances.map((shop) => (
              <li key={shop}>
                <button type="button" className="button shop-choice" disabled={signIn.isPending} onClick={() => signIn.mutate({ instanceId: shop })}>
                  {shop}
                </button>
              </li>
            ))}
          </ul>
          {shops.data.operator ? (
            <button type="button" className="button shop-choice" disabled={signIn.isPending} onClick={() => signIn.mutate({ role: "operator" })}>
              Sign in as an operator
            </button>
          ) : null}
          <p className="quiet">This stack uses development keys, so anyone may sign in as anyone. Never do so on the internet.</p>
        </section>
      ) : null}
      {signIn.isError ? (
        <p className="note note-bad" role="alert">
          {problemWords(signIn.error)}
        </p>
      ) : null}
    </main>
  );
}

export function BrandMark() {
  return (
    <svg className="brand-mark" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="5.75" />
      <circle cx="8" cy="8" r="1.75" />
    </svg>
  );
}
