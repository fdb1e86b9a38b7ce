// Generated from the OpenAPI document of jobs-api by `npm run generate`.
export interface paths {
    "/api/image-optimization": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Submit Job
         * @description Ask for up to ten pictures. `201`: the credits are held, `402`: they are too few, `202`: the decision takes longer.
         */
        post: operations["submit_job_api_image_optimization_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/image-optimization/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Of Jobs
         * @description The tenant's jobs, newest first.
         */
        get: operations["list_of_jobs_api_image_optimization_jobs_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/image-optimization/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Job With Items
         * @description One job with its pictures. Another tenant's job does not exist.
         */
        get: operations["job_with_items_api_image_optimization_jobs__job_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/image-optimization/jobs/{job_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel Job
         * @description Stop a job. What waits ends at once and its credits come back; what the studio has is stopped there, if it still can.
         *
         *     `409` when the job has ended. Asking again while it ends changes nothing.
         */
        post: operations["cancel_job_api_image_optimization_jobs__job_id__cancel_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/image-optimization/jobs/{job_id}/pictures.zip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Pictures
         * @description All results so far as a ZIP, streamed. `409` while there is none; another tenant's job does not exist.
         */
        get: operations["pictures_api_image_optimization_jobs__job_id__pictures_zip_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/image-optimization/jobs/{job_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry Job
         * @description A new job of the pictures that failed, at today's price; `retryOf` names the old one, which stays as it is.
         *
         *     `409` while the job is running, or when none of its pictures failed. Pictures that a later job has made, or is making,
         *     are left out; when no other is left, the answer is `409` with the type `/problems/retried-already` and that job's number
         *     in `jobId`. Pictures that failed again there may be tried again, from either job.
         */
        post: operations["retry_job_api_image_optimization_jobs__job_id__retry_post"];
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
    "/api/operator/jobs/{job_id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Timeline
         * @description Every event of a job in causal order, from the log itself.
         */
        get: operations["timeline_api_operator_jobs__job_id__timeline_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/sandbox": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show
         * @description The sandbox' address, its vendors' options, and what they may be set to.
         */
        get: operations["show_api_operator_sandbox_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/sandbox/{vendor}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change
         * @description Change what is named, keep the rest; answers all of the vendor's options.
         */
        put: operations["change_api_operator_sandbox__vendor__put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Products
         * @description The shop's products with all their pictures.
         */
        get: operations["products_api_products_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/products/{product_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Product
         * @description One product of the shop with all its pictures.
         */
        get: operations["product_api_products__product_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/quote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Quote Job
         * @description The price of a job and what it would leave. Nothing is taken, and no picture's address is looked up.
         */
        post: operations["quote_job_api_quote_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Session
         * @description Who is signed in.
         */
        get: operations["session_api_session_get"];
        put?: never;
        /**
         * Begin Session
         * @description Take a bearer token into the page's cookie.
         */
        post: operations["begin_session_api_session_post"];
        /**
         * End Session
         * @description Revoke the token of the header, or else of the cookie, close its sockets and delete the cookie.
         *
         *     `503`: the token could not be checked or revoked now. It stays good, and the cookie stays, so that the page can try again.
         */
        delete: operations["end_session_api_session_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session/development": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shops Offered
         * @description The sample shops. `404` unless instance tokens are signed with the development key.
         */
        get: operations["shops_offered_api_session_development_get"];
        put?: never;
        /**
         * Begin As Sample Shop
         * @description Sign in as a sample shop, or as an operator, without a token.
         */
        post: operations["begin_as_sample_shop_api_session_development_post"];
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
         * AcceptedJob
         * @description The answer `201`: the credits are held, the work begins.
         */
        AcceptedJob: {
            /** Creditsremaining */
            creditsRemaining: number;
            /** Creditsused */
            creditsUsed: number;
            job: components["schemas"]["JobView"];
            /**
             * Success
             * @default true
             */
            success: boolean;
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
         * FieldError
         * @description One field that breaks one rule.
         */
        FieldError: {
            /** Field */
            field: string;
            /** Rule */
            rule: string;
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
         * ImageBody
         * @description One picture to be worked on.
         */
        ImageBody: {
            /**
             * Imageid
             * @description the caller's own name of the picture, unique within the job
             */
            imageId: string;
            /**
             * Imageurl
             * @description public http(s) address of the picture
             */
            imageUrl: string;
            /**
             * Prompt
             * @description what to do with the picture
             */
            prompt: string;
        };
        /**
         * ItemView
         * @description One picture of a job.
         */
        ItemView: {
            /** Createdat */
            createdAt: string;
            /**
             * Error
             * @description a sentence for a person
             */
            error?: string | null;
            /**
             * Expectedstartat
             * @description as the queue stands now
             */
            expectedStartAt?: string | null;
            /** Id */
            id: number;
            /** Imageid */
            imageId: string;
            /** Imageurl */
            imageUrl: string;
            /** Optimizedimageurl */
            optimizedImageUrl?: string | null;
            /**
             * Position
             * @description place in the fair order of all shops while it waits; 1: the next
             */
            position?: number | null;
            /** Prompt */
            prompt: string;
            /**
             * Results
             * @description all its pictures, the first one too, where there are several
             */
            results?: components["schemas"]["ResultView"][] | null;
            /**
             * Status
             * @enum {string}
             */
            status: "PENDING" | "RUNNING" | "PROCESSING" | "DONE" | "FAILED" | "CANCELED";
            /** Thumbnailurl */
            thumbnailUrl?: string | null;
            /** Updatedat */
            updatedAt: string;
            /**
             * Waitsfor
             * @description `turn`: others before it; `own-cap`: the shop's own limit; `studio`
             */
            waitsFor?: ("turn" | "own-cap" | "studio") | null;
        };
        /**
         * JobAnswer
         * @description The answer `202`: the decision on the credits has not come yet.
         */
        JobAnswer: {
            job: components["schemas"]["JobView"];
        };
        /**
         * JobDetail
         * @description A job with its pictures, in the order sent.
         */
        JobDetail: {
            /** Items */
            items: components["schemas"]["ItemView"][];
            job: components["schemas"]["JobView"];
        };
        /**
         * JobPage
         * @description A page of jobs, newest first.
         */
        JobPage: {
            /** Jobs */
            jobs: components["schemas"]["JobView"][];
            /** Nextcursor */
            nextCursor: string | null;
        };
        /**
         * JobView
         * @description A job.
         */
        JobView: {
            /** Completedimages */
            completedImages: number;
            /** Createdat */
            createdAt: string;
            /**
             * Error
             * @description why it failed; `insufficient-credits` when its credits were refused
             */
            error?: string | null;
            /**
             * Expectedfinishat
             * @description when its last result is there, as the queue stands now
             */
            expectedFinishAt?: string | null;
            /** Failedimages */
            failedImages: number;
            /** Finishedat */
            finishedAt?: string | null;
            /** Id */
            id: number;
            /**
             * Position
             * @description place of its next picture in the fair order of all shops; 1: the next
             */
            position?: number | null;
            /** Productid */
            productId: string;
            /** Productname */
            productName: string;
            /**
             * Retryof
             * @description the job whose failed pictures it tries again
             */
            retryOf?: number | null;
            /** Startedat */
            startedAt?: string | null;
            /**
             * Status
             * @enum {string}
             */
            status: "PENDING" | "RUNNING" | "DONE" | "FAILED" | "CANCELED";
            /** Totalimages */
            totalImages: number;
        };
        /**
         * MoneyBody
         * @description An amount of money.
         */
        MoneyBody: {
            /**
             * Amount
             * @description in the currency's minor unit (ISO 4217): 2900 is 29.00 EUR, 1500 is 1,500 JPY
             */
            amount: number;
            /** Currency */
            currency: string;
        };
        /**
         * OptionsBody
         * @description Choices for the whole job; what is left out takes the product's default.
         */
        OptionsBody: {
            /** Aspectratio */
            aspectRatio?: string | null;
            /** Outputformat */
            outputFormat?: string | null;
            /**
             * Quality
             * @description `optimize` has one, `standard`; it changes nothing
             */
            quality?: string | null;
        };
        /**
         * Picture
         * @description One photograph of a product.
         */
        Picture: {
            /** Height */
            height: number | null;
            /** Id */
            id: string;
            /** Url */
            url: string;
            /** Width */
            width: number | null;
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
         * ProductPage
         * @description A page of products.
         */
        ProductPage: {
            /** Nextcursor */
            nextCursor: string | null;
            /** Products */
            products: components["schemas"]["ShopProduct"][];
        };
        /**
         * QuoteAnswer
         * @description What a job would cost, and when it could be done.
         */
        QuoteAnswer: {
            /**
             * Balanceafter
             * @description credits left after it; 0 when there are too few
             */
            balanceAfter: number;
            /** Expectedfinishat */
            expectedFinishAt?: string | null;
            /** Expectedstartat */
            expectedStartAt?: string | null;
            /**
             * Missing
             * @description credits that are lacking; 0 when there are enough
             */
            missing: number;
            /**
             * Price
             * @description credits for the whole job
             */
            price: number;
            /** Queueposition */
            queuePosition?: number | null;
            /** @description the cheapest top-up by card that covers what is missing */
            topUp?: components["schemas"]["TopUpBody"] | null;
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
         * Repaired
         * @description For how many something was done; what is in order by now is left alone.
         */
        Repaired: {
            /** Repaired */
            repaired: number;
        };
        /**
         * ResultView
         * @description One of several pictures that an item was made into.
         */
        ResultView: {
            /** Thumbnailurl */
            thumbnailUrl: string;
            /** Url */
            url: string;
        };
        /**
         * SampleShop
         * @description A shop to be, or an operator.
         */
        SampleShop: {
            /**
             * Instanceid
             * @default operators
             */
            instanceId: string;
            /**
             * Role
             * @default owner
             * @enum {string}
             */
            role: "owner" | "operator";
        };
        /**
         * SampleShops
         * @description The shops that a page offers where only development keys are in use.
         */
        SampleShops: {
            /** Instances */
            instances: string[];
            /**
             * Operator
             * @description whether one may sign in as an operator too
             */
            operator: boolean;
        };
        /**
         * SandboxBody
         * @description Where the sandbox is, and what each of its vendors does.
         */
        SandboxBody: {
            /**
             * Schemas
             * @description by vendor, the JSON Schema of its options
             */
            schemas: {
                [key: string]: {
                    [key: string]: unknown;
                };
            };
            /** Url */
            url: string;
            /** Vendors */
            vendors: {
                [key: string]: {
                    [key: string]: unknown;
                };
            };
        };
        /**
         * SandboxChanges
         * @description Options to change; the sandbox itself says which there are.
         */
        SandboxChanges: {
            [key: string]: unknown;
        };
        /**
         * Session
         * @description Who is signed in.
         */
        Session: {
            /** Expiresat */
            expiresAt: string | null;
            /** Instanceid */
            instanceId: string;
            /** Roles */
            roles: string[];
            /** Subject */
            subject: string;
        };
        /**
         * ShopProduct
         * @description A product of the shop with all its photographs.
         */
        ShopProduct: {
            /** Id */
            id: string;
            /** Images */
            images: components["schemas"]["Picture"][];
            /** Name */
            name: string;
        };
        /**
         * StoryEventBody
         * @description One event. `data`: what it says, without what is large.
         */
        StoryEventBody: {
            /** At */
            at: string;
            /** Causationid */
            causationId: string | null;
            /** Data */
            data: {
                [key: string]: unknown;
            };
            /** Id */
            id: string;
            /** Instanceid */
            instanceId: string;
            /** Source */
            source: string;
            /** Subject */
            subject: string;
            /** Type */
            type: string;
        };
        /**
         * SubmissionBody
         * @description The body of `POST /api/image-optimization`.
         */
        SubmissionBody: {
            /** Images */
            images: components["schemas"]["ImageBody"][];
            options?: components["schemas"]["OptionsBody"] | null;
            /**
             * Productid
             * @description the shop's product
             */
            productId: string;
            /** Productname */
            productName: string;
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
         * TimelineBody
         * @description A job's story, causes first; `cut` when it was longer than could be read.
         */
        TimelineBody: {
            /** Cut */
            cut: boolean;
            /** Events */
            events: components["schemas"]["StoryEventBody"][];
            /** Instanceid */
            instanceId: string;
        };
        /**
         * TopUpBody
         * @description Credits to buy by card (`POST /api/credits/checkout`), and what they cost.
         */
        TopUpBody: {
            /** Credits */
            credits: number;
            price: components["schemas"]["MoneyBody"];
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
    submit_job_api_image_optimization_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description the same key answers the same, for 24 h */
                "idempotency-key"?: string | null;
                /** @description `wait=n` (0 to 10 s), `respond-async` */
                prefer?: string[] | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "productId": "mug-12",
                 *       "productName": "Enamel mug",
                 *       "images": [
                 *         {
                 *           "imageId": "mug-12-front",
                 *           "imageUrl": "https://shop.example/mug-12-front.jpg",
                 *           "prompt": "White background, soft shadow, true colours"
                 *         }
                 *       ],
                 *       "options": {
                 *         "aspectRatio": "1:1",
                 *         "outputFormat": "jpg"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["SubmissionBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "success": true,
                     *       "job": {
                     *         "id": 4711,
                     *         "productId": "mug-12",
                     *         "productName": "Enamel mug",
                     *         "status": "PENDING",
                     *         "totalImages": 1,
                     *         "completedImages": 0,
                     *         "failedImages": 0,
                     *         "createdAt": "2026-11-21T09:30:00.123Z"
                     *       },
                     *       "creditsUsed": 15,
                     *       "creditsRemaining": 285
                     *     }
                     */
                    "application/json": components["schemas"]["AcceptedJob"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "job": {
                     *         "id": 4711,
                     *         "productId": "mug-12",
                     *         "productName": "Enamel mug",
                     *         "status": "PENDING",
                     *         "totalImages": 1,
                     *         "completedImages": 0,
                     *         "failedImages": 0,
                     *         "createdAt": "2026-11-21T09:30:00.123Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["JobAnswer"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Too few credits; nothing was started or taken */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "/problems/insufficient-credits",
                     *       "title": "Too few credits",
                     *       "status": 402,
                     *       "detail": "This job costs 15 credits and 5 are available. Nothing was started or taken.",
                     *       "needed": 15,
                     *       "available": 5,
                     *       "held": 0,
                     *       "jobId": 4711,
                     *       "renewsAt": "2026-12-01T00:00:00.000Z"
                     *     }
                     */
                    "application/problem+json": unknown;
                };
            };
            /** @description A request with the same Idempotency-Key is still running, or the job was cancelled while this request waited */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description The Idempotency-Key was used for another request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Too many requests; see Retry-After */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description A part that is needed is away; see Retry-After */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    list_of_jobs_api_image_optimization_jobs_get: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the page before */
                cursor?: string | null;
                /** @description 1 to 100, default 20 */
                limit?: string | null;
                /** @description such as `PENDING,RUNNING`; default: all */
                status?: string | null;
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
                    /**
                     * @example {
                     *       "jobs": [
                     *         {
                     *           "id": 4711,
                     *           "productId": "mug-12",
                     *           "productName": "Enamel mug",
                     *           "status": "DONE",
                     *           "totalImages": 1,
                     *           "completedImages": 1,
                     *           "failedImages": 0,
                     *           "createdAt": "2026-11-21T09:30:00.123Z",
                     *           "startedAt": "2026-11-21T09:30:00.310Z",
                     *           "finishedAt": "2026-11-21T09:30:11.870Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["JobPage"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
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
            /** @description Too many requests; see Retry-After */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    job_with_items_api_image_optimization_jobs__job_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
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
                    /**
                     * @example {
                     *       "job": {
                     *         "id": 4711,
                     *         "productId": "mug-12",
                     *         "productName": "Enamel mug",
                     *         "status": "DONE",
                     *         "totalImages": 1,
                     *         "completedImages": 1,
                     *         "failedImages": 0,
                     *         "createdAt": "2026-11-21T09:30:00.123Z",
                     *         "startedAt": "2026-11-21T09:30:00.310Z",
                     *         "finishedAt": "2026-11-21T09:30:11.870Z"
                     *       },
                     *       "items": [
                     *         {
                     *           "id": 90210,
                     *           "imageId": "mug-12-front",
                     *           "imageUrl": "https://shop.example/mug-12-front.jpg",
                     *           "prompt": "White background, soft shadow, true colours",
                     *           "status": "DONE",
                     *           "optimizedImageUrl": "https://darkroom.example/media/results/ab12.jpg",
                     *           "thumbnailUrl": "https://darkroom.example/media/thumbnails/ab12.webp",
                     *           "createdAt": "2026-11-21T09:30:00.123Z",
                     *           "updatedAt": "2026-11-21T09:30:11.870Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["JobDetail"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such thing in this tenant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
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
            /** @description Too many requests; see Retry-After */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    cancel_job_api_image_optimization_jobs__job_id__cancel_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
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
                    "application/json": components["schemas"]["JobAnswer"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such thing in this tenant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description A request with the same Idempotency-Key is still running, or the job was cancelled while this request waited */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
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
            /** @description Too many requests; see Retry-After */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    pictures_api_image_optimization_jobs__job_id__pictures_zip_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
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
                    "application/zip": unknown;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such thing in this tenant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description No picture is done yet */
            409: {
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
            /** @description Too many requests; see Retry-After */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description A part that is needed is away; see Retry-After */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    retry_job_api_image_optimization_jobs__job_id__retry_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description the same key answers the same, for 24 h */
                "idempotency-key"?: string | null;
                /** @description `wait=n` (0 to 10 s), `respond-async` */
                prefer?: string[] | null;
            };
            path: {
                job_id: string;
            };
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
                    /**
                     * @example {
                     *       "success": true,
                     *       "job": {
                     *         "id": 4711,
                     *         "productId": "mug-12",
                     *         "productName": "Enamel mug",
                     *         "status": "PENDING",
                     *         "totalImages": 1,
                     *         "completedImages": 0,
                     *         "failedImages": 0,
                     *         "createdAt": "2026-11-21T09:30:00.123Z"
                     *       },
                     *       "creditsUsed": 15,
                     *       "creditsRemaining": 285
                     *     }
                     */
                    "application/json": components["schemas"]["AcceptedJob"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "job": {
                     *         "id": 4711,
                     *         "productId": "mug-12",
                     *         "productName": "Enamel mug",
                     *         "status": "PENDING",
                     *         "totalImages": 1,
                     *         "completedImages": 0,
                     *         "failedImages": 0,
                     *         "createdAt": "2026-11-21T09:30:00.123Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["JobAnswer"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Too few credits; nothing was started or taken */
            402: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "/problems/insufficient-credits",
                     *       "title": "Too few credits",
                     *       "status": 402,
                     *       "detail": "This job costs 15 credits and 5 are available. Nothing was started or taken.",
                     *       "needed": 15,
                     *       "available": 5,
                     *       "held": 0,
                     *       "jobId": 4711,
                     *       "renewsAt": "2026-12-01T00:00:00.000Z"
                     *     }
                     */
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such thing in this tenant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description The job is running, none of its pictures failed, a later job (`jobId`) has made them or is making them, or a request with the same Idempotency-Key is still running */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "type": "/problems/retried-already",
                     *       "title": "Tried again already",
                     *       "status": 409,
                     *       "detail": "Job 4712 has made these pictures, or is making them.",
                     *       "jobId": 4712
                     *     }
                     */
                    "application/problem+json": unknown;
                };
            };
            /** @description The Idempotency-Key was used for another request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Too many requests; see Retry-After */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description A part that is needed is away; see Retry-After */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
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
    timeline_api_operator_jobs__job_id__timeline_get: {
        parameters: {
            query?: {
                /** @description events at most */
                limit?: number;
            };
            header?: never;
            path: {
                job_id: string;
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
                    "application/json": components["schemas"]["TimelineBody"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description This needs the role `operator` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description There is no such thing in this tenant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
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
            /** @description Too many requests; see Retry-After */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description A part that is needed is away; see Retry-After */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    show_api_operator_sandbox_get: {
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
                    "application/json": components["schemas"]["SandboxBody"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description This needs the role `operator` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description There is no such thing in this tenant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description A part that is needed is away; see Retry-After */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    change_api_operator_sandbox__vendor__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                vendor: "replicate" | "stripe" | "sendgrid" | "twilio";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SandboxChanges"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description This needs the role `operator` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description There is no such thing in this tenant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
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
            /** @description A part that is needed is away; see Retry-After */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    products_api_products_get: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the page before */
                cursor?: string | null;
                /** @description 1 to 100, default 20 */
                limit?: string | null;
                /** @description words of the name */
                search?: string | null;
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
                    "application/json": components["schemas"]["ProductPage"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
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
            /** @description Too many requests; see Retry-After */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description A part that is needed is away; see Retry-After */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    product_api_products__product_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                product_id: string;
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
                    "application/json": components["schemas"]["ShopProduct"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such thing in this tenant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
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
            /** @description Too many requests; see Retry-After */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description A part that is needed is away; see Retry-After */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    quote_job_api_quote_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "productId": "mug-12",
                 *       "productName": "Enamel mug",
                 *       "images": [
                 *         {
                 *           "imageId": "mug-12-front",
                 *           "imageUrl": "https://shop.example/mug-12-front.jpg",
                 *           "prompt": "White background, soft shadow, true colours"
                 *         }
                 *       ],
                 *       "options": {
                 *         "aspectRatio": "1:1",
                 *         "outputFormat": "jpg"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["SubmissionBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "price": 15,
                     *       "balanceAfter": 285,
                     *       "missing": 0
                     *     }
                     */
                    "application/json": components["schemas"]["QuoteAnswer"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Too many requests; see Retry-After */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    session_api_session_get: {
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
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Too many requests; see Retry-After */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    begin_session_api_session_post: {
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
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not allowed: the token, or the page, may not do this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    end_session_api_session_delete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not signed in */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description Not allowed: the token, or the page, may not do this */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description A part that is needed is away; see Retry-After */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    shops_offered_api_session_development_get: {
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
                    "application/json": components["schemas"]["SampleShops"];
                };
            };
            /** @description There is no such thing in this tenant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
        };
    };
    begin_as_sample_shop_api_session_development_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SampleShop"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Invalid input; `errors` names each field with its rule */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description There is no such thing in this tenant */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
                };
            };
            /** @description The body is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                    "application/problem+json": unknown;
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
