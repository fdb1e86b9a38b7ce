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
    "/api/credits/transactions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Transactions
         * @description The statement, newest first: every change of the available credits.
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
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
    transactions_api_credits_transactions_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
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
}
