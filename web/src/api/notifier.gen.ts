// Generated from the OpenAPI document of notifier by `npm run generate`.
export interface paths {
    "/api/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Inbox
         * @description The signed-in person's notifications, newest first.
         */
        get: operations["inbox_api_notifications_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/{notification_id}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read
         * @description Note that the signed-in person has read it; again changes nothing.
         */
        post: operations["read_api_notifications__notification_id__read_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm
         * @description Confirm an address. The token is the whole proof; it works once.
         */
        post: operations["confirm_api_notifications_confirm_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/confirmations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask Again
         * @description Send the confirmation of one's own address again.
         */
        post: operations["ask_again_api_notifications_confirmations_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/preferences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show
         * @description What the signed-in person is told, and how.
         */
        get: operations["show_api_notifications_preferences_get"];
        /**
         * Change
         * @description Change what is named, keep the rest. A new address gets a message with a link that confirms it.
         */
        put: operations["change_api_notifications_preferences_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read All
         * @description Note that the signed-in person has read everything up to the newest that they saw.
         */
        post: operations["read_all_api_notifications_read_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/notifications/unsubscribe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ask
         * @description A page with one button.
         */
        get: operations["ask_api_notifications_unsubscribe_get"];
        put?: never;
        /**
         * Unsubscribe
         * @description No more e-mails of this tenant to this address; again changes nothing.
         */
        post: operations["unsubscribe_api_notifications_unsubscribe_post"];
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
    "/api/operator/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List All
         * @description E-mails and SMS, newest first, and the vendor accounts that are paused.
         */
        get: operations["list_all_api_operator_messages_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/messages/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry
         * @description Send failed messages again; each gets a new age. A message that was named and has not failed is a 409.
         */
        post: operations["retry_api_operator_messages_retry_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/suppressions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Suppressions
         * @description Addresses that are not written to.
         */
        get: operations["suppressions_api_operator_suppressions_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operator/suppressions/{address}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Lift
         * @description Write to an address again, whatever the reason it was suppressed for.
         */
        delete: operations["lift_api_operator_suppressions__address__delete"];
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
    "/webhooks/sendgrid": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * On Sendgrid
         * @description SendGrid's events on e-mails (JSON list).
         */
        post: operations["on_sendgrid_webhooks_sendgrid_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/twilio": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * On Twilio
         * @description Twilio's status of one SMS, or an SMS from a person with STOP or START (form).
         */
        post: operations["on_twilio_webhooks_twilio_post"];
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
         * Again
         * @description Which address to write to again.
         */
        Again: {
            /**
             * Channel
             * @enum {string}
             */
            channel: "email" | "sms";
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
         * Choice
         * @description One kind on one channel.
         */
        Choice: {
            /**
             * Channel
             * @enum {string}
             */
            channel: "websocket" | "email" | "sms";
            /** Enabled */
            enabled: boolean;
            /**
             * Kind
             * @enum {string}
             */
            kind: "job.done" | "job.failed" | "job.canceled" | "credits.granted" | "credits.rejected";
        };
        /**
         * Confirmation
         * @description What the page with the button sends.
         */
        Confirmation: {
            /**
             * Token
             * @description from the link in the e-mail or SMS
             */
            token: string;
        };
        /**
         * Confirmed
         * @description The address that messages may go to now.
         */
        Confirmed: {
            /** Address */
            address: string;
            /**
             * Channel
             * @enum {string}
             */
            channel: "email" | "sms";
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
         * InboxPage
         * @description A page of the inbox; `unread` counts all of them (up to 1,000).
         */
        InboxPage: {
            /** Nextcursor */
            nextCursor: string | null;
            /** Notifications */
            notifications: components["schemas"]["NotificationView"][];
            /** Unread */
            unread: number;
        };
        /**
         * LiftedBody
         * @description The suppressions that an address had.
         */
        LiftedBody: {
            /** Lifted */
            lifted: components["schemas"]["SuppressionBody"][];
        };
        /**
         * MessageBody
         * @description A message; `to` is masked.
         */
        MessageBody: {
            /** Attempts */
            attempts: number;
            /** Channel */
            channel: string;
            /** Code */
            code: string | null;
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /** Delivery */
            delivery: string | null;
            /** Error */
            error: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Instanceid */
            instanceId: string;
            /** Kind */
            kind: string;
            /** Nextattemptat */
            nextAttemptAt: string | null;
            /** Sentat */
            sentAt: string | null;
            /**
             * Status
             * @enum {string}
             */
            status: "pending" | "sending" | "sent" | "failed";
            /** To */
            to: string;
            /** Vendor */
            vendor: string | null;
        };
        /**
         * MessagesBody
         * @description A page of messages, newest first, and the vendor accounts that are paused.
         */
        MessagesBody: {
            /** Messages */
            messages: components["schemas"]["MessageBody"][];
            /** Nextcursor */
            nextCursor: string | null;
            /** Pausedaccounts */
            pausedAccounts: components["schemas"]["PausedAccountBody"][];
        };
        /**
         * NotificationView
         * @description One notification.
         */
        NotificationView: {
            /** Createdat */
            createdAt: string;
            /** Data */
            data: {
                [key: string]: unknown;
            };
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Jobid */
            jobId?: number | null;
            /** Kind */
            kind: string;
            /** Lines */
            lines: string[];
            /** Read */
            read: boolean;
            /** Title */
            title: string;
        };
        /**
         * PausedAccountBody
         * @description A vendor account to which only trials are sent. `waiting` is counted up to 10,000.
         */
        PausedAccountBody: {
            /** Account */
            account: string;
            /** Channel */
            channel: string;
            /** Code */
            code: string | null;
            /** Error */
            error: string | null;
            /**
             * Nexttrialat
             * Format: date-time
             */
            nextTrialAt: string;
            /**
             * Pausedat
             * Format: date-time
             */
            pausedAt: string;
            /** Waiting */
            waiting: number;
        };
        /**
         * Preferences
         * @description All that is known of a person, every kind on every channel.
         */
        Preferences: {
            /**
             * Channels
             * @description those that this installation can use
             */
            channels: ("websocket" | "email" | "sms")[];
            /** Email */
            email: string | null;
            /**
             * Emailconfirmed
             * @description nothing but a confirmation goes to an address until it is confirmed
             */
            emailConfirmed: boolean;
            /**
             * Locale
             * @enum {string}
             */
            locale: "en" | "de";
            /** Phone */
            phone: string | null;
            /** Phoneconfirmed */
            phoneConfirmed: boolean;
            /** Preferences */
            preferences: components["schemas"]["Choice"][];
            /**
             * Suppressed
             * @description channels whose address is not written to any more, with the reason
             */
            suppressed: {
                [key: string]: string;
            };
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
         * ReadUpTo
         * @description The newest notification that a person has seen: what comes after it stays unread.
         */
        ReadUpTo: {
            /**
             * Newest
             * Format: uuid
             */
            newest: string;
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
         * RetriedBody
         * @description How many messages are queued again; at most 10,000 in one call.
         */
        RetriedBody: {
            /** Retried */
            retried: number;
        };
        /**
         * RetryRequest
         * @description Ids, or a filter over failed messages; neither: every failed message.
         */
        RetryRequest: {
            /** Code */
            code?: string | null;
            /** Ids */
            ids?: string[] | null;
            /** Instanceid */
            instanceId?: string | null;
            /** Reason */
            reason?: string | null;
        };
        /**
         * SuppressionBody
         * @description An address that is not written to; `scope` is a tenant, or `*` for all of them.
         */
        SuppressionBody: {
            /** Address */
            address: string;
            /** Channel */
            channel: string;
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /**
             * Reason
             * @enum {string}
             */
            reason: "bounced" | "unsubscribed" | "complained";
            /** Scope */
            scope: string;
        };
        /**
         * SuppressionsBody
         * @description A page of suppressed addresses.
         */
        SuppressionsBody: {
            /** Nextcursor */
            nextCursor: string | null;
            /** Suppressions */
            suppressions: components["schemas"]["SuppressionBody"][];
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
         * Wishes
         * @description What is to change; what is left out stays, null takes an address away.
         */
        Wishes: {
            /**
             * Email
             * @description null: no e-mail
             */
            email?: string | null;
            /**
             * Locale
             * @default en
             * @enum {string}
             */
            locale: "en" | "de";
            /**
             * Phone
             * @description with its country code, such as `+4915112345678`; null: no SMS
             */
            phone?: string | null;
            /** Preferences */
            preferences?: components["schemas"]["Choice"][];
            /**
             * Resubscribe
             * @description true: take an unsubscription of these addresses back
             * @default false
             */
            resubscribe: boolean;
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
    inbox_api_notifications_get: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the page before */
                cursor?: string | null;
                /** @description 1 to 100, default 20 */
                limit?: string | null;
                /** @description `true`: only those not read yet */
                unread?: string | null;
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
                    "application/json": components["schemas"]["InboxPage"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
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
    read_api_notifications__notification_id__read_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                notification_id: string;
            };
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
    confirm_api_notifications_confirm_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Confirmation"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Confirmed"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
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
            /** @description Gone */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
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
        };
    };
    ask_again_api_notifications_confirmations_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Again"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
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
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    show_api_notifications_preferences_get: {
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
                    "application/json": components["schemas"]["Preferences"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    change_api_notifications_preferences_put: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Wishes"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Preferences"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
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
            /** @description Too Many Requests */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    read_all_api_notifications_read_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReadUpTo"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
            /** @description Not Found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
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
        };
    };
    ask_api_notifications_unsubscribe_get: {
        parameters: {
            query?: {
                /** @description from the link */
                token?: string;
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
                    "text/html": string;
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
    unsubscribe_api_notifications_unsubscribe_post: {
        parameters: {
            query?: {
                /** @description from the link */
                token?: string;
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
                    "text/html": string;
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
    list_all_api_operator_messages_get: {
        parameters: {
            query?: {
                code?: string | null;
                cursor?: string | null;
                instanceId?: string | null;
                limit?: number;
                status?: ("pending" | "sending" | "sent" | "failed") | null;
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
                    "application/json": components["schemas"]["MessagesBody"];
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
    retry_api_operator_messages_retry_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RetryRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RetriedBody"];
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
        };
    };
    suppressions_api_operator_suppressions_get: {
        parameters: {
            query?: {
                address?: string | null;
                cursor?: string | null;
                limit?: number;
                reason?: ("bounced" | "unsubscribed" | "complained") | null;
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
                    "application/json": components["schemas"]["SuppressionsBody"];
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
    lift_api_operator_suppressions__address__delete: {
        parameters: {
            query: {
                /** @description why; it is kept */
                reason: string;
            };
            header?: never;
            path: {
                address: string;
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
                    "application/json": components["schemas"]["LiftedBody"];
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
    on_sendgrid_webhooks_sendgrid_post: {
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
            /** @description Not signed by the vendor */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description More than 1 MB */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
    on_twilio_webhooks_twilio_post: {
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
            /** @description Not signed by the vendor */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                };
            };
            /** @description More than 1 MB */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemBody"];
                };
            };
        };
    };
}
