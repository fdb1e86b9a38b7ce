import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "react-router";
import { jobThatHasThem, newKey, retryJob } from "../../api/orders";
import { Problem } from "../../api/http";
import { balanceQuery, keys, quoteQuery } from "../../api/queries";
import type { Job, JobDetail, Submission } from "../../api/types";
import { Icon } from "../../parts/Icon";
import { count } from "../../words/numbers";
import { problemWords } from "../../words/problems";

/** The images of a job that failed, tried again as a job of their own, with its price before the click. */
export function TryAgain({ detail }: { detail: JobDetail }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const failed = detail.items.filter((item) => item.status === "FAILED");
  const order: Submission = {
    productId: detail.job.productId,
    productName: detail.job.productName,
    images: failed.map(({ imageId, imageUrl, prompt }) => ({ imageId, imageUrl, prompt })),
  };
  const available = useQuery(balanceQuery).data?.available;
  const quote = useQuery({ ...quoteQuery(order, available), enabled: failed.length > 0 });
  const send = useMutation({
    mutationFn: () => tryAgain(detail.job.id),
    onSuccess: (job) => {
      void client.invalidateQueries({ queryKey: keys.active });
      void navigate(`/ongoing/${job.id}`);
    },
  });
  if (failed.length === 0) return null;
  return (
    <div className="try-again">
      <button type="button" className="button" disabled={send.isPending} onClick={() => send.mutate()}>
        <Icon name="again" /> Try {count(failed.length, "failed image")} again{quote.data ? ` for ${count(quote.data.price, "credit")}` : ""}
      </button>
      {send.isError ? <Refused error={send.error} /> : null}
    </div>
  );
}

/** Why nothing was tried again; for images that another job has, the way to that job. */
function Refused({ error }: { error: Error }) {
  const job = jobThatHasThem(error);
  if (job !== undefined) {
    return (
      <p className="note" role="status">
        These images were tried again already: <Link to={`/ongoing/${job}`}>job {job}</Link>. Nothing was taken.
      </p>
    );
  }
  return (
    <p className="note note-bad" role="alert">
      <Icon name="alert" /> {problemWords(error)}
    </p>
  );
}

/** Pressed twice, here or in another window, it is still one new job: its key is the old one's. Too few credits is asked anew. */
async function tryAgain(jobId: number): Promise<Job> {
  try {
    return await retryJob(jobId, `retry-${jobId}`);
  } catch (error) {
    if (!(error instanceof Problem && error.status === 402)) throw error;
    return await retryJob(jobId, newKey());
  }
}
