import { useMutation } from "@tanstack/react-query";
import { confirmAddress } from "../api/notices";
import { confirmationWords } from "../words/notices";
import { BrandMark } from "./SignIn";

/** Behind the link in an e-mail or SMS. Looking changes nothing, since mail scanners look too; the button confirms. */
export function ConfirmAddress({ token }: { token: string }) {
  const confirm = useMutation({ mutationFn: () => confirmAddress(token) });
  return (
    <main className="sign-in">
      <title>Confirm an address · Darkroom</title>
      <h1 className="brand brand-large">
        <BrandMark /> Darkroom
      </h1>
      {confirm.isSuccess ? (
        <p className="note" role="status">
          {confirm.data.address} is confirmed. Darkroom may write to you there.
        </p>
      ) : (
        <>
          <p className="lead">May Darkroom write to you at this address?</p>
          <button type="button" className="button button-primary" disabled={confirm.isPending} onClick={() => confirm.mutate()}>
            Confirm the address
          </button>
          <p className="quiet">If you did not enter it at Darkroom, close this page: nothing else will be sent.</p>
        </>
      )}
      {confirm.isError ? (
        <p className="note note-bad" role="alert">
          {confirmationWords(confirm.error)}
        </p>
      ) : null}
    </main>
  );
}
