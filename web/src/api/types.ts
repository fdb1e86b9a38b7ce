// The platform's shapes by the names that the pages use.
import type { components as Credits } from "./credits.gen";
import type { components as Jobs } from "./jobs-api.gen";

export type Job = Jobs["schemas"]["JobView"];
export type Item = Jobs["schemas"]["ItemView"];
export interface JobDetail {
  job: Job;
  items: Item[];
}
export interface JobPage {
  jobs: Job[];
  nextCursor: string | null;
}
export type JobStatus = Job["status"];
export type ItemStatus = Item["status"];
export type Product = Jobs["schemas"]["ShopProduct"];
export type Picture = Jobs["schemas"]["Picture"];
export type ProductPage = Jobs["schemas"]["ProductPage"];
export type Quote = Jobs["schemas"]["QuoteAnswer"];
export type Session = Jobs["schemas"]["Session"];
export type Accepted = Jobs["schemas"]["AcceptedJob"];
export type Balance = Credits["schemas"]["CreditsBody"];
export type Transaction = Credits["schemas"]["TransactionBody"];
export type TransactionPage = Credits["schemas"]["TransactionsBody"];
export type Plan = Credits["schemas"]["PlanBody"];
export type Plans = Credits["schemas"]["PlansBody"];

/** The body of an order. */
export interface Submission {
  productId: string;
  productName: string;
  images: { imageId: string; imageUrl: string; prompt: string }[];
  options?: { aspectRatio?: string; outputFormat?: string };
}
