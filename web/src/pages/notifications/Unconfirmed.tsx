import { useMutation } from "@tanstack/react-query";
import { sendConfirmation, type AddressChannel } from "../../api/notices";
import { problemWords } from "../../words/problems";

/** An address that waits for its confirmation, and the way to another link. */
export function Unconfirmed({ channel, address }: { channel: AddressChannel; address: string }) {
  const again = useMutation({ mutationFn: () => sendConfirmation(channel) });
  return (
    <div className="note note-warn">
      <p role="status">
        {again.isSuccess ? "Sent again" : "We wrote"} to {address}. Open the link in the {channel === "sms" ? "SMS" : "e-mail"} to confirm it; until then nothing else is sent there.
      </p>
      <button type="button" className="button button-small" disabled={again.isPending} onClick={() => again.mutate()}>
        Send again
      </button>
      {again.isError ? <p role="alert">{problemWords(again.error)}</p> : null}
    </div>
  );
}
