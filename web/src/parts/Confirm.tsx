import { useState, type ReactNode } from "react";
import { Button, Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from "react-aria-components";
import { problemWords } from "../words/problems";
import { Icon } from "./Icon";

interface ConfirmProps {
  /** The button that asks. */
  ask: ReactNode;
  askClass?: string;
  askLabel?: string;
  title: string;
  children: ReactNode;
  /** What the button that does it says, and the one that leaves everything as it is. */
  act: string;
  keep: string;
  actClass?: string;
  isDisabled?: boolean;
  isActDisabled?: boolean;
  /** Told when the question is put. */
  onAsk?: () => void;
  /** Does it; the dialog closes when it is done and says why when it could not be. */
  onAct: () => Promise<unknown>;
}

/** A button that asks before it does what cannot be undone. */
export function Confirm({ ask, askClass = "button", askLabel, title, children, act, keep, actClass = "button button-danger", isDisabled = false, isActDisabled = false, onAsk, onAct }: ConfirmProps) {
  const [open, setOpen] = useState(false);
  const [acting, setActing] = useState(false);
  const [refused, setRefused] = useState<unknown>(undefined);
  const change = (opened: boolean) => {
    setOpen(opened);
    setRefused(undefined);
    if (opened) onAsk?.();
  };
  const press = async () => {
    setActing(true);
    try {
      await onAct();
      change(false);
    } catch (error) {
      setRefused(error);
    } finally {
      setActing(false);
    }
  };
  return (
    <DialogTrigger isOpen={open} onOpenChange={change}>
      <Button className={askClass} isDisabled={isDisabled} {...(askLabel ? { "aria-label": askLabel } : {})}>
        {ask}
      </Button>
      <ModalOverlay className="overlay" isDismissable>
        <Modal className="modal-small">
          <Dialog role="alertdialog" className="confirm">
            <Heading slot="title">{title}</Heading>
            <div className="confirm-words">{children}</div>
            {refused !== undefined ? (
              <p className="note note-bad" role="alert">
                <Icon name="alert" /> {problemWords(refused)}
              </p>
            ) : null}
            <div className="confirm-buttons">
              <Button className="button" slot="close">
                {keep}
              </Button>
              <Button className={actClass} isDisabled={acting || isActDisabled} onPress={() => void press()}>
                {act}
              </Button>
            </div>
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}
