// Generated from the OpenAPI document of credits by `npm run generate`.
export interface paths {
    "/api/credits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Credits Now
         * @description The balance, split in available, held, spent and expiring.
         */
        get: operations["credits_now_api_credits_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/checkout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start Checkout
         * @description Buy credits by card: answers the page to pay at. The same `Idempotency-Key` answers the same page.
         */
        post: operations["start_checkout_api_credits_checkout_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/checkout/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Purchase
         * @description How far a purchase is.
         */
        get: operations["purchase_api_credits_checkout__session_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/top-ups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Top Ups
         * @description The price of credits as they are sold now.
         */
        get: operations["top_ups_api_credits_top_ups_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/transactions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Transactions
         * @description Every change of the available credits, newest first.
         */
        get: operations["transactions_api_credits_transactions_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/transactions.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export
         * @description The same as CSV, oldest first and whole.
         */
        get: operations["export_api_credits_transactions_csv_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/credits/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Usage
         * @description What was spent, by day of UTC and product; the last 30 days unless `from` and `to` say otherwise.
         */
        get: operations["usage_api_credits_usage_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/credits/{instanceId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Credits Of
         * @description A tenant's balance.
         */
        get: operations["credits_of_api_operator_credits__instanceId__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/credits/{instanceId}/adjustments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Adjust
         * @description Add credits, or (less than 0) take some; what is not there to be taken is booked as lost, never below zero.
         */
        post: operations["adjust_api_operator_credits__instanceId__adjustments_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/credits/{instanceId}/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Grant
         * @description Give a tenant credits, with a reason. The same `Idempotency-Key` gives them once and answers the same.
         */
        post: operations["grant_api_operator_credits__instanceId__grants_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/credits/{instanceId}/refunds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refund
         * @description Give back credits that a job, or one item of it, has spent: never more than that.
         */
        post: operations["refund_api_operator_credits__instanceId__refunds_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/credits/closes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Closes
         * @description The newest closes: one for each day, and those that were asked for.
         */
        get: operations["closes_api_operator_credits_closes_get"];
        put?: never;
        /**
         * Close
         * @description Compare everything now. It closes no day; that happens by itself.
         */
        post: operations["close_api_operator_credits_closes_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/credits/reservations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reservations
         * @description Jobs that have held credits for longer than `olderThan` seconds, the oldest first.
         */
        get: operations["reservations_api_operator_credits_reservations_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/credits/reservations/{jobId}/decision": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decide On
         * @description Close a reservation of which even the log of jobs tells no end: so many items are spent, the rest is given back.
         *
         *     Only one that `undecided=true` lists; a job that may go on is decided by its own events, or by cancelling it.
         */
        post: operations["decide_on_api_operator_credits_reservations__jobId__decision_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/doctor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Examine
         * @description This service's own orphans.
         */
        get: operations["examine_api_operator_doctor_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/doctor/known/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Known Things
         * @description What this service knows of these.
         */
        post: operations["known_things_api_operator_doctor_known__kind__post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/doctor/open/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Open Things
         * @description What this service waits for, a page at a time.
         */
        get: operations["open_things_api_operator_doctor_open__kind__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/doctor/repair/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Repair Things
         * @description Do what this service can about these. Again: nothing more.
         */
        post: operations["repair_things_api_operator_doctor_repair__kind__post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/tenants/{instanceId}/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change Plan
         * @description Put a tenant on a plan from now on: what is unspent of the old allowance expires, the new one is granted.
         */
        put: operations["change_plan_api_operator_tenants__instanceId__plan_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Plans
         * @description The plans there are, and the caller's own.
         */
        get: operations["plans_api_plans_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Healthz
         * @description The process is alive.
         */
        get: operations["healthz_healthz_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Prometheus
         * @description Prometheus metrics.
         */
        get: operations["prometheus_metrics_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Readyz
         * @description Ready to serve: connected, migrated, assigned. `503` with the failing checks otherwise.
         */
        get: operations["readyz_readyz_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/stripe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stripe
         * @description An event of Stripe.
         */
        post: operations["stripe_webhooks_stripe_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AdjustmentRequest
         * @description Credits that an operator adds (more than 0) or takes (less than 0).
         */
        AdjustmentRequest: {
            /** Amount */
            amount: number;
            /** Reason */
            reason: string;
        };
        /**
         * Alive
         * @description The answer of `/healthz`.
         */
        Alive: {
            /**
             * Status
             * @default ok
             */
            status: string;
        };
        /**
         * CheckoutBody
         * @description Where they can be paid.
         */
        CheckoutBody: {
            /** Sessionid */
            sessionId: string;
            /** Url */
            url: string | null;
        };
        /**
         * CheckoutRequest
         * @description How many credits are wanted.
         */
        CheckoutRequest: {
            /** Credits */
            credits: number;
        };
        /**
         * CloseBody
         * @description A close. `accounts` are the sums over all tenants at `until`, `movements` what moved since the day before was closed.
         */
        CloseBody: {
            /** Accounts */
            accounts: {
                [key: string]: number;
            };
            /** Askedby */
            askedBy: string | null;
            /** Checks */
            checks: components["schemas"]["darkroom_credits__close__http__CheckBody"][];
            /** Closedat */
            closedAt: string;
            /** Day */
            day: string | null;
            /** Differences */
            differences: number;
            /** Id */
            id: number;
            /** Mended */
            mended: number;
            /** Movements */
            movements: {
                [key: string]: number;
            };
            /** Opendisputes */
            openDisputes: number;
            /** Openreservations */
            openReservations: number;
            /** Stripe */
            stripe: string;
            /** Tenants */
            tenants: number;
            /** Until */
            until: string;
        };
        /**
         * ClosesBody
         * @description Closes, the newest first.
         */
        ClosesBody: {
            /** Closes */
            closes: components["schemas"]["CloseBody"][];
        };
        /**
         * CorrectedBody
         * @description The correction, and the available credits right after it.
         */
        CorrectedBody: {
            /** Balanceafter */
            balanceAfter: number;
            correction: components["schemas"]["CorrectionBody"];
        };
        /**
         * CorrectionBody
         * @description A correction as it was made. `lost`: how much of a taking was not available any more.
         */
        CorrectionBody: {
            /** Amount */
            amount: number;
            /** Createdat */
            createdAt: string;
            /** Createdby */
            createdBy: string;
            /** Id */
            id: number;
            /** Instanceid */
            instanceId: string;
            /** Itemid */
            itemId?: number | null;
            /** Jobid */
            jobId?: number | null;
            /** Kind */
            kind: string;
            /** Lost */
            lost: number;
            /** Reason */
            reason: string;
        };
        /**
         * CreditsBody
         * @description A tenant's credits: what may be spent, what jobs hold, what was spent, what will be lost when.
         */
        CreditsBody: {
            /** Available */
            available: number;
            /** Expiring */
            expiring: components["schemas"]["ExpiringBody"][];
            /** Held */
            held: number;
            /** Plan */
            plan: string;
            /** Renewsat */
            renewsAt: string | null;
            /** Spent */
            spent: number;
        };
        /**
         * CheckBody
         * @description One comparison: what it says, and the first of what did not agree.
         */
        darkroom_credits__close__http__CheckBody: {
            /** Check */
            check: string;
            /** Differences */
            differences: number;
            /** Examples */
            examples: components["schemas"]["DifferenceBody"][];
            /** Says */
            says: string;
        };
        /**
         * CheckBody
         * @description One kind of orphan: what it means, what repairing would do (none: only a person can), and those that were found.
         */
        darkroom_servicekit__doctor__CheckBody: {
            /** Found */
            found: components["schemas"]["Thing"][];
            /** Kind */
            kind: string;
            /** Meaning */
            meaning: string;
            /** Repair */
            repair: string | null;
        };
        /**
         * DecidedBody
         * @description What such a decision made of the credits that were held still.
         */
        DecidedBody: {
            /** Balanceafter */
            balanceAfter: number;
            /** Instanceid */
            instanceId: string;
            /** Jobid */
            jobId: number;
            /** Released */
            released: number;
            /** Spent */
            spent: number;
        };
        /**
         * DecisionRequest
         * @description An operator's decision on a reservation that the log of jobs does not decide.
         */
        DecisionRequest: {
            /**
             * Itemsspent
             * @description in all, those settled before included
             * @default 0
             */
            itemsSpent: number;
            /** Reason */
            reason: string;
        };
        /**
         * DifferenceBody
         * @description Two figures that should be the same.
         */
        DifferenceBody: {
            /** Expected */
            expected: number;
            /** Found */
            found: number;
            /** Instanceid */
            instanceId: string;
            /** Subject */
            subject: string;
        };
        /**
         * DoctorBody
         * @description All that a service looked for; `found` has at most 1,000 of each.
         */
        DoctorBody: {
            /** Checks */
            checks: components["schemas"]["darkroom_servicekit__doctor__CheckBody"][];
            /** Service */
            service: string;
        };
        /**
         * ExpiringBody
         * @description Credits that are lost at a time.
         */
        ExpiringBody: {
            /** Amount */
            amount: number;
            /** Expiresat */
            expiresAt: string;
        };
        /**
         * FieldError
         * @description One field that breaks one rule.
         */
        FieldError: {
            /** Field */
            field: string;
            /** Rule */
            rule: string;
        };
        /**
         * GrantBody
         * @description A grant as it was made.
         */
        GrantBody: {
            /** Amount */
            amount: number;
            /** Createdat */
            createdAt: string;
            /** Createdby */
            createdBy: string;
            /** Expiresat */
            expiresAt: string | null;
            /** Id */
            id: number;
            /** Instanceid */
            instanceId: string;
            /** Reason */
            reason: string;
        };
        /**
         * GrantedBody
         * @description The grant, and the available credits right after it.
         */
        GrantedBody: {
            /** Balanceafter */
            balanceAfter: number;
            grant: components["schemas"]["GrantBody"];
        };
        /**
         * GrantRequest
         * @description Credits that an operator gives.
         */
        GrantRequest: {
            /** Amount */
            amount: number;
            /** Expiresat */
            expiresAt?: string | null;
            /** Reason */
            reason: string;
        };
        /** HTTPValidationError */
        HTTPValidationError: {
            /** Detail */
            detail?: components["schemas"]["ValidationError"][];
        };
        /**
         * Ids
         * @description Which ones.
         */
        Ids: {
            /** Ids */
            ids: string[];
        };
        /**
         * PlanBody
         * @description A plan as it is sold now.
         */
        PlanBody: {
            /** Capperminute */
            capPerMinute: number | null;
            /** Creditspermonth */
            creditsPerMonth: number;
            /** Name */
            name: string;
            price: components["schemas"]["PriceBody"];
            /** Title */
            title: string;
            /** Weight */
            weight: number;
        };
        /**
         * PlanRequest
         * @description The plan that a tenant goes on.
         */
        PlanRequest: {
            /** Plan */
            plan: string;
        };
        /**
         * PlansBody
         * @description All plans, and which one the caller is on.
         */
        PlansBody: {
            /** Current */
            current: string;
            /** Plans */
            plans: components["schemas"]["PlanBody"][];
        };
        /**
         * PriceBody
         * @description An amount of money.
         */
        PriceBody: {
            /**
             * Amount
             * @description in the currency's minor unit (ISO 4217): 2900 is 29.00 EUR, 1500 is 1,500 JPY
             */
            amount: number;
            /** Currency */
            currency: string;
        };
        /**
         * ProblemBody
         * @description The body of every error answer.
         */
        ProblemBody: {
            /** Detail */
            detail?: string | null;
            /** Errors */
            errors?: components["schemas"]["FieldError"][] | null;
            /** Status */
            status: number;
            /** Title */
            title: string;
            /**
             * Type
             * @default about:blank
             */
            type: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * PurchaseBody
         * @description Credits that were offered, and how far their payment is. `PAID`: they are there.
         */
        PurchaseBody: {
            /** Credits */
            credits: number;
            price: components["schemas"]["PriceBody"];
            /** Sessionid */
            sessionId: string;
            /**
             * State
             * @enum {string}
             */
            state: "CREATED" | "OPEN" | "AWAITING" | "PAID" | "FAILED" | "EXPIRED";
        };
        /**
         * Readiness
         * @description The answer of `/readyz`.
         */
        Readiness: {
            /** Checks */
            checks: {
                [key: string]: string;
            };
            /** Ready */
            ready: boolean;
        };
        /**
         * RefundRequest
         * @description Spent credits that an operator gives back: of a job, or of one item of it.
         */
        RefundRequest: {
            /**
             * Amount
             * @description all that is left, if not said
             */
            amount?: number | null;
            /** Itemid */
            itemId?: number | null;
            /** Jobid */
            jobId: number;
            /** Reason */
            reason: string;
        };
        /**
         * Repaired
         * @description For how many something was done; what is in order by now is left alone.
         */
        Repaired: {
            /** Repaired */
            repaired: number;
        };
        /**
         * ReservationBody
         * @description Credits that a job holds.
         */
        ReservationBody: {
            /** Amount */
            amount: number;
            /** Createdat */
            createdAt: string;
            /** Held */
            held: number;
            /** Instanceid */
            instanceId: string;
            /** Itemssettled */
            itemsSettled: number;
            /** Itemstotal */
            itemsTotal: number;
            /** Jobid */
            jobId: number;
            /** Product */
            product: string;
            /**
             * Sweeps
             * @description how often it was looked up in the log of jobs, which did not tell of its end
             */
            sweeps: number;
            /** Updatedat */
            updatedAt: string;
        };
        /**
         * ReservationsBody
         * @description Reservations that are open, the oldest first.
         */
        ReservationsBody: {
            /** Reservations */
            reservations: components["schemas"]["ReservationBody"][];
        };
        /**
         * TakenBody
         * @description What came of an event.
         */
        TakenBody: {
            /** Outcome */
            outcome: string;
            /**
             * Received
             * @default true
             */
            received: boolean;
        };
        /**
         * Thing
         * @description Something that a service has or knows of, and for how long it has been as it is.
         */
        Thing: {
            /** Ageseconds */
            ageSeconds: number;
            /** Id */
            id: string;
            /** Instanceid */
            instanceId?: string | null;
            /** State */
            state: string;
        };
        /**
         * Things
         * @description A page of things; `next` is where the next one begins.
         */
        Things: {
            /** Next */
            next?: string | null;
            /** Things */
            things: components["schemas"]["Thing"][];
        };
        /**
         * TopUpsBody
         * @description What credits cost, and how many are sold at once.
         */
        TopUpsBody: {
            /** Bycard */
            byCard: boolean;
            /** Creditsmax */
            creditsMax: number;
            /** Creditsmin */
            creditsMin: number;
            perThousand: components["schemas"]["PriceBody"];
        };
        /**
         * TransactionBody
         * @description A line of the statement: the amounts sum to `available`.
         */
        TransactionBody: {
            /** Amount */
            amount: number;
            /** Balanceafter */
            balanceAfter: number;
            /** Createdat */
            createdAt: string;
            /** Id */
            id: number;
            /** Jobid */
            jobId?: number | null;
            /** Kind */
            kind: string;
            /** Reason */
            reason?: string | null;
        };
        /**
         * TransactionsBody
         * @description A page of the statement, newest first.
         */
        TransactionsBody: {
            /** Nextcursor */
            nextCursor: string | null;
            /** Transactions */
            transactions: components["schemas"]["TransactionBody"][];
        };
        /**
         * UsageBody
         * @description What was spent in a time, by day and product.
         */
        UsageBody: {
            /** From */
            from: string;
            /** Spent */
            spent: number;
            /** To */
            to: string;
            /** Usage */
            usage: components["schemas"]["UsageLineBody"][];
        };
        /**
         * UsageLineBody
         * @description What was spent on a product on one day.
         */
        UsageLineBody: {
            /**
             * Day
             * Format: date
             */
            day: string;
            /** Jobs */
            jobs: number;
            /** Product */
            product: string;
            /**
             * Spent
             * @description less what was given back on that day, so it may be below zero
             */
            spent: number;
        };
        /** ValidationError */
        ValidationError: {
            /** Context */
            ctx?: Record<string, never>;
            /** Input */
            input?: unknown;
            /** Location */
            loc: (string | number)[];
            /** Message */
            msg: string;
            /** Error Type */
            type: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    credits_now_api_credits_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreditsBody"];
                };
            };
        };
    };
    start_checkout_api_credits_checkout_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description the same key answers the same */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CheckoutRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckoutBody"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    purchase_api_credits_checkout__session_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PurchaseBody"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    top_ups_api_credits_top_ups_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TopUpsBody"];
                };
            };
        };
    };
    transactions_api_credits_transactions_get: {
        parameters: {
            query?: {
                cursor?: string | null;
                from?: string | null;
                jobId?: number | null;
                kind?: string | null;
                limit?: number;
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TransactionsBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    export_api_credits_transactions_csv_get: {
        parameters: {
            query?: {
                from?: string | null;
                jobId?: number | null;
                kind?: string | null;
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    usage_api_credits_usage_get: {
        parameters: {
            query?: {
                from?: string | null;
                jobId?: number | null;
                kind?: string | null;
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsageBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    credits_of_api_operator_credits__instanceId__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                instanceId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreditsBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    adjust_api_operator_credits__instanceId__adjustments_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description the same key answers the same */
                "idempotency-key"?: string | null;
            };
            path: {
                instanceId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AdjustmentRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CorrectedBody"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    grant_api_operator_credits__instanceId__grants_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description the same key answers the same */
                "idempotency-key"?: string | null;
            };
            path: {
                instanceId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GrantRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GrantedBody"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    refund_api_operator_credits__instanceId__refunds_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description the same key answers the same */
                "idempotency-key"?: string | null;
            };
            path: {
                instanceId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefundRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CorrectedBody"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    closes_api_operator_credits_closes_get: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClosesBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    close_api_operator_credits_closes_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CloseBody"];
                };
            };
        };
    };
    reservations_api_operator_credits_reservations_get: {
        parameters: {
            query?: {
                limit?: number;
                olderThan?: number;
                /** @description only those that were looked up in the log of jobs in vain */
                undecided?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReservationsBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    decide_on_api_operator_credits_reservations__jobId__decision_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                jobId: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DecisionRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DecidedBody"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    examine_api_operator_doctor_get: {
        parameters: {
            query?: {
                olderThan?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DoctorBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    known_things_api_operator_doctor_known__kind__post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                kind: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Ids"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Things"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    open_things_api_operator_doctor_open__kind__get: {
        parameters: {
            query?: {
                after?: string;
                olderThan?: number;
            };
            header?: never;
            path: {
                kind: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Things"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    repair_things_api_operator_doctor_repair__kind__post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                kind: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Ids"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Repaired"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    change_plan_api_operator_tenants__instanceId__plan_put: {
        parameters: {
            query?: never;
            header?: {
                /** @description the same key answers the same */
                "idempotency-key"?: string | null;
            };
            path: {
                instanceId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlanRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreditsBody"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    plans_api_plans_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlansBody"];
                };
            };
        };
    };
    healthz_healthz_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alive"];
                };
            };
        };
    };
    prometheus_metrics_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    readyz_readyz_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    stripe_webhooks_stripe_post: {
        parameters: {
            query?: never;
            header?: {
                "stripe-signature"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TakenBody"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
}
