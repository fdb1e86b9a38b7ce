// Generated from the OpenAPI document of credits by `npm run generate`.
export interface paths {
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
         * CorrectedBody
         * @description The correction, and the available credits right after it.
         */
        CorrectedBody: {
            correction: components["schemas"]["CorrectionBody"];
            /** Balanceafter */
            balanceAfter: number;
        };
        /**
         * CorrectionBody
         * @description A correction as it was made. `lost`: how much of a taking was not available any more.
         */
        CorrectionBody: {
            /** Id */
            id: number;
            /** Instanceid */
            instanceId: string;
            /** Kind */
            kind: string;
            /** Amount */
            amount: number;
            /** Lost */
            lost: number;
            /** Jobid */
            jobId?: number | null;
            /** Itemid */
            itemId?: number | null;
            /** Reason */
            reason: string;
            /** Createdby */
            createdBy: string;
            /** Createdat */
            createdAt: string;
        };
        /**
         * CreditsBody
         * @description A tenant's credits: what may be spent, what jobs hold, what was spent, what will be lost when.
         */
        CreditsBody: {
            /** Available */
            available: number;
            /** Held */
            held: number;
            /** Spent */
            spent: number;
            /** Expiring */
            expiring: components["schemas"]["ExpiringBody"][];
            /** Plan */
            plan: string;
            /** Renewsat */
            renewsAt: string | null;
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
            /** Id */
            id: number;
            /** Instanceid */
            instanceId: string;
            /** Amount */
            amount: number;
            /** Reason */
            reason: string;
            /** Expiresat */
            expiresAt: string | null;
            /** Createdby */
            createdBy: string;
            /** Createdat */
            createdAt: string;
        };
        /**
         * GrantRequest
         * @description Credits that an operator gives.
         */
        GrantRequest: {
            /** Amount */
            amount: number;
            /** Reason */
            reason: string;
            /** Expiresat */
            expiresAt?: string | null;
        };
        /**
         * GrantedBody
         * @description The grant, and the available credits right after it.
         */
        GrantedBody: {
            grant: components["schemas"]["GrantBody"];
            /** Balanceafter */
            balanceAfter: number;
        };
        /** HTTPValidationError */
        HTTPValidationError: {
            /** Detail */
            detail?: components["schemas"]["ValidationError"][];
        };
        /**
         * PlanBody
         * @description A plan as it is sold now.
         */
        PlanBody: {
            /** Name */
            name: string;
            /** Title */
            title: string;
            /** Creditspermonth */
            creditsPerMonth: number;
            /** Weight */
            weight: number;
            /** Capperminute */
            capPerMinute: number | null;
            price: components["schemas"]["PriceBody"];
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
            /** Plans */
            plans: components["schemas"]["PlanBody"][];
            /** Current */
            current: string;
        };
        /**
         * PriceBody
         * @description Money, in the currency's main unit.
         */
        PriceBody: {
            /** Amount */
            amount: number;
            /** Currency */
            currency: string;
        };
        /**
         * ProblemBody
         * @description The body of every error answer.
         */
        ProblemBody: {
            /**
             * Type
             * @default about:blank
             */
            type: string;
            /** Title */
            title: string;
            /** Status */
            status: number;
            /** Detail */
            detail?: string | null;
            /** Errors */
            errors?: components["schemas"]["FieldError"][] | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * PurchaseBody
         * @description Credits that were offered, and how far their payment is. `PAID`: they are there.
         */
        PurchaseBody: {
            /** Sessionid */
            sessionId: string;
            /** Credits */
            credits: number;
            price: components["schemas"]["PriceBody"];
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
            /** Ready */
            ready: boolean;
            /** Checks */
            checks: {
                [key: string]: string;
            };
        };
        /**
         * RefundRequest
         * @description Spent credits that an operator gives back: of a job, or of one item of it.
         */
        RefundRequest: {
            /** Jobid */
            jobId: number;
            /** Itemid */
            itemId?: number | null;
            /**
             * Amount
             * @description all that is left, if not said
             */
            amount?: number | null;
            /** Reason */
            reason: string;
        };
        /**
         * ReservationBody
         * @description Credits that a job holds.
         */
        ReservationBody: {
            /** Jobid */
            jobId: number;
            /** Instanceid */
            instanceId: string;
            /** Product */
            product: string;
            /** Amount */
            amount: number;
            /** Held */
            held: number;
            /** Createdat */
            createdAt: string;
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
            /**
             * Received
             * @default true
             */
            received: boolean;
            /** Outcome */
            outcome: string;
        };
        /**
         * TopUpsBody
         * @description What credits cost, and how many are sold at once.
         */
        TopUpsBody: {
            perThousand: components["schemas"]["PriceBody"];
            /** Creditsmin */
            creditsMin: number;
            /** Creditsmax */
            creditsMax: number;
            /** Bycard */
            byCard: boolean;
        };
        /**
         * TransactionBody
         * @description A line of the statement: the amounts sum to `available`.
         */
        TransactionBody: {
            /** Id */
            id: number;
            /** Kind */
            kind: string;
            /** Amount */
            amount: number;
            /** Balanceafter */
            balanceAfter: number;
            /** Createdat */
            createdAt: string;
            /** Jobid */
            jobId?: number | null;
            /** Reason */
            reason?: string | null;
        };
        /**
         * TransactionsBody
         * @description A page of the statement, newest first.
         */
        TransactionsBody: {
            /** Transactions */
            transactions: components["schemas"]["TransactionBody"][];
            /** Nextcursor */
            nextCursor: string | null;
        };
        /**
         * UsageBody
         * @description What was spent in a time, by day and product.
         */
        UsageBody: {
            /** From */
            from: string;
            /** To */
            to: string;
            /** Usage */
            usage: components["schemas"]["UsageLineBody"][];
            /** Spent */
            spent: number;
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
            /** Product */
            product: string;
            /** Spent */
            spent: number;
            /** Jobs */
            jobs: number;
        };
        /** ValidationError */
        ValidationError: {
            /** Location */
            loc: (string | number)[];
            /** Message */
            msg: string;
            /** Error Type */
            type: string;
            /** Input */
            input?: unknown;
            /** Context */
            ctx?: Record<string, never>;
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
    transactions_api_credits_transactions_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
                kind?: string | null;
                from?: string | null;
                to?: string | null;
                jobId?: number | null;
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
                kind?: string | null;
                from?: string | null;
                to?: string | null;
                jobId?: number | null;
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
                kind?: string | null;
                from?: string | null;
                to?: string | null;
                jobId?: number | null;
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
    reservations_api_operator_credits_reservations_get: {
        parameters: {
            query?: {
                olderThan?: number;
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
    change_plan_api_operator_tenants__instanceId__plan_put: {
        parameters: {
            query?: never;
            header?: {
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
    grant_api_operator_credits__instanceId__grants_post: {
        parameters: {
            query?: never;
            header?: {
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
    start_checkout_api_credits_checkout_post: {
        parameters: {
            query?: never;
            header?: {
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
