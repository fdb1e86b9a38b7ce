import { useState } from "react";
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useNavigate } from "react-router";
import type { Item, Job, JobDetail } from "../../api/types";
import { Icon } from "../../parts/Icon";
import { exactTime } from "../../words/times";
import { changeDraft } from "../optimise/drafts";
import { Compare, type Way } from "./Compare";

const WAYS: readonly { way: Way; words: string }[] = [
  { way: "slider", words: "Slider" },
  { way: "beside", words: "Side by side" },
  { way: "toggle", words: "Toggle" },
];

interface CompareDialogProps {
  detail: JobDetail;
  /** The image shown; none of the job's: the dialog is closed. */
  itemId: number;
  onItem: (itemId: number) => void;
  onClose: () => void;
}

/** A result in full size against what it was, with how it came about. */
export function CompareDialog({ detail, itemId, onItem, onClose }: CompareDialogProps) {
  const shown = detail.items.filter((item) => item.optimizedImageUrl);
  const at = shown.findIndex((item) => item.id === itemId);
  const item = shown[at];
  const [way, setWay] = useState<Way>("slider");
  const [chosen, setChosen] = useState({ itemId, number: 0 });
  const pictures = item?.results ?? [];
  const number = chosen.itemId === itemId ? chosen.number : 0;
  const place = item ? detail.items.indexOf(item) + 1 : 0;
  // An item may have several pictures; the dialog shows one of them as the item's.
  const picked = item && { ...item, optimizedImageUrl: pictures[number]?.url ?? item.optimizedImageUrl };
  const neighbour = (step: number) => {
    const next = shown[(at + step + shown.length) % shown.length];
    if (next) onItem(next.id);
  };
  return (
    <ModalOverlay className="overlay" isOpen={item !== undefined} onOpenChange={(open) => open || onClose()} isDismissable>
      <Modal className="modal">
        <Dialog className="compare-dialog">
          {picked ? (
            <>
              <header className="compare-head">
                <Heading slot="title">
                  {detail.job.productName}, image {place}
                </Heading>
                {pictures.length > 1 ? (
                  <div className="ways" role="group" aria-label="Result">
                    {pictures.map((one, index) => (
                      <button key={`${index} ${one.url}`} type="button" aria-label={`Result ${index + 1}`} aria-pressed={number === index} onClick={() => setChosen({ itemId, number: index })}>
                        {index + 1}
                      </button>
                    ))}
                  </div>
                ) : null}
                <div className="ways" role="group" aria-label="Way of comparing">
                  {WAYS.map((one) => (
                    <button key={one.way} type="button" aria-pressed={way === one.way} onClick={() => setWay(one.way)}>
                      {one.words}
                    </button>
                  ))}
                </div>
                <Button className="button button-plain button-square" aria-label="Close" onPress={onClose}>
                  <Icon name="cross" />
                </Button>
              </header>
              <div className="compare-stage">
                <Compare key={picked.optimizedImageUrl} item={picked} way={way} />
                {shown.length > 1 ? (
                  <>
                    <button type="button" className="button step step-back" aria-label="Previous image" onClick={() => neighbour(-1)}>
                      <Icon name="left" />
                    </button>
                    <button type="button" className="button step step-on" aria-label="Next image" onClick={() => neighbour(1)}>
                      <Icon name="right" />
                    </button>
                  </>
                ) : null}
              </div>
              <Facts job={detail.job} item={picked} place={place} number={number} />
            </>
          ) : null}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Facts({ job, item, place, number }: { job: Job; item: Item; place: number; number: number }) {
  const navigate = useNavigate();
  const name = `${job.productName} ${place}${number ? ` ${number + 1}` : ""}`.replace(/\W+/g, "-").toLowerCase();
  const seconds = Math.round((Date.parse(item.updatedAt) - Date.parse(item.createdAt)) / 1000);
  return (
    <footer className="facts">
      <dl>
        <div className="fact-prompt">
          <dt>Prompt</dt>
          <dd>{item.prompt}</dd>
        </div>
        <div>
          <dt>Done</dt>
          <dd>{exactTime(new Date(item.updatedAt))}</dd>
        </div>
        <div>
          <dt>Took</dt>
          <dd className="figures">{seconds} s</dd>
        </div>
      </dl>
      <div className="fact-actions">
        <button
          type="button"
          className="button"
          onClick={() => {
            changeDraft(job.productId, (draft) => ({ ...draft, mode: "one", prompt: item.prompt }));
            void navigate(`/optimise/${encodeURIComponent(job.productId)}`);
          }}
        >
          Use these settings again
        </button>
        <a className="button button-primary" href={item.optimizedImageUrl ?? undefined} download={name}>
          <Icon name="download" /> Download
        </a>
      </div>
    </footer>
  );
}
