// The platform's shapes by the names that the pages use.
import type { components as Credits } from "./credits.gen";
import type { components as Jobs } from "./jobs-api.gen";

/** Position and expected finish are there once the platform tells them. */
export type Job = Jobs["schemas"]["JobView"] & { position?: number | null; expectedFinishAt?: string | null; retryOf?: number | null };
/** Why a picture waits: for its turn among all shops, for the shop's own limit, or for the studio itself. */
export type WaitsFor = "turn" | "own-cap" | "studio";
export type Item = Jobs["schemas"]["ItemView"] & { position?: number | null; expectedStartAt?: string | null; waitsFor?: WaitsFor | null };
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
  options?: { aspectRatio?: string; outputFormat?: string; quality?: string };
}
