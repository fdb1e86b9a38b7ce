import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import type { TimelineEvent } from "../../api/operator";
import { eventName, itemOf, offset, serviceName, waterfall, type Step } from "../../words/operator";
import { exactTime } from "../../words/times";

const ROW_PX = 34;

/** One row an event: when it came, how long after its cause, from which service; pressed, it shows its data. */
export function Waterfall({ events }: { events: readonly TimelineEvent[] }) {
  const { steps, seconds } = useMemo(() => waterfall(events), [events]);
  const [openId, setOpenId] = useState<string>();
  const list = useRef<HTMLOListElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    if (list.current) setTop(list.current.getBoundingClientRect().top + scrollY);
  }, []);
   
  const rows = useWindowVirtualizer({
    count: steps.length,
    estimateSize: () => ROW_PX,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (index) => steps[index]?.event.id ?? index,
  });
  return (
    <ol className="waterfall" ref={list} style={{ height: rows.getTotalSize() }} aria-label="Events">
      {rows.getVirtualItems().map((row) => {
        const step = steps[row.index];
        if (!step) return null;
        const { id } = step.event;
        return (
          <li key={row.key} ref={rows.measureElement} data-index={row.index} aria-setsize={steps.length} aria-posinset={row.index + 1} style={{ transform: `translateY(${row.start - top}px)` }}>
            <StepRow step={step} seconds={seconds} isOpen={id === openId} onOpen={() => setOpenId(id === openId ? undefined : id)} />
          </li>
        );
      })}
    </ol>
  );
}

function StepRow({ step, seconds, isOpen, onOpen }: { step: Step; seconds: number; isOpen: boolean; onOpen: () => void }) {
  const { event, atSeconds, afterSeconds, depth } = step;
  const whole = seconds || 1;
  const service = serviceName(event.source);
  return (
    <>
      <button type="button" className="step-row" data-service={service} aria-expanded={isOpen} onClick={onOpen}>
        <span className="step-name" style={{ paddingLeft: depth * 10 }}>
          {eventName(event.type)} <span className="step-item figures">{itemOf(event.subject)}</span>
        </span>
        <span className="step-service">{service}</span>
        <span className="step-track" aria-hidden="true">
          <span className="step-span" style={{ left: `${((atSeconds - afterSeconds) / whole) * 100}%`, width: `${(afterSeconds / whole) * 100}%` }} />
          <span className="step-at" style={{ left: `${(atSeconds / whole) * 100}%` }} />
        </span>
        <span className="step-time figures">{offset(atSeconds)}</span>
      </button>
      {isOpen ? (
        <div className="step-more">
          <dl className="details">
            <div>
              <dt>At</dt>
              <dd>{exactTime(new Date(event.at))}</dd>
            </div>
            <div>
              <dt>After its cause</dt>
              <dd className="figures">{afterSeconds.toFixed(3)} s</dd>
            </div>
            <div>
              <dt>Type</dt>
              <dd>{event.type}</dd>
            </div>
            <div>
              <dt>Id</dt>
              <dd>{event.id}</dd>
            </div>
            {event.causationId ? (
              <div>
                <dt>Caused by</dt>
                <dd>{event.causationId}</dd>
              </div>
            ) : null}
          </dl>
          {/* Long lines scroll, so the keyboard has to reach the box. */}
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
          <pre tabIndex={0}>{JSON.stringify(event.data, null, 2)}</pre>
        </div>
      ) : null}
    </>
  );
}
