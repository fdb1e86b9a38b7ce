// What a frame changes of what the pages know.
import type { QueryClient } from "@tanstack/react-query";
import { refreshNotices } from "../api/notices";
import { keys } from "../api/queries";
import type { Balance, JobDetail, JobPage } from "../api/types";
import type { Frame } from "./line";
import { detailWithItem, detailWithJob, pageWithJob, type ItemNews, type JobNews } from "./merge";
import { latestNews } from "./news";

/** Put a frame where the pages look. */
export function take(client: QueryClient, { event, at, data }: Frame): void {
  switch (event) {
    case "item.updated": {
      const news = data as ItemNews;
      latestNews.ofItem(news, at);
      client.setQueryData<JobDetail>(keys.job(news.jobId), (known) => known && detailWithItem(known, news, at));
      break;
    }
    case "job.accepted":
      void client.invalidateQueries({ queryKey: keys.active });
      break;
    case "job.updated":
    case "job.finished": {
      const news = data as JobNews;
      latestNews.ofJob(news, at);
      client.setQueryData<JobDetail>(keys.job(news.jobId), (known) => known && detailWithJob(known, news, at));
      client.setQueryData<JobPage>(keys.active, (known) => known && pageWithJob(known, news, at));
      if (event === "job.finished") {
        // Now all is in the platform's answers: a page that loaded between two pieces of news has what it missed.
        void client.invalidateQueries({ queryKey: keys.job(news.jobId) });
        void client.invalidateQueries({ queryKey: keys.ended });
        void client.invalidateQueries({ queryKey: keys.transactions });
      }
      break;
    }
    case "notification":
      void refreshNotices(client, (data as { id: string }).id);
      break;
    case "credits.changed": {
      const news = data as Pick<Balance, "available" | "held" | "spent">;
      client.setQueryData<Balance>(keys.balance, (known) => known && { ...known, ...news });
      break;
    }
  }
}
