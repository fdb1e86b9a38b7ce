// Generated from the OpenAPI document of predictor by `npm run generate`.
export interface paths {
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
    "/api/operator/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Limits
         * @description Every account's limits and their use, and the models with failures or a concurrency of their own.
         */
        get: operations["limits_api_operator_limits_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/limits/{account}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set Limits
         * @description Change what is named of one account, or of `all`; in force at once on all replicas.
         */
        put: operations["set_limits_api_operator_limits__account__put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/limits/{account}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume
         * @description Let a stopped account, or `all`, take calls again now: what stopped it is mended. The next answer may stop it again.
         */
        post: operations["resume_api_operator_limits__account__resume_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/limits/models/{provider}/{model}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set Model Limits
         * @description Change how many predictions of a model may be in flight; in force at once on all replicas.
         */
        put: operations["set_model_limits_api_operator_limits_models__provider___model__put"];
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AccountBody
         * @description A provider account.
         */
        AccountBody: {
            /** Account */
            account: string;
            /** Burst */
            burst: number;
            /** Capperminute */
            capPerMinute: number;
            /** Concurrency */
            concurrency: number;
            /**
             * Effectivecapperminute
             * @description what 429s leave of the cap; it comes back by itself
             */
            effectiveCapPerMinute: number;
            /** Inflight */
            inFlight: number;
            /** Inlastminute */
            inLastMinute: number;
            /** Pauseduntil */
            pausedUntil: string | null;
            /**
             * Stopped
             * @description why it takes only a probe call now and then
             */
            stopped: ("low-credit" | "refused") | null;
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
         * CheckBody
         * @description One kind of orphan: what it means, what repairing would do (none: only a person can), and those that were found.
         */
        CheckBody: {
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
         * DoctorBody
         * @description All that a service looked for; `found` has at most 1,000 of each.
         */
        DoctorBody: {
            /** Checks */
            checks: components["schemas"]["CheckBody"][];
            /** Service */
            service: string;
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
         * FaultBody
         * @description A model whose items wait because the provider refuses what we fill in ourselves.
         */
        FaultBody: {
            /**
             * Answer
             * @description what the provider said
             */
            answer: string;
            /**
             * Code
             * @enum {string}
             */
            code: "our-fault" | "model-forbidden";
            /** Model */
            model: string;
            /** Provider */
            provider: string;
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
         * FilterBody
         * @description Which open letters; what is left out does not matter.
         */
        FilterBody: {
            /** Before */
            before?: string | null;
            /** Code */
            code?: string | null;
            /** Instanceid */
            instanceId?: string | null;
            /** Service */
            service?: string | null;
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
         * LetterBody
         * @description A dead letter as it is listed.
         */
        LetterBody: {
            /** Attempts */
            attempts: number;
            /** Code */
            code: string;
            /** Createdat */
            createdAt: string;
            /** Droppedby */
            droppedBy?: string | null;
            /** Dropreason */
            dropReason?: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Instanceid */
            instanceId: string;
            /** Itemid */
            itemId: number | null;
            /** Jobid */
            jobId: number | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "item" | "message";
            /** Message */
            message: string;
            /** Redriveid */
            redriveId: string | null;
            /** Service */
            service: string;
            /**
             * State
             * @enum {string}
             */
            state: "open" | "redriving" | "redriven" | "dropped";
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
            health: components["schemas"]["LimiterHealth"];
            rateLimiter: components["schemas"]["RateLimiter"];
            /**
             * Status
             * @default ok
             */
            status: string;
            /** Timestamp */
            timestamp: string;
        };
        /**
         * LimitsBody
         * @description All accounts, the models with failures or a concurrency of their own, and those that wait for a fault of ours.
         */
        LimitsBody: {
            /** Accounts */
            accounts: components["schemas"]["AccountBody"][];
            /** Faults */
            faults: components["schemas"]["FaultBody"][];
            /** Models */
            models: components["schemas"]["ModelBody"][];
        };
        /**
         * LimitsRequest
         * @description What to change: a field that is left out stays; null is the setting's again.
         */
        LimitsRequest: {
            /**
             * Burst
             * @description calls that may start at once after a pause
             */
            burst?: number | null;
            /**
             * Capperminute
             * @description creations in any 60 s; 0: none at all; it may be above the setting
             */
            capPerMinute?: number | null;
            /**
             * Concurrency
             * @description predictions in flight
             */
            concurrency?: number | null;
        };
        /**
         * ModelBody
         * @description A model with failures in a row, or with a concurrency of its own.
         */
        ModelBody: {
            /**
             * Concurrency
             * @description predictions in flight at most; null: as many as the accounts allow
             */
            concurrency: number | null;
            /**
             * Failures
             * @description in a row
             */
            failures: number;
            /** Inflight */
            inFlight: number;
            /** Model */
            model: string;
            /** Provider */
            provider: string;
            /**
             * Slowedtenants
             * @description at most 100, those that were slowed first
             */
            slowedTenants: components["schemas"]["SlowedTenantBody"][];
            /**
             * State
             * @description waiting: it has failed and its items wait; trial: one call may find out; full: its concurrency is reached
             * @enum {string}
             */
            state: "called" | "full" | "waiting" | "trial";
            /**
             * Triedagainat
             * @description when the next trial of a waiting model may go
             */
            triedAgainAt: string | null;
        };
        /**
         * ModelLimitsRequest
         * @description A model's own limits.
         */
        ModelLimitsRequest: {
            /**
             * Concurrency
             * @description predictions in flight; null: as many as the accounts allow
             */
            concurrency: number | null;
        };
        /**
         * ProblemBody
         * @description The body of every error answer.
         */
        ProblemBody: {
            /**
             * Detail
             * @default null
             */
            detail: string | null;
            /**
             * Errors
             * @default null
             */
            errors: components["schemas"]["FieldError"][] | null;
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
         * RateLimiter
         * @description Totals over all accounts.
         */
        RateLimiter: {
            /** Maxrpm */
            maxRPM: number;
            /** Queuelength */
            queueLength: number;
            /** Requestsinlastminute */
            requestsInLastMinute: number;
            /** Rpmusagepercent */
            rpmUsagePercent: number;
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
         * RedriveBody
         * @description A redrive as it stands.
         */
        RedriveBody: {
            /** Endedat */
            endedAt: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Matched */
            matched: number;
            /** Perminute */
            perMinute: number | null;
            /** Redriven */
            redriven: number;
            /** Requestedat */
            requestedAt: string;
            /** Requestedby */
            requestedBy: string;
            /** State */
            state: string;
        };
        /**
         * RedriveRequest
         * @description What to redrive: these letters, those that a filter lets pass, or (an empty filter) all that are open.
         */
        RedriveRequest: {
            /**
             * Dryrun
             * @description only count
             * @default false
             */
            dryRun: boolean;
            filter?: components["schemas"]["FilterBody"] | null;
            /** Ids */
            ids?: string[] | null;
            /**
             * Perminute
             * @description letters in any 60 seconds at most
             */
            perMinute?: number | null;
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
         * RedriveStarted
         * @description What a redrive takes. `leftOut`: messages that may not go any more; see them with `dlq show`.
         */
        RedriveStarted: {
            /** Leftout */
            leftOut: number;
            /** Matched */
            matched: number;
            /** Redriveid */
            redriveId: string | null;
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
         * SlowedTenantBody
         * @description A tenant whose predictions fail at a model: its jobs of this model wait, but for one trial at a time.
         */
        SlowedTenantBody: {
            /**
             * Failures
             * @description failed predictions in a row
             */
            failures: number;
            /** Instanceid */
            instanceId: string;
            /** Slowedsince */
            slowedSince: string;
            /**
             * Triedagainat
             * @description when its next trial may go; null: now
             */
            triedAgainAt: string | null;
        };
        /**
         * TenantBody
         * @description A tenant's terms, and how the fair order serves it.
         */
        TenantBody: {
            /** Capperminute */
            capPerMinute: number | null;
            /** Concurrency */
            concurrency: number | null;
            /** Inflight */
            inFlight: number;
            /** Instanceid */
            instanceId: string;
            /**
             * Oldestwaitseconds
             * @description of what may start now
             */
            oldestWaitSeconds: number | null;
            /** Paused */
            paused: boolean;
            /** Plan */
            plan: string | null;
            /**
             * Ratelimitedseconds
             * @description held back by its own cap since the limiter was opened last
             */
            rateLimitedSeconds: number;
            /** Requestsperminute */
            requestsPerMinute: number | null;
            /**
             * Sharedue
             * @description its part of the turns in the window, by weight among those that asked
             */
            shareDue: number;
            /** Sharegot */
            shareGot: number;
            /** Startedinwindow */
            startedInWindow: number;
            /** Waiting */
            waiting: number;
            /**
             * Waitp50Seconds
             * @description from waiting to started, over the starts of the last ten minutes
             */
            waitP50Seconds: number | null;
            /** Waitp95Seconds */
            waitP95Seconds: number | null;
            /** Waitp99Seconds */
            waitP99Seconds: number | null;
            /** Weight */
            weight: number;
        };
        /**
         * TenantsBody
         * @description All tenants, the busiest first.
         */
        TenantsBody: {
            /** Tenants */
            tenants: components["schemas"]["TenantBody"][];
            /** Windowseconds */
            windowSeconds: number;
        };
        /**
         * TermsBody
         * @description A tenant's terms in force.
         */
        TermsBody: {
            /** Capperminute */
            capPerMinute: number | null;
            /** Concurrency */
            concurrency: number | null;
            /** Instanceid */
            instanceId: string;
            /** Paused */
            paused: boolean;
            /** Plan */
            plan: string | null;
            /** Requestsperminute */
            requestsPerMinute: number | null;
            /** Weight */
            weight: number;
        };
        /**
         * TermsRequest
         * @description What to change: a field that is left out stays; null clears what an operator had set.
         */
        TermsRequest: {
            /**
             * Capperminute
             * @description starts in any minute; null: the plan's, if it has one
             */
            capPerMinute?: number | null;
            /**
             * Concurrency
             * @description predictions in flight; null: as many as the accounts allow
             */
            concurrency?: number | null;
            /**
             * Paused
             * @description true: nothing of the tenant's is started
             */
            paused?: boolean | null;
            /**
             * Requestsperminute
             * @description for each principal at the API; null: the platform's
             */
            requestsPerMinute?: number | null;
            /**
             * Weight
             * @description share in the fair order; null: the plan's
             */
            weight?: number | null;
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
        /**
         * WholeLetterBody
         * @description A dead letter with its history (an item) or its topic, headers and data (a message).
         */
        WholeLetterBody: {
            /** Attempts */
            attempts: number;
            /** Code */
            code: string;
            /** Createdat */
            createdAt: string;
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
            /**
             * Databytes
             * @description of the whole message; `data` may be its beginning
             */
            dataBytes?: number | null;
            /**
             * Datasha256
             * @description of the whole message
             */
            dataSha256?: string | null;
            /** Droppedby */
            droppedBy?: string | null;
            /** Dropreason */
            dropReason?: string | null;
            /** Headers */
            headers?: {
                [key: string]: string;
            } | null;
            /** History */
            history?: {
                [key: string]: unknown;
            }[] | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Instanceid */
            instanceId: string;
            /** Itemid */
            itemId: number | null;
            /** Jobid */
            jobId: number | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "item" | "message";
            /** Message */
            message: string;
            /** Redriveid */
            redriveId: string | null;
            /** Service */
            service: string;
            /**
             * State
             * @enum {string}
             */
            state: "open" | "redriving" | "redriven" | "dropped";
            /** Topic */
            topic?: string | null;
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
    dead_letters_api_operator_dead_letters_get: {
        parameters: {
            query?: {
                code?: string | null;
                cursor?: string | null;
                instanceId?: string | null;
                limit?: number;
                service?: string | null;
                state?: ("open" | "redriving" | "redriven" | "dropped") | null;
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
    redrive_api_operator_dead_letters_redrive_post: {
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
    limits_api_operator_limits_get: {
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
                    "application/json": components["schemas"]["LimitsBody"];
                };
            };
        };
    };
    set_limits_api_operator_limits__account__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LimitsRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LimitsBody"];
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
    resume_api_operator_limits__account__resume_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                account: string;
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
                    "application/json": components["schemas"]["LimitsBody"];
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
    set_model_limits_api_operator_limits_models__provider___model__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model: string;
                provider: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ModelLimitsRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LimitsBody"];
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
}
