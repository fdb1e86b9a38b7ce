// Generated from the OpenAPI document of predictor by `npm run generate`.
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
    "/api/replicate-rate-limiter/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stats
         * @description Queue length and use of the cap over the last minute. `503` while the limiter is closed.
         */
        get: operations["stats_api_replicate_rate_limiter_stats_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tenants
         * @description Every tenant's terms and figures.
         */
        get: operations["tenants_api_operator_tenants_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/tenants/{instanceId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set Terms
         * @description Change what is named, keep the rest. In force with the next turn on all replicas.
         */
        put: operations["set_terms_api_operator_tenants__instanceId__put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Dead Letters
         * @description What was given up, newest first.
         */
        get: operations["dead_letters_api_operator_dead_letters_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/dead-letters/redrives": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Redrives
         * @description Who had what tried again, newest first, and how far it has got.
         */
        get: operations["redrives_api_operator_dead_letters_redrives_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/dead-letters/{letterId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Dead Letter
         * @description One with its history, or with its headers and data.
         */
        get: operations["dead_letter_api_operator_dead_letters__letterId__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/dead-letters/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Redrive
         * @description Have open letters tried again: items as new jobs behind their tenants' fresh work, messages as they were.
         */
        post: operations["redrive_api_operator_dead_letters_redrive_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/dead-letters/redrives/{redriveId}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel
         * @description Stop a redrive: what it has not reached is open again.
         */
        post: operations["cancel_api_operator_dead_letters_redrives__redriveId__cancel_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/dead-letters/{letterId}/drop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Drop
         * @description Nothing will be done about it; the reason is kept.
         */
        post: operations["drop_api_operator_dead_letters__letterId__drop_post"];
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
         * DropRequest
         * @description Why nothing will be done about a letter.
         */
        DropRequest: {
            /** Reason */
            reason: string;
        };
        /**
         * FilterBody
         * @description Which open letters; what is left out does not matter.
         */
        FilterBody: {
            /** Instanceid */
            instanceId?: string | null;
            /** Service */
            service?: string | null;
            /** Code */
            code?: string | null;
            /** Before */
            before?: string | null;
        };
        /** HTTPValidationError */
        HTTPValidationError: {
            /** Detail */
            detail?: components["schemas"]["ValidationError"][];
        };
        /**
         * LetterBody
         * @description A dead letter as it is listed.
         */
        LetterBody: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "item" | "message";
            /** Service */
            service: string;
            /** Instanceid */
            instanceId: string;
            /** Jobid */
            jobId: number | null;
            /** Itemid */
            itemId: number | null;
            /** Code */
            code: string;
            /** Message */
            message: string;
            /** Attempts */
            attempts: number;
            /** Createdat */
            createdAt: string;
            /**
             * State
             * @enum {string}
             */
            state: "open" | "redriving" | "redriven" | "dropped";
            /** Redriveid */
            redriveId: string | null;
            /** Droppedby */
            droppedBy?: string | null;
            /** Dropreason */
            dropReason?: string | null;
        };
        /**
         * LettersBody
         * @description A page of dead letters, newest first.
         */
        LettersBody: {
            /** Deadletters */
            deadLetters: components["schemas"]["LetterBody"][];
            /** Nextcursor */
            nextCursor: string | null;
        };
        /**
         * LimiterHealth
         * @description Whether the queue moves, and whether the cap is kept.
         */
        LimiterHealth: {
            /** Queuehealthy */
            queueHealthy: boolean;
            /** Rpmhealthy */
            rpmHealthy: boolean;
        };
        /**
         * LimiterStats
         * @description The answer of `/api/replicate-rate-limiter/stats`.
         */
        LimiterStats: {
            /**
             * Status
             * @default ok
             */
            status: string;
            /** Timestamp */
            timestamp: string;
            rateLimiter: components["schemas"]["RateLimiter"];
            health: components["schemas"]["LimiterHealth"];
        };
        /**
         * RateLimiter
         * @description Totals over all accounts.
         */
        RateLimiter: {
            /** Queuelength */
            queueLength: number;
            /** Requestsinlastminute */
            requestsInLastMinute: number;
            /** Maxrpm */
            maxRPM: number;
            /** Rpmusagepercent */
            rpmUsagePercent: number;
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
         * RedriveBody
         * @description A redrive as it stands.
         */
        RedriveBody: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Requestedby */
            requestedBy: string;
            /** Requestedat */
            requestedAt: string;
            /** Perminute */
            perMinute: number | null;
            /** Matched */
            matched: number;
            /** Redriven */
            redriven: number;
            /** State */
            state: string;
            /** Endedat */
            endedAt: string | null;
        };
        /**
         * RedriveRequest
         * @description What to redrive: these letters, those that a filter lets pass, or (an empty filter) all that are open.
         */
        RedriveRequest: {
            /** Ids */
            ids?: string[] | null;
            filter?: components["schemas"]["FilterBody"] | null;
            /**
             * Perminute
             * @description letters in any 60 seconds at most
             */
            perMinute?: number | null;
            /**
             * Dryrun
             * @description only count
             * @default false
             */
            dryRun: boolean;
        };
        /**
         * RedriveStarted
         * @description What a redrive takes. `leftOut`: messages that may not go any more; see them with `dlq show`.
         */
        RedriveStarted: {
            /** Redriveid */
            redriveId: string | null;
            /** Matched */
            matched: number;
            /** Leftout */
            leftOut: number;
        };
        /**
         * RedrivesBody
         * @description Redrives, newest first.
         */
        RedrivesBody: {
            /** Redrives */
            redrives: components["schemas"]["RedriveBody"][];
        };
        /**
         * TenantBody
         * @description A tenant's terms, and how the fair order serves it.
         */
        TenantBody: {
            /** Instanceid */
            instanceId: string;
            /** Plan */
            plan: string | null;
            /** Weight */
            weight: number;
            /** Capperminute */
            capPerMinute: number | null;
            /** Requestsperminute */
            requestsPerMinute: number | null;
            /** Paused */
            paused: boolean;
            /**
             * Sharedue
             * @description its part of the turns in the window, by weight among those that asked
             */
            shareDue: number;
            /** Sharegot */
            shareGot: number;
            /** Waiting */
            waiting: number;
            /** Inflight */
            inFlight: number;
            /** Startedinwindow */
            startedInWindow: number;
            /**
             * Oldestwaitseconds
             * @description of what may start now
             */
            oldestWaitSeconds: number | null;
            /**
             * Waitp50Seconds
             * @description from waiting to started, over the starts of the last ten minutes
             */
            waitP50Seconds: number | null;
            /** Waitp95Seconds */
            waitP95Seconds: number | null;
            /** Waitp99Seconds */
            waitP99Seconds: number | null;
            /**
             * Ratelimitedseconds
             * @description held back by its own cap since the limiter was opened last
             */
            rateLimitedSeconds: number;
        };
        /**
         * TenantsBody
         * @description All tenants, the busiest first.
         */
        TenantsBody: {
            /** Windowseconds */
            windowSeconds: number;
            /** Tenants */
            tenants: components["schemas"]["TenantBody"][];
        };
        /**
         * TermsBody
         * @description A tenant's terms in force.
         */
        TermsBody: {
            /** Instanceid */
            instanceId: string;
            /** Plan */
            plan: string | null;
            /** Weight */
            weight: number;
            /** Capperminute */
            capPerMinute: number | null;
            /** Requestsperminute */
            requestsPerMinute: number | null;
            /** Paused */
            paused: boolean;
        };
        /**
         * TermsRequest
         * @description What to change: a field that is left out stays; null clears what an operator had set.
         */
        TermsRequest: {
            /**
             * Weight
             * @description share in the fair order; null: the plan's
             */
            weight?: number | null;
            /**
             * Capperminute
             * @description starts in any minute; null: the plan's, if it has one
             */
            capPerMinute?: number | null;
            /**
             * Requestsperminute
             * @description for each principal at the API; null: the platform's
             */
            requestsPerMinute?: number | null;
            /**
             * Paused
             * @description true: nothing of the tenant's is started
             */
            paused?: boolean | null;
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
        /**
         * WholeLetterBody
         * @description A dead letter with its history (an item) or its topic, headers and data (a message).
         */
        WholeLetterBody: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "item" | "message";
            /** Service */
            service: string;
            /** Instanceid */
            instanceId: string;
            /** Jobid */
            jobId: number | null;
            /** Itemid */
            itemId: number | null;
            /** Code */
            code: string;
            /** Message */
            message: string;
            /** Attempts */
            attempts: number;
            /** Createdat */
            createdAt: string;
            /**
             * State
             * @enum {string}
             */
            state: "open" | "redriving" | "redriven" | "dropped";
            /** Redriveid */
            redriveId: string | null;
            /** Droppedby */
            droppedBy?: string | null;
            /** Dropreason */
            dropReason?: string | null;
            /** History */
            history?: {
                [key: string]: unknown;
            }[] | null;
            /** Topic */
            topic?: string | null;
            /** Headers */
            headers?: {
                [key: string]: string;
            } | null;
            /**
             * Data
             * @description text, where the bytes are UTF-8
             */
            data?: string | null;
            /**
             * Database64
             * @description the bytes, where they are not
             */
            dataBase64?: string | null;
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
    stats_api_replicate_rate_limiter_stats_get: {
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
                    "application/json": components["schemas"]["LimiterStats"];
                };
            };
        };
    };
    tenants_api_operator_tenants_get: {
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
                    "application/json": components["schemas"]["TenantsBody"];
                };
            };
        };
    };
    set_terms_api_operator_tenants__instanceId__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                instanceId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TermsRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TermsBody"];
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
    dead_letters_api_operator_dead_letters_get: {
        parameters: {
            query?: {
                state?: ("open" | "redriving" | "redriven" | "dropped") | null;
                instanceId?: string | null;
                service?: string | null;
                code?: string | null;
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
                    "application/json": components["schemas"]["LettersBody"];
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
    redrives_api_operator_dead_letters_redrives_get: {
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
                    "application/json": components["schemas"]["RedrivesBody"];
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
    dead_letter_api_operator_dead_letters__letterId__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                letterId: string;
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
                    "application/json": components["schemas"]["WholeLetterBody"];
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
    redrive_api_operator_dead_letters_redrive_post: {
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
                "application/json": components["schemas"]["RedriveRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedriveStarted"];
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
    cancel_api_operator_dead_letters_redrives__redriveId__cancel_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                redriveId: string;
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
                    "application/json": components["schemas"]["RedriveBody"];
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
    drop_api_operator_dead_letters__letterId__drop_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                letterId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DropRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LetterBody"];
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
