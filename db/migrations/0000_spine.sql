CREATE SEQUENCE "fact_seq";
--> statement-breakpoint
CREATE TABLE "contact_methods" (
	"id" text PRIMARY KEY NOT NULL,
	"person_id" text NOT NULL,
	"channel" text NOT NULL,
	"address" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"verified_at" timestamp (3) with time zone,
	"disabled_at" timestamp (3) with time zone,
	CONSTRAINT "contact_methods_channel" CHECK (channel IN ('console', 'email', 'chat', 'webhook', 'push', 'sms', 'voice'))
);
--> statement-breakpoint
CREATE TABLE "notes" (
	"id" text PRIMARY KEY NOT NULL,
	"author_id" text NOT NULL,
	"body" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "notification_rules" (
	"id" text PRIMARY KEY NOT NULL,
	"person_id" text NOT NULL,
	"urgency" text NOT NULL,
	"position" integer NOT NULL,
	"delay_minutes" integer NOT NULL,
	"contact_method_id" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "notification_rules_position" UNIQUE("person_id","urgency","position"),
	CONSTRAINT "notification_rules_urgency" CHECK (urgency IN ('high', 'low')),
	CONSTRAINT "notification_rules_delay" CHECK ("notification_rules"."delay_minutes" >= 0)
);
--> statement-breakpoint
CREATE TABLE "persons" (
	"id" text PRIMARY KEY NOT NULL,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"quiet_hours" text,
	CONSTRAINT "persons_id" CHECK (starts_with("persons"."id", 'per_'))
);
--> statement-breakpoint
CREATE TABLE "principals" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"disabled_at" timestamp (3) with time zone,
	CONSTRAINT "principals_kind" CHECK (kind IN ('person', 'service')),
	CONSTRAINT "principals_kind_matches_id" CHECK (("principals"."kind" = 'person') = starts_with("principals"."id", 'per_'))
);
--> statement-breakpoint
CREATE TABLE "role_grants" (
	"id" text PRIMARY KEY NOT NULL,
	"principal_id" text NOT NULL,
	"role" text NOT NULL,
	"team_id" text,
	"granted_by" text,
	"granted_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	CONSTRAINT "role_grants_role" CHECK (role IN ('launch_owner', 'protection_scientist', 'policy', 'ops_lead', 'investigator', 'data_engineer', 'engineer', 'legal', 'oncall_manager', 'executive', 'reviewer', 'sensitive_reviewer', 'responder', 'auditor', 'admin', 'integration'))
);
--> statement-breakpoint
CREATE TABLE "teams" (
	"id" text PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "teams_key_unique" UNIQUE("key")
);
--> statement-breakpoint
CREATE TABLE "tokens" (
	"id" text PRIMARY KEY NOT NULL,
	"principal_id" text NOT NULL,
	"sha256" text NOT NULL,
	"label" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	CONSTRAINT "tokens_sha256_unique" UNIQUE("sha256")
);
--> statement-breakpoint
CREATE TABLE "canary_runs" (
	"id" text PRIMARY KEY NOT NULL,
	"launch_id" text,
	"product_id" text NOT NULL,
	"team_id" text NOT NULL,
	"detector_version_id" text NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	"status" text NOT NULL,
	"state" jsonb,
	"account_ref" text NOT NULL,
	"opened_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"closed_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "check_runs" (
	"id" text PRIMARY KEY NOT NULL,
	"launch_id" text NOT NULL,
	"requirement_id" text NOT NULL,
	"probe" text NOT NULL,
	"state" text NOT NULL,
	"observed" double precision,
	"threshold" double precision,
	"population" bigint NOT NULL,
	"window_ms" bigint NOT NULL,
	"evidence_hash" text,
	"details" jsonb NOT NULL,
	"reported_by" text,
	"run_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "check_runs_pass_is_measured" CHECK ("check_runs"."state" <> 'pass' OR ("check_runs"."population" > 0 AND "check_runs"."observed" IS NOT NULL AND "check_runs"."evidence_hash" IS NOT NULL))
);
--> statement-breakpoint
CREATE TABLE "evidence" (
	"id" text PRIMARY KEY NOT NULL,
	"launch_id" text NOT NULL,
	"requirement_id" text NOT NULL,
	"reference" text NOT NULL,
	"sha256" text NOT NULL,
	"collected_by" text NOT NULL,
	"collected_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"valid_until" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "launch_requirements" (
	"launch_id" text NOT NULL,
	"requirement_id" text NOT NULL,
	"state" text NOT NULL,
	"blocking" boolean NOT NULL,
	"owner_role" text NOT NULL,
	"owner_person_id" text,
	"due_at" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "launch_requirements_launch_id_requirement_id_pk" PRIMARY KEY("launch_id","requirement_id"),
	CONSTRAINT "launch_requirements_state" CHECK (state IN ('pass', 'fail', 'warn', 'not_applicable', 'not_reported', 'error', 'stale', 'waived', 'inconclusive'))
);
--> statement-breakpoint
CREATE TABLE "launches" (
	"id" text PRIMARY KEY NOT NULL,
	"product_id" text NOT NULL,
	"team_id" text NOT NULL,
	"name" text NOT NULL,
	"opened_by" text NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	"status" text NOT NULL,
	"tier" text,
	"stage_percent" integer DEFAULT 0 NOT NULL,
	"on_hold" boolean DEFAULT false NOT NULL,
	"state" jsonb,
	"opened_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"closed_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "probe_facts" (
	"sha256" text PRIMARY KEY NOT NULL,
	"facts" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "products" (
	"id" text PRIMARY KEY NOT NULL,
	"team_id" text NOT NULL,
	"key" text NOT NULL,
	"name" text NOT NULL,
	"service_id" text NOT NULL,
	"countries" text[] NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "products_key_unique" UNIQUE("key")
);
--> statement-breakpoint
CREATE TABLE "sign_offs" (
	"id" text PRIMARY KEY NOT NULL,
	"launch_id" text NOT NULL,
	"role" text NOT NULL,
	"choice" text NOT NULL,
	"decided_by" text NOT NULL,
	"evidence_set_hash" text NOT NULL,
	"catalogue_version" text NOT NULL,
	"note_id" text,
	"decided_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "sign_offs_choice" CHECK (choice IN ('approve', 'approve_with_conditions', 'object', 'abstain'))
);
--> statement-breakpoint
CREATE TABLE "stages" (
	"launch_id" text NOT NULL,
	"percent" integer NOT NULL,
	"decided_by" text NOT NULL,
	"opened_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "stages_launch_id_percent_pk" PRIMARY KEY("launch_id","percent"),
	CONSTRAINT "stages_percent" CHECK ("stages"."percent" IN (1, 10, 50, 100))
);
--> statement-breakpoint
CREATE TABLE "waivers" (
	"id" text PRIMARY KEY NOT NULL,
	"launch_id" text NOT NULL,
	"requirement_id" text NOT NULL,
	"status" text NOT NULL,
	"reason_code" text NOT NULL,
	"note_id" text,
	"requested_by" text NOT NULL,
	"decided_by" text,
	"revoked_by" text,
	"expires_at" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "waivers_status" CHECK (status IN ('requested', 'approved', 'refused', 'withdrawn', 'expired', 'revoked', 'superseded')),
	CONSTRAINT "waivers_four_eyes" CHECK ("waivers"."decided_by" IS NULL OR "waivers"."decided_by" <> "waivers"."requested_by"),
	CONSTRAINT "waivers_decided" CHECK ("waivers"."status" NOT IN ('approved', 'refused', 'expired', 'revoked') OR "waivers"."decided_by" IS NOT NULL),
	CONSTRAINT "waivers_revoked" CHECK ("waivers"."status" <> 'revoked' OR "waivers"."revoked_by" IS NOT NULL)
);
--> statement-breakpoint
CREATE TABLE "content_items" (
	"id" text PRIMARY KEY NOT NULL,
	"product_id" text NOT NULL,
	"body" text NOT NULL,
	"sha256" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "detector_cursors" (
	"detector_version_id" text PRIMARY KEY NOT NULL,
	"transaction_id" "xid8" DEFAULT '0'::xid8 NOT NULL,
	"seq" bigint DEFAULT 0 NOT NULL,
	"window_end" timestamp (3) with time zone,
	"last_run_at" timestamp (3) with time zone,
	"last_seen_at" timestamp (3) with time zone,
	"last_status" text,
	"last_error_code" text,
	"runs" integer DEFAULT 0 NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "detector_gaps" (
	"detector_version_id" text NOT NULL,
	"from_at" timestamp (3) with time zone NOT NULL,
	"until_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "detector_gaps_detector_version_id_from_at_pk" PRIMARY KEY("detector_version_id","from_at")
);
--> statement-breakpoint
CREATE TABLE "detector_versions" (
	"id" text PRIMARY KEY NOT NULL,
	"detector_id" text NOT NULL,
	"number" integer NOT NULL,
	"definition" jsonb NOT NULL,
	"sha256" text NOT NULL,
	"maturity" text NOT NULL,
	"threshold" double precision NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"retired_at" timestamp (3) with time zone,
	CONSTRAINT "detector_versions_number" UNIQUE("detector_id","number"),
	CONSTRAINT "detector_versions_maturity" CHECK (maturity IN ('M0', 'M1', 'M2', 'M3', 'M4', 'M5'))
);
--> statement-breakpoint
CREATE TABLE "detectors" (
	"id" text PRIMARY KEY NOT NULL,
	"product_id" text NOT NULL,
	"team_id" text NOT NULL,
	"key" text NOT NULL,
	"kind" text NOT NULL,
	"harm" text NOT NULL,
	"severity" smallint NOT NULL,
	"title" text NOT NULL,
	"owner_id" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "detectors_key" UNIQUE("product_id","key"),
	CONSTRAINT "detectors_kind" CHECK (kind IN ('rules', 'sql', 'http')),
	CONSTRAINT "detectors_severity" CHECK ("detectors"."severity" BETWEEN 1 AND 4)
);
--> statement-breakpoint
CREATE TABLE "product_events" (
	"occurred_on" date NOT NULL,
	"product_id" text NOT NULL,
	"source_id" text NOT NULL,
	"id" text NOT NULL,
	"seq" bigserial NOT NULL,
	"transaction_id" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	"kind" text NOT NULL,
	"account_ref" text NOT NULL,
	"attributes" jsonb NOT NULL,
	"content_id" text,
	"synthetic" boolean DEFAULT false NOT NULL,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"received_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "product_events_occurred_on_product_id_source_id_pk" PRIMARY KEY("occurred_on","product_id","source_id")
) PARTITION BY RANGE ("occurred_on");
--> statement-breakpoint
CREATE TABLE "product_events_default" PARTITION OF "product_events" DEFAULT;
--> statement-breakpoint
CREATE TABLE "signals" (
	"id" text PRIMARY KEY NOT NULL,
	"seq" bigserial NOT NULL,
	"detector_version_id" text NOT NULL,
	"product_id" text NOT NULL,
	"account_ref" text NOT NULL,
	"harm" text NOT NULL,
	"severity" smallint NOT NULL,
	"score" double precision NOT NULL,
	"event_id" text,
	"content_id" text,
	"dedupe_key" text NOT NULL,
	"mode" text NOT NULL,
	"synthetic" boolean NOT NULL,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "signals_dedupe_key_unique" UNIQUE("dedupe_key"),
	CONSTRAINT "signals_mode" CHECK (mode IN ('shadow', 'assisted', 'live')),
	CONSTRAINT "signals_severity" CHECK ("signals"."severity" BETWEEN 1 AND 4)
);
--> statement-breakpoint
CREATE TABLE "case_signals" (
	"case_id" text NOT NULL,
	"signal_id" text NOT NULL,
	"seq" bigint DEFAULT nextval('fact_seq') NOT NULL,
	"added_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "case_signals_case_id_signal_id_pk" PRIMARY KEY("case_id","signal_id"),
	CONSTRAINT "case_signals_signal_id_unique" UNIQUE("signal_id")
);
--> statement-breakpoint
CREATE TABLE "cases" (
	"id" text PRIMARY KEY NOT NULL,
	"product_id" text NOT NULL,
	"team_id" text NOT NULL,
	"account_ref" text NOT NULL,
	"harm" text NOT NULL,
	"severity" smallint NOT NULL,
	"synthetic" boolean NOT NULL,
	"launch_id" text,
	"policy_version_id" text NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	"status" text NOT NULL,
	"state" jsonb,
	"signal_count" integer DEFAULT 0 NOT NULL,
	"opened_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"decided_at" timestamp (3) with time zone,
	"closed_at" timestamp (3) with time zone,
	CONSTRAINT "cases_severity" CHECK ("cases"."severity" BETWEEN 1 AND 4)
);
--> statement-breakpoint
CREATE TABLE "decisions" (
	"id" text PRIMARY KEY NOT NULL,
	"task_id" text NOT NULL,
	"case_id" text NOT NULL,
	"verdict" text NOT NULL,
	"decided_by" text NOT NULL,
	"decided_as_role" text NOT NULL,
	"policy_version_id" text NOT NULL,
	"lease_token" bigint NOT NULL,
	"enforcement" jsonb,
	"note_id" text,
	"decided_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "decisions_task_id_unique" UNIQUE("task_id"),
	CONSTRAINT "decisions_verdict" CHECK (verdict IN ('violation', 'no_violation', 'escalate'))
);
--> statement-breakpoint
CREATE TABLE "exposure_entries" (
	"id" text PRIMARY KEY NOT NULL,
	"person_id" text NOT NULL,
	"task_id" text NOT NULL,
	"content_id" text NOT NULL,
	"shown_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "policies" (
	"id" text PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"title" text NOT NULL,
	"harm" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "policies_key_unique" UNIQUE("key")
);
--> statement-breakpoint
CREATE TABLE "policy_versions" (
	"id" text PRIMARY KEY NOT NULL,
	"policy_id" text NOT NULL,
	"number" integer NOT NULL,
	"body" text NOT NULL,
	"sha256" text NOT NULL,
	"published_by" text NOT NULL,
	"published_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "policy_versions_number" UNIQUE("policy_id","number")
);
--> statement-breakpoint
CREATE TABLE "review_queues" (
	"id" text PRIMARY KEY NOT NULL,
	"team_id" text NOT NULL,
	"key" text NOT NULL,
	"title" text NOT NULL,
	"sensitive" boolean DEFAULT false NOT NULL,
	"harms" text[] DEFAULT '{}' NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "review_queues_key_unique" UNIQUE("key")
);
--> statement-breakpoint
CREATE TABLE "review_tasks" (
	"id" text PRIMARY KEY NOT NULL,
	"case_id" text NOT NULL,
	"queue_id" text NOT NULL,
	"round" integer NOT NULL,
	"severity" smallint NOT NULL,
	"status" text NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"lease_owner" text,
	"lease_token" bigint DEFAULT 0 NOT NULL,
	"lease_claimed_at" timestamp (3) with time zone,
	"lease_expires_at" timestamp (3) with time zone,
	"excluded" text[] DEFAULT '{}' NOT NULL,
	"first_look_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"settled_at" timestamp (3) with time zone,
	CONSTRAINT "review_tasks_round" UNIQUE("case_id","round"),
	CONSTRAINT "review_tasks_status" CHECK (status IN ('open', 'decided', 'withdrawn'))
);
--> statement-breakpoint
CREATE TABLE "suggestions" (
	"id" text PRIMARY KEY NOT NULL,
	"task_id" text NOT NULL,
	"source" text NOT NULL,
	"verdict" text NOT NULL,
	"score" text,
	"outcome" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "suggestions_outcome" CHECK (outcome IN ('accepted', 'edited', 'rejected', 'ignored'))
);
--> statement-breakpoint
CREATE TABLE "action_attempts" (
	"id" text PRIMARY KEY NOT NULL,
	"action_id" text NOT NULL,
	"attempt" integer NOT NULL,
	"outcome" text NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "enforcement_actions" (
	"id" text PRIMARY KEY NOT NULL,
	"order_id" text NOT NULL,
	"operation" text NOT NULL,
	"action" text NOT NULL,
	"account_ref" text NOT NULL,
	"idempotency_key" text NOT NULL,
	"status" text NOT NULL,
	"effect_id" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"started_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"settled_at" timestamp (3) with time zone,
	CONSTRAINT "enforcement_actions_idempotency_key_unique" UNIQUE("idempotency_key"),
	CONSTRAINT "enforcement_actions_once" UNIQUE("order_id","operation","action","account_ref"),
	CONSTRAINT "enforcement_actions_operation" CHECK (operation IN ('apply', 'reverse')),
	CONSTRAINT "enforcement_actions_status" CHECK (status IN ('started', 'done', 'failed', 'stopped'))
);
--> statement-breakpoint
CREATE TABLE "enforcement_orders" (
	"id" text PRIMARY KEY NOT NULL,
	"team_id" text NOT NULL,
	"product_id" text NOT NULL,
	"case_id" text NOT NULL,
	"decision_id" text NOT NULL,
	"account_ref" text NOT NULL,
	"action" text NOT NULL,
	"duration_ms" bigint,
	"policy_version_id" text NOT NULL,
	"decided_by" text NOT NULL,
	"approved_by" text,
	"synthetic" boolean DEFAULT false NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	"status" text NOT NULL,
	"state" jsonb,
	"opened_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ends_at" timestamp (3) with time zone,
	"closed_at" timestamp (3) with time zone,
	CONSTRAINT "enforcement_orders_decision_id_unique" UNIQUE("decision_id"),
	CONSTRAINT "enforcement_orders_four_eyes" CHECK ("enforcement_orders"."approved_by" IS NULL OR "enforcement_orders"."approved_by" <> "enforcement_orders"."decided_by"),
	CONSTRAINT "enforcement_orders_never_synthetic" CHECK (NOT "enforcement_orders"."synthetic")
);
--> statement-breakpoint
CREATE TABLE "kill_switches" (
	"id" text PRIMARY KEY NOT NULL,
	"product_id" text NOT NULL,
	"engaged_by" text NOT NULL,
	"engaged_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"released_by" text,
	"released_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "notices" (
	"id" text PRIMARY KEY NOT NULL,
	"order_id" text NOT NULL,
	"kind" text NOT NULL,
	"status" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"sent_at" timestamp (3) with time zone,
	CONSTRAINT "notices_once" UNIQUE("order_id","kind"),
	CONSTRAINT "notices_kind" CHECK (kind IN ('restricted', 'made_permanent', 'reversed')),
	CONSTRAINT "notices_status" CHECK (status IN ('started', 'sent', 'failed'))
);
--> statement-breakpoint
CREATE TABLE "protected_subjects" (
	"product_id" text NOT NULL,
	"account_ref" text NOT NULL,
	"added_by" text NOT NULL,
	"added_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "protected_subjects_product_id_account_ref_pk" PRIMARY KEY("product_id","account_ref")
);
--> statement-breakpoint
CREATE TABLE "statements_of_reasons" (
	"id" text PRIMARY KEY NOT NULL,
	"order_id" text NOT NULL,
	"kind" text NOT NULL,
	"statement" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "statements_of_reasons_once" UNIQUE("order_id","kind"),
	CONSTRAINT "statements_of_reasons_kind" CHECK (kind IN ('restricted', 'made_permanent'))
);
--> statement-breakpoint
CREATE TABLE "strikes" (
	"id" text PRIMARY KEY NOT NULL,
	"order_id" text NOT NULL,
	"product_id" text NOT NULL,
	"account_ref" text NOT NULL,
	"weight" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"voided_at" timestamp (3) with time zone,
	CONSTRAINT "strikes_order_id_unique" UNIQUE("order_id")
);
--> statement-breakpoint
CREATE TABLE "alert_events" (
	"id" text PRIMARY KEY NOT NULL,
	"seq" bigint DEFAULT nextval('fact_seq') NOT NULL,
	"service_id" text NOT NULL,
	"reported_by" text NOT NULL,
	"dedup_key" text NOT NULL,
	"cause_key" text,
	"action" text NOT NULL,
	"severity" smallint,
	"title" text,
	"details" jsonb,
	"escalation_id" text,
	"disposition" text NOT NULL,
	"received_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "alert_events_cause_key_unique" UNIQUE("cause_key"),
	CONSTRAINT "alert_events_action" CHECK (action IN ('trigger', 'acknowledge', 'resolve')),
	CONSTRAINT "alert_events_disposition" CHECK (disposition IN ('opened', 'merged', 'resolved', 'acknowledged', 'dropped'))
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"escalation_id" text NOT NULL,
	"effect_key" text NOT NULL,
	"kind" text NOT NULL,
	"pass" integer NOT NULL,
	"rung" integer NOT NULL,
	"person_id" text NOT NULL,
	"rule_id" text,
	"contact_method_id" text NOT NULL,
	"channel" text NOT NULL,
	"schedule_id" text,
	"status" text NOT NULL,
	"attempts" integer DEFAULT 1 NOT NULL,
	"possible_duplicate" boolean DEFAULT false NOT NULL,
	"error_code" text,
	"started_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"settled_at" timestamp (3) with time zone,
	CONSTRAINT "deliveries_once" UNIQUE("escalation_id","effect_key"),
	CONSTRAINT "deliveries_status" CHECK (status IN ('started', 'sent', 'delivered', 'unknown', 'failed', 'superseded'))
);
--> statement-breakpoint
CREATE TABLE "escalation_policies" (
	"id" text PRIMARY KEY NOT NULL,
	"team_id" text NOT NULL,
	"key" text NOT NULL,
	"name" text NOT NULL,
	"version" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "escalation_policies_key_unique" UNIQUE("key")
);
--> statement-breakpoint
CREATE TABLE "escalation_policy_versions" (
	"id" text PRIMARY KEY NOT NULL,
	"policy_id" text NOT NULL,
	"version" integer NOT NULL,
	"document" jsonb NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "escalation_policy_versions_number" UNIQUE("policy_id","version")
);
--> statement-breakpoint
CREATE TABLE "escalations" (
	"id" text PRIMARY KEY NOT NULL,
	"service_id" text NOT NULL,
	"team_id" text NOT NULL,
	"dedup_key" text NOT NULL,
	"title" text NOT NULL,
	"severity" smallint NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	"status" text NOT NULL,
	"state" jsonb,
	"alert_count" integer DEFAULT 1 NOT NULL,
	"first_trigger_seq" bigint NOT NULL,
	"last_trigger_seq" bigint NOT NULL,
	"previous_id" text,
	"canary_id" text,
	"opened_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"acknowledged_at" timestamp (3) with time zone,
	"acknowledged_by" text,
	"resolved_at" timestamp (3) with time zone,
	"closed_at" timestamp (3) with time zone,
	CONSTRAINT "escalations_severity" CHECK ("escalations"."severity" BETWEEN 1 AND 4)
);
--> statement-breakpoint
CREATE TABLE "integrations" (
	"id" text PRIMARY KEY NOT NULL,
	"service_id" text NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"principal_id" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"disabled_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "maintenance_windows" (
	"id" text PRIMARY KEY NOT NULL,
	"service_id" text NOT NULL,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"ends_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ended_by" text,
	"told_at" timestamp (3) with time zone,
	CONSTRAINT "maintenance_windows_span" CHECK ("maintenance_windows"."starts_at" < "maintenance_windows"."ends_at")
);
--> statement-breakpoint
CREATE TABLE "round_robin_turns" (
	"schedule_id" text PRIMARY KEY NOT NULL,
	"turn" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "schedules" (
	"id" text PRIMARY KEY NOT NULL,
	"team_id" text NOT NULL,
	"key" text NOT NULL,
	"name" text NOT NULL,
	"version" integer NOT NULL,
	"document" jsonb NOT NULL,
	"hand_off_notice_minutes" integer DEFAULT 15 NOT NULL,
	"gap_check" boolean DEFAULT true NOT NULL,
	"gap_service_id" text,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "schedules_key_unique" UNIQUE("key"),
	CONSTRAINT "schedules_hand_off_notice" CHECK ("schedules"."hand_off_notice_minutes" BETWEEN 0 AND 1440)
);
--> statement-breakpoint
CREATE TABLE "services" (
	"id" text PRIMARY KEY NOT NULL,
	"team_id" text NOT NULL,
	"key" text NOT NULL,
	"name" text NOT NULL,
	"policy_id" text NOT NULL,
	"sensitive" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "services_key_unique" UNIQUE("key")
);
--> statement-breakpoint
CREATE TABLE "calendar_feeds" (
	"id" text PRIMARY KEY NOT NULL,
	"schedule_id" text,
	"person_id" text,
	"sha256" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp (3) with time zone,
	CONSTRAINT "calendar_feeds_sha256_unique" UNIQUE("sha256"),
	CONSTRAINT "calendar_feeds_of_one" CHECK (num_nonnulls("calendar_feeds"."schedule_id", "calendar_feeds"."person_id") = 1)
);
--> statement-breakpoint
CREATE TABLE "handover_notes" (
	"id" text PRIMARY KEY NOT NULL,
	"schedule_id" text NOT NULL,
	"author_id" text NOT NULL,
	"note_id" text NOT NULL,
	"hand_off_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "oncall_notices" (
	"id" text PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"kind" text NOT NULL,
	"schedule_id" text NOT NULL,
	"person_id" text NOT NULL,
	"swap_request_id" text,
	"hand_off_at" timestamp (3) with time zone,
	"status" text DEFAULT 'pending' NOT NULL,
	"contact_method_id" text,
	"channel" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"possible_duplicate" boolean DEFAULT false NOT NULL,
	"error_code" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"settled_at" timestamp (3) with time zone,
	CONSTRAINT "oncall_notices_key_unique" UNIQUE("key"),
	CONSTRAINT "oncall_notices_kind" CHECK (kind IN ('handoff', 'swap')),
	CONSTRAINT "oncall_notices_status" CHECK (status IN ('pending', 'started', 'sent', 'delivered', 'unknown', 'failed', 'superseded'))
);
--> statement-breakpoint
CREATE TABLE "schedule_watches" (
	"schedule_id" text PRIMARY KEY NOT NULL,
	"schedule_version" integer NOT NULL,
	"look_at" timestamp (3) with time zone NOT NULL,
	"gaps_checked_at" timestamp (3) with time zone,
	"told_gap_starts" jsonb DEFAULT '[]' NOT NULL
);
--> statement-breakpoint
CREATE TABLE "swap_requests" (
	"id" text PRIMARY KEY NOT NULL,
	"schedule_id" text NOT NULL,
	"team_id" text NOT NULL,
	"version" integer NOT NULL,
	"status" text NOT NULL,
	"state" jsonb NOT NULL,
	"one_person_id" text NOT NULL,
	"other_person_id" text NOT NULL,
	"proposed_by" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"decided_by" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "swap_requests_status" CHECK (status IN ('proposed', 'accepted', 'declined', 'withdrawn', 'expired')),
	CONSTRAINT "swap_requests_two_people" CHECK ("swap_requests"."one_person_id" <> "swap_requests"."other_person_id"),
	CONSTRAINT "swap_requests_decided_by_person" CHECK (("swap_requests"."status" IN ('proposed', 'expired')) = ("swap_requests"."decided_by" IS NULL))
);
--> statement-breakpoint
CREATE TABLE "commands" (
	"id" text PRIMARY KEY NOT NULL,
	"seq" bigint DEFAULT nextval('fact_seq') NOT NULL,
	"principal_id" text NOT NULL,
	"idempotency_key" text NOT NULL,
	"request_sha256" text NOT NULL,
	"mode" text NOT NULL,
	"name" text NOT NULL,
	"aggregate_kind" text NOT NULL,
	"aggregate_id" text NOT NULL,
	"workflow_id" text NOT NULL,
	"input" jsonb NOT NULL,
	"actor" jsonb NOT NULL,
	"request_id" text,
	"priority" smallint NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"outcome" jsonb,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"settled_at" timestamp (3) with time zone,
	CONSTRAINT "commands_mode" CHECK (mode IN ('start', 'update', 'signal')),
	CONSTRAINT "commands_status" CHECK (status IN ('pending', 'done', 'refused', 'failed'))
);
--> statement-breakpoint
CREATE TABLE "audit_events" (
	"id" text PRIMARY KEY NOT NULL,
	"aggregate_kind" text NOT NULL,
	"aggregate_id" text NOT NULL,
	"seq" integer NOT NULL,
	"version" integer,
	"at" timestamp (3) with time zone NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text NOT NULL,
	"actor_roles" text[] DEFAULT '{}' NOT NULL,
	"action" text NOT NULL,
	"reason" text,
	"cause" text,
	"request_id" text,
	"workflow_id" text,
	"run_id" text,
	"data" jsonb NOT NULL,
	"prev_hash" text NOT NULL,
	"hash" text NOT NULL,
	CONSTRAINT "audit_events_seq" UNIQUE("aggregate_kind","aggregate_id","seq"),
	CONSTRAINT "audit_events_actor_kind" CHECK (actor_kind IN ('person', 'service', 'system'))
);
--> statement-breakpoint
CREATE TABLE "audit_heads" (
	"aggregate_kind" text NOT NULL,
	"aggregate_id" text NOT NULL,
	"seq" integer NOT NULL,
	"version" integer NOT NULL,
	"hash" text NOT NULL,
	CONSTRAINT "audit_heads_aggregate_kind_aggregate_id_pk" PRIMARY KEY("aggregate_kind","aggregate_id")
);
--> statement-breakpoint
CREATE TABLE "idempotency_records" (
	"principal_id" text NOT NULL,
	"key" text NOT NULL,
	"request_sha256" text NOT NULL,
	"status" integer NOT NULL,
	"body" jsonb,
	"headers" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_records_principal_id_key_pk" PRIMARY KEY("principal_id","key")
);
--> statement-breakpoint
ALTER TABLE "contact_methods" ADD CONSTRAINT "contact_methods_person_id_persons_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notes" ADD CONSTRAINT "notes_author_id_principals_id_fk" FOREIGN KEY ("author_id") REFERENCES "public"."principals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notification_rules" ADD CONSTRAINT "notification_rules_person_id_persons_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notification_rules" ADD CONSTRAINT "notification_rules_contact_method_id_contact_methods_id_fk" FOREIGN KEY ("contact_method_id") REFERENCES "public"."contact_methods"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "persons" ADD CONSTRAINT "persons_id_principals_id_fk" FOREIGN KEY ("id") REFERENCES "public"."principals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "role_grants" ADD CONSTRAINT "role_grants_principal_id_principals_id_fk" FOREIGN KEY ("principal_id") REFERENCES "public"."principals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "role_grants" ADD CONSTRAINT "role_grants_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "role_grants" ADD CONSTRAINT "role_grants_granted_by_principals_id_fk" FOREIGN KEY ("granted_by") REFERENCES "public"."principals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_principal_id_principals_id_fk" FOREIGN KEY ("principal_id") REFERENCES "public"."principals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "canary_runs" ADD CONSTRAINT "canary_runs_launch_id_launches_id_fk" FOREIGN KEY ("launch_id") REFERENCES "public"."launches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "canary_runs" ADD CONSTRAINT "canary_runs_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "canary_runs" ADD CONSTRAINT "canary_runs_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "check_runs" ADD CONSTRAINT "check_runs_launch_id_launches_id_fk" FOREIGN KEY ("launch_id") REFERENCES "public"."launches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "check_runs" ADD CONSTRAINT "check_runs_reported_by_principals_id_fk" FOREIGN KEY ("reported_by") REFERENCES "public"."principals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "evidence" ADD CONSTRAINT "evidence_launch_id_launches_id_fk" FOREIGN KEY ("launch_id") REFERENCES "public"."launches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "evidence" ADD CONSTRAINT "evidence_collected_by_principals_id_fk" FOREIGN KEY ("collected_by") REFERENCES "public"."principals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "launch_requirements" ADD CONSTRAINT "launch_requirements_launch_id_launches_id_fk" FOREIGN KEY ("launch_id") REFERENCES "public"."launches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "launch_requirements" ADD CONSTRAINT "launch_requirements_owner_person_id_persons_id_fk" FOREIGN KEY ("owner_person_id") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "launches" ADD CONSTRAINT "launches_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "launches" ADD CONSTRAINT "launches_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "launches" ADD CONSTRAINT "launches_opened_by_persons_id_fk" FOREIGN KEY ("opened_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "products" ADD CONSTRAINT "products_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "products" ADD CONSTRAINT "products_service_id_services_id_fk" FOREIGN KEY ("service_id") REFERENCES "public"."services"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sign_offs" ADD CONSTRAINT "sign_offs_launch_id_launches_id_fk" FOREIGN KEY ("launch_id") REFERENCES "public"."launches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sign_offs" ADD CONSTRAINT "sign_offs_decided_by_persons_id_fk" FOREIGN KEY ("decided_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sign_offs" ADD CONSTRAINT "sign_offs_note_id_notes_id_fk" FOREIGN KEY ("note_id") REFERENCES "public"."notes"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stages" ADD CONSTRAINT "stages_launch_id_launches_id_fk" FOREIGN KEY ("launch_id") REFERENCES "public"."launches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "stages" ADD CONSTRAINT "stages_decided_by_persons_id_fk" FOREIGN KEY ("decided_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "waivers" ADD CONSTRAINT "waivers_launch_id_launches_id_fk" FOREIGN KEY ("launch_id") REFERENCES "public"."launches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "waivers" ADD CONSTRAINT "waivers_note_id_notes_id_fk" FOREIGN KEY ("note_id") REFERENCES "public"."notes"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "waivers" ADD CONSTRAINT "waivers_requested_by_persons_id_fk" FOREIGN KEY ("requested_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "waivers" ADD CONSTRAINT "waivers_decided_by_persons_id_fk" FOREIGN KEY ("decided_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "waivers" ADD CONSTRAINT "waivers_revoked_by_persons_id_fk" FOREIGN KEY ("revoked_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "content_items" ADD CONSTRAINT "content_items_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "detector_cursors" ADD CONSTRAINT "detector_cursors_detector_version_id_detector_versions_id_fk" FOREIGN KEY ("detector_version_id") REFERENCES "public"."detector_versions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "detector_gaps" ADD CONSTRAINT "detector_gaps_detector_version_id_detector_versions_id_fk" FOREIGN KEY ("detector_version_id") REFERENCES "public"."detector_versions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "detector_versions" ADD CONSTRAINT "detector_versions_detector_id_detectors_id_fk" FOREIGN KEY ("detector_id") REFERENCES "public"."detectors"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "detector_versions" ADD CONSTRAINT "detector_versions_created_by_persons_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "detectors" ADD CONSTRAINT "detectors_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "detectors" ADD CONSTRAINT "detectors_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "detectors" ADD CONSTRAINT "detectors_owner_id_persons_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "signals" ADD CONSTRAINT "signals_detector_version_id_detector_versions_id_fk" FOREIGN KEY ("detector_version_id") REFERENCES "public"."detector_versions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "signals" ADD CONSTRAINT "signals_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "case_signals" ADD CONSTRAINT "case_signals_case_id_cases_id_fk" FOREIGN KEY ("case_id") REFERENCES "public"."cases"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "case_signals" ADD CONSTRAINT "case_signals_signal_id_signals_id_fk" FOREIGN KEY ("signal_id") REFERENCES "public"."signals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cases" ADD CONSTRAINT "cases_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cases" ADD CONSTRAINT "cases_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cases" ADD CONSTRAINT "cases_launch_id_launches_id_fk" FOREIGN KEY ("launch_id") REFERENCES "public"."launches"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "cases" ADD CONSTRAINT "cases_policy_version_id_policy_versions_id_fk" FOREIGN KEY ("policy_version_id") REFERENCES "public"."policy_versions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "decisions" ADD CONSTRAINT "decisions_task_id_review_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."review_tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "decisions" ADD CONSTRAINT "decisions_case_id_cases_id_fk" FOREIGN KEY ("case_id") REFERENCES "public"."cases"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "decisions" ADD CONSTRAINT "decisions_decided_by_persons_id_fk" FOREIGN KEY ("decided_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "decisions" ADD CONSTRAINT "decisions_policy_version_id_policy_versions_id_fk" FOREIGN KEY ("policy_version_id") REFERENCES "public"."policy_versions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "decisions" ADD CONSTRAINT "decisions_note_id_notes_id_fk" FOREIGN KEY ("note_id") REFERENCES "public"."notes"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "exposure_entries" ADD CONSTRAINT "exposure_entries_person_id_persons_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "exposure_entries" ADD CONSTRAINT "exposure_entries_task_id_review_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."review_tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "exposure_entries" ADD CONSTRAINT "exposure_entries_content_id_content_items_id_fk" FOREIGN KEY ("content_id") REFERENCES "public"."content_items"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "policy_versions" ADD CONSTRAINT "policy_versions_policy_id_policies_id_fk" FOREIGN KEY ("policy_id") REFERENCES "public"."policies"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "policy_versions" ADD CONSTRAINT "policy_versions_published_by_persons_id_fk" FOREIGN KEY ("published_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "review_queues" ADD CONSTRAINT "review_queues_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "review_tasks" ADD CONSTRAINT "review_tasks_case_id_cases_id_fk" FOREIGN KEY ("case_id") REFERENCES "public"."cases"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "review_tasks" ADD CONSTRAINT "review_tasks_queue_id_review_queues_id_fk" FOREIGN KEY ("queue_id") REFERENCES "public"."review_queues"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "review_tasks" ADD CONSTRAINT "review_tasks_lease_owner_persons_id_fk" FOREIGN KEY ("lease_owner") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "suggestions" ADD CONSTRAINT "suggestions_task_id_review_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."review_tasks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "action_attempts" ADD CONSTRAINT "action_attempts_action_id_enforcement_actions_id_fk" FOREIGN KEY ("action_id") REFERENCES "public"."enforcement_actions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "enforcement_actions" ADD CONSTRAINT "enforcement_actions_order_id_enforcement_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."enforcement_orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "enforcement_orders" ADD CONSTRAINT "enforcement_orders_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "enforcement_orders" ADD CONSTRAINT "enforcement_orders_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "enforcement_orders" ADD CONSTRAINT "enforcement_orders_case_id_cases_id_fk" FOREIGN KEY ("case_id") REFERENCES "public"."cases"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "enforcement_orders" ADD CONSTRAINT "enforcement_orders_decision_id_decisions_id_fk" FOREIGN KEY ("decision_id") REFERENCES "public"."decisions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "enforcement_orders" ADD CONSTRAINT "enforcement_orders_policy_version_id_policy_versions_id_fk" FOREIGN KEY ("policy_version_id") REFERENCES "public"."policy_versions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "enforcement_orders" ADD CONSTRAINT "enforcement_orders_decided_by_persons_id_fk" FOREIGN KEY ("decided_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "enforcement_orders" ADD CONSTRAINT "enforcement_orders_approved_by_persons_id_fk" FOREIGN KEY ("approved_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "kill_switches" ADD CONSTRAINT "kill_switches_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "kill_switches" ADD CONSTRAINT "kill_switches_engaged_by_persons_id_fk" FOREIGN KEY ("engaged_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "kill_switches" ADD CONSTRAINT "kill_switches_released_by_persons_id_fk" FOREIGN KEY ("released_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notices" ADD CONSTRAINT "notices_order_id_enforcement_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."enforcement_orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "protected_subjects" ADD CONSTRAINT "protected_subjects_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "protected_subjects" ADD CONSTRAINT "protected_subjects_added_by_persons_id_fk" FOREIGN KEY ("added_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "statements_of_reasons" ADD CONSTRAINT "statements_of_reasons_order_id_enforcement_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."enforcement_orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "strikes" ADD CONSTRAINT "strikes_order_id_enforcement_orders_id_fk" FOREIGN KEY ("order_id") REFERENCES "public"."enforcement_orders"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "strikes" ADD CONSTRAINT "strikes_product_id_products_id_fk" FOREIGN KEY ("product_id") REFERENCES "public"."products"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alert_events" ADD CONSTRAINT "alert_events_service_id_services_id_fk" FOREIGN KEY ("service_id") REFERENCES "public"."services"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alert_events" ADD CONSTRAINT "alert_events_escalation_id_escalations_id_fk" FOREIGN KEY ("escalation_id") REFERENCES "public"."escalations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_escalation_id_escalations_id_fk" FOREIGN KEY ("escalation_id") REFERENCES "public"."escalations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_person_id_persons_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_contact_method_id_contact_methods_id_fk" FOREIGN KEY ("contact_method_id") REFERENCES "public"."contact_methods"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_schedule_id_schedules_id_fk" FOREIGN KEY ("schedule_id") REFERENCES "public"."schedules"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escalation_policies" ADD CONSTRAINT "escalation_policies_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escalation_policy_versions" ADD CONSTRAINT "escalation_policy_versions_policy_id_escalation_policies_id_fk" FOREIGN KEY ("policy_id") REFERENCES "public"."escalation_policies"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escalation_policy_versions" ADD CONSTRAINT "escalation_policy_versions_created_by_principals_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."principals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escalations" ADD CONSTRAINT "escalations_service_id_services_id_fk" FOREIGN KEY ("service_id") REFERENCES "public"."services"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escalations" ADD CONSTRAINT "escalations_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "escalations" ADD CONSTRAINT "escalations_acknowledged_by_persons_id_fk" FOREIGN KEY ("acknowledged_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "integrations" ADD CONSTRAINT "integrations_service_id_services_id_fk" FOREIGN KEY ("service_id") REFERENCES "public"."services"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "integrations" ADD CONSTRAINT "integrations_principal_id_principals_id_fk" FOREIGN KEY ("principal_id") REFERENCES "public"."principals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "maintenance_windows" ADD CONSTRAINT "maintenance_windows_service_id_services_id_fk" FOREIGN KEY ("service_id") REFERENCES "public"."services"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "maintenance_windows" ADD CONSTRAINT "maintenance_windows_created_by_persons_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "maintenance_windows" ADD CONSTRAINT "maintenance_windows_ended_by_persons_id_fk" FOREIGN KEY ("ended_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "round_robin_turns" ADD CONSTRAINT "round_robin_turns_schedule_id_schedules_id_fk" FOREIGN KEY ("schedule_id") REFERENCES "public"."schedules"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "schedules" ADD CONSTRAINT "schedules_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "schedules" ADD CONSTRAINT "schedules_gap_service_id_services_id_fk" FOREIGN KEY ("gap_service_id") REFERENCES "public"."services"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "services" ADD CONSTRAINT "services_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "services" ADD CONSTRAINT "services_policy_id_escalation_policies_id_fk" FOREIGN KEY ("policy_id") REFERENCES "public"."escalation_policies"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "calendar_feeds" ADD CONSTRAINT "calendar_feeds_schedule_id_schedules_id_fk" FOREIGN KEY ("schedule_id") REFERENCES "public"."schedules"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "calendar_feeds" ADD CONSTRAINT "calendar_feeds_person_id_persons_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "calendar_feeds" ADD CONSTRAINT "calendar_feeds_created_by_persons_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "handover_notes" ADD CONSTRAINT "handover_notes_schedule_id_schedules_id_fk" FOREIGN KEY ("schedule_id") REFERENCES "public"."schedules"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "handover_notes" ADD CONSTRAINT "handover_notes_author_id_persons_id_fk" FOREIGN KEY ("author_id") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "handover_notes" ADD CONSTRAINT "handover_notes_note_id_notes_id_fk" FOREIGN KEY ("note_id") REFERENCES "public"."notes"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oncall_notices" ADD CONSTRAINT "oncall_notices_schedule_id_schedules_id_fk" FOREIGN KEY ("schedule_id") REFERENCES "public"."schedules"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oncall_notices" ADD CONSTRAINT "oncall_notices_person_id_persons_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oncall_notices" ADD CONSTRAINT "oncall_notices_swap_request_id_swap_requests_id_fk" FOREIGN KEY ("swap_request_id") REFERENCES "public"."swap_requests"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "oncall_notices" ADD CONSTRAINT "oncall_notices_contact_method_id_contact_methods_id_fk" FOREIGN KEY ("contact_method_id") REFERENCES "public"."contact_methods"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "schedule_watches" ADD CONSTRAINT "schedule_watches_schedule_id_schedules_id_fk" FOREIGN KEY ("schedule_id") REFERENCES "public"."schedules"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "swap_requests" ADD CONSTRAINT "swap_requests_schedule_id_schedules_id_fk" FOREIGN KEY ("schedule_id") REFERENCES "public"."schedules"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "swap_requests" ADD CONSTRAINT "swap_requests_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "swap_requests" ADD CONSTRAINT "swap_requests_one_person_id_persons_id_fk" FOREIGN KEY ("one_person_id") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "swap_requests" ADD CONSTRAINT "swap_requests_other_person_id_persons_id_fk" FOREIGN KEY ("other_person_id") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "swap_requests" ADD CONSTRAINT "swap_requests_proposed_by_persons_id_fk" FOREIGN KEY ("proposed_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "swap_requests" ADD CONSTRAINT "swap_requests_decided_by_persons_id_fk" FOREIGN KEY ("decided_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "contact_methods_person" ON "contact_methods" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "notes_author" ON "notes" USING btree ("author_id");--> statement-breakpoint
CREATE INDEX "notification_rules_contact_method" ON "notification_rules" USING btree ("contact_method_id");--> statement-breakpoint
CREATE UNIQUE INDEX "role_grants_active" ON "role_grants" USING btree ("principal_id","role",coalesce("team_id", '')) WHERE "role_grants"."revoked_at" IS NULL;--> statement-breakpoint
CREATE INDEX "role_grants_team" ON "role_grants" USING btree ("team_id");--> statement-breakpoint
CREATE INDEX "role_grants_granted_by" ON "role_grants" USING btree ("granted_by");--> statement-breakpoint
CREATE INDEX "tokens_principal" ON "tokens" USING btree ("principal_id");--> statement-breakpoint
CREATE INDEX "canary_runs_launch" ON "canary_runs" USING btree ("launch_id");--> statement-breakpoint
CREATE INDEX "canary_runs_product" ON "canary_runs" USING btree ("product_id");--> statement-breakpoint
CREATE INDEX "canary_runs_team" ON "canary_runs" USING btree ("team_id","opened_at");--> statement-breakpoint
CREATE UNIQUE INDEX "canary_runs_ref" ON "canary_runs" USING btree ("account_ref");--> statement-breakpoint
CREATE INDEX "check_runs_launch" ON "check_runs" USING btree ("launch_id","requirement_id","run_at");--> statement-breakpoint
CREATE INDEX "check_runs_reported_by" ON "check_runs" USING btree ("reported_by");--> statement-breakpoint
CREATE INDEX "evidence_launch" ON "evidence" USING btree ("launch_id","requirement_id");--> statement-breakpoint
CREATE INDEX "evidence_collected_by" ON "evidence" USING btree ("collected_by");--> statement-breakpoint
CREATE INDEX "launch_requirements_owner" ON "launch_requirements" USING btree ("owner_person_id");--> statement-breakpoint
CREATE INDEX "launches_product" ON "launches" USING btree ("product_id");--> statement-breakpoint
CREATE INDEX "launches_team" ON "launches" USING btree ("team_id","opened_at");--> statement-breakpoint
CREATE INDEX "launches_opened_by" ON "launches" USING btree ("opened_by");--> statement-breakpoint
CREATE INDEX "products_team" ON "products" USING btree ("team_id");--> statement-breakpoint
CREATE INDEX "products_service" ON "products" USING btree ("service_id");--> statement-breakpoint
CREATE INDEX "sign_offs_launch" ON "sign_offs" USING btree ("launch_id");--> statement-breakpoint
CREATE INDEX "sign_offs_decided_by" ON "sign_offs" USING btree ("decided_by");--> statement-breakpoint
CREATE INDEX "sign_offs_note" ON "sign_offs" USING btree ("note_id");--> statement-breakpoint
CREATE INDEX "stages_decided_by" ON "stages" USING btree ("decided_by");--> statement-breakpoint
CREATE INDEX "waivers_launch" ON "waivers" USING btree ("launch_id");--> statement-breakpoint
CREATE INDEX "waivers_requested_by" ON "waivers" USING btree ("requested_by");--> statement-breakpoint
CREATE INDEX "waivers_decided_by" ON "waivers" USING btree ("decided_by");--> statement-breakpoint
CREATE INDEX "waivers_revoked_by" ON "waivers" USING btree ("revoked_by");--> statement-breakpoint
CREATE INDEX "waivers_note" ON "waivers" USING btree ("note_id");--> statement-breakpoint
CREATE INDEX "content_items_product" ON "content_items" USING btree ("product_id");--> statement-breakpoint
CREATE INDEX "detector_versions_created_by" ON "detector_versions" USING btree ("created_by");--> statement-breakpoint
CREATE INDEX "detectors_team" ON "detectors" USING btree ("team_id");--> statement-breakpoint
CREATE INDEX "detectors_owner" ON "detectors" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "product_events_cursor" ON "product_events" USING btree ("product_id","transaction_id","seq");--> statement-breakpoint
CREATE INDEX "product_events_account" ON "product_events" USING btree ("product_id","account_ref","occurred_at");--> statement-breakpoint
CREATE INDEX "product_events_id" ON "product_events" USING btree ("id");--> statement-breakpoint
CREATE INDEX "signals_detector_version" ON "signals" USING btree ("detector_version_id","created_at");--> statement-breakpoint
CREATE INDEX "signals_account" ON "signals" USING btree ("product_id","account_ref","harm");--> statement-breakpoint
CREATE INDEX "signals_content" ON "signals" USING btree ("content_id");--> statement-breakpoint
CREATE UNIQUE INDEX "cases_open_subject" ON "cases" USING btree ("product_id","account_ref","harm","synthetic") WHERE "cases"."closed_at" IS NULL AND "cases"."decided_at" IS NULL;--> statement-breakpoint
CREATE INDEX "cases_team" ON "cases" USING btree ("team_id","opened_at");--> statement-breakpoint
CREATE INDEX "cases_launch" ON "cases" USING btree ("launch_id");--> statement-breakpoint
CREATE INDEX "cases_policy_version" ON "cases" USING btree ("policy_version_id");--> statement-breakpoint
CREATE INDEX "decisions_case" ON "decisions" USING btree ("case_id");--> statement-breakpoint
CREATE INDEX "decisions_decided_by" ON "decisions" USING btree ("decided_by");--> statement-breakpoint
CREATE INDEX "decisions_policy_version" ON "decisions" USING btree ("policy_version_id");--> statement-breakpoint
CREATE INDEX "decisions_note" ON "decisions" USING btree ("note_id");--> statement-breakpoint
CREATE INDEX "exposure_entries_person" ON "exposure_entries" USING btree ("person_id","shown_at");--> statement-breakpoint
CREATE INDEX "exposure_entries_task" ON "exposure_entries" USING btree ("task_id");--> statement-breakpoint
CREATE INDEX "exposure_entries_content" ON "exposure_entries" USING btree ("content_id");--> statement-breakpoint
CREATE INDEX "policy_versions_published_by" ON "policy_versions" USING btree ("published_by");--> statement-breakpoint
CREATE INDEX "review_queues_team" ON "review_queues" USING btree ("team_id");--> statement-breakpoint
CREATE INDEX "review_tasks_claim_next" ON "review_tasks" USING btree ("queue_id","severity","due_at","id") WHERE "review_tasks"."status" = 'open';--> statement-breakpoint
CREATE INDEX "review_tasks_lease_owner" ON "review_tasks" USING btree ("lease_owner");--> statement-breakpoint
CREATE INDEX "suggestions_task" ON "suggestions" USING btree ("task_id");--> statement-breakpoint
CREATE INDEX "action_attempts_action" ON "action_attempts" USING btree ("action_id","attempt");--> statement-breakpoint
CREATE INDEX "enforcement_orders_team" ON "enforcement_orders" USING btree ("team_id","opened_at");--> statement-breakpoint
CREATE INDEX "enforcement_orders_account" ON "enforcement_orders" USING btree ("product_id","account_ref");--> statement-breakpoint
CREATE INDEX "enforcement_orders_case" ON "enforcement_orders" USING btree ("case_id");--> statement-breakpoint
CREATE INDEX "enforcement_orders_policy_version" ON "enforcement_orders" USING btree ("policy_version_id");--> statement-breakpoint
CREATE INDEX "enforcement_orders_decided_by" ON "enforcement_orders" USING btree ("decided_by");--> statement-breakpoint
CREATE INDEX "enforcement_orders_approved_by" ON "enforcement_orders" USING btree ("approved_by");--> statement-breakpoint
CREATE UNIQUE INDEX "kill_switches_engaged" ON "kill_switches" USING btree ("product_id") WHERE "kill_switches"."released_at" IS NULL;--> statement-breakpoint
CREATE INDEX "kill_switches_engaged_by" ON "kill_switches" USING btree ("engaged_by");--> statement-breakpoint
CREATE INDEX "kill_switches_released_by" ON "kill_switches" USING btree ("released_by");--> statement-breakpoint
CREATE INDEX "protected_subjects_added_by" ON "protected_subjects" USING btree ("added_by");--> statement-breakpoint
CREATE INDEX "strikes_account" ON "strikes" USING btree ("product_id","account_ref");--> statement-breakpoint
CREATE INDEX "alert_events_escalation" ON "alert_events" USING btree ("escalation_id");--> statement-breakpoint
CREATE INDEX "alert_events_service" ON "alert_events" USING btree ("service_id","received_at");--> statement-breakpoint
CREATE INDEX "deliveries_person" ON "deliveries" USING btree ("person_id","started_at");--> statement-breakpoint
CREATE INDEX "deliveries_contact_method" ON "deliveries" USING btree ("contact_method_id");--> statement-breakpoint
CREATE INDEX "deliveries_schedule" ON "deliveries" USING btree ("schedule_id","started_at");--> statement-breakpoint
CREATE INDEX "escalation_policies_team" ON "escalation_policies" USING btree ("team_id");--> statement-breakpoint
CREATE INDEX "escalation_policy_versions_created_by" ON "escalation_policy_versions" USING btree ("created_by");--> statement-breakpoint
CREATE UNIQUE INDEX "escalations_open_key" ON "escalations" USING btree ("service_id","dedup_key") WHERE "escalations"."closed_at" IS NULL;--> statement-breakpoint
CREATE INDEX "escalations_open" ON "escalations" USING btree ("team_id","severity","opened_at") WHERE "escalations"."closed_at" IS NULL;--> statement-breakpoint
CREATE INDEX "escalations_team" ON "escalations" USING btree ("team_id","opened_at");--> statement-breakpoint
CREATE INDEX "escalations_key" ON "escalations" USING btree ("service_id","dedup_key","opened_at");--> statement-breakpoint
CREATE INDEX "escalations_previous" ON "escalations" USING btree ("previous_id");--> statement-breakpoint
CREATE INDEX "escalations_acknowledged_by" ON "escalations" USING btree ("acknowledged_by");--> statement-breakpoint
CREATE INDEX "escalations_canary" ON "escalations" USING btree ("canary_id");--> statement-breakpoint
CREATE INDEX "integrations_service" ON "integrations" USING btree ("service_id");--> statement-breakpoint
CREATE INDEX "integrations_principal" ON "integrations" USING btree ("principal_id");--> statement-breakpoint
CREATE INDEX "maintenance_windows_service" ON "maintenance_windows" USING btree ("service_id","ends_at");--> statement-breakpoint
CREATE INDEX "maintenance_windows_coming" ON "maintenance_windows" USING btree ("starts_at") WHERE "maintenance_windows"."told_at" IS NULL AND "maintenance_windows"."ended_by" IS NULL;--> statement-breakpoint
CREATE INDEX "maintenance_windows_created_by" ON "maintenance_windows" USING btree ("created_by");--> statement-breakpoint
CREATE INDEX "maintenance_windows_ended_by" ON "maintenance_windows" USING btree ("ended_by");--> statement-breakpoint
CREATE INDEX "schedules_team" ON "schedules" USING btree ("team_id");--> statement-breakpoint
CREATE INDEX "schedules_gap_service" ON "schedules" USING btree ("gap_service_id");--> statement-breakpoint
CREATE INDEX "services_team" ON "services" USING btree ("team_id");--> statement-breakpoint
CREATE INDEX "services_policy" ON "services" USING btree ("policy_id");--> statement-breakpoint
CREATE INDEX "calendar_feeds_schedule" ON "calendar_feeds" USING btree ("schedule_id");--> statement-breakpoint
CREATE INDEX "calendar_feeds_person" ON "calendar_feeds" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "calendar_feeds_created_by" ON "calendar_feeds" USING btree ("created_by");--> statement-breakpoint
CREATE INDEX "handover_notes_schedule" ON "handover_notes" USING btree ("schedule_id","created_at");--> statement-breakpoint
CREATE INDEX "handover_notes_author" ON "handover_notes" USING btree ("author_id");--> statement-breakpoint
CREATE INDEX "handover_notes_note" ON "handover_notes" USING btree ("note_id");--> statement-breakpoint
CREATE INDEX "oncall_notices_open" ON "oncall_notices" USING btree ("created_at") WHERE "oncall_notices"."status" IN ('pending', 'started');--> statement-breakpoint
CREATE INDEX "oncall_notices_schedule" ON "oncall_notices" USING btree ("schedule_id","created_at");--> statement-breakpoint
CREATE INDEX "oncall_notices_person" ON "oncall_notices" USING btree ("person_id","created_at");--> statement-breakpoint
CREATE INDEX "oncall_notices_swap_request" ON "oncall_notices" USING btree ("swap_request_id");--> statement-breakpoint
CREATE INDEX "oncall_notices_contact_method" ON "oncall_notices" USING btree ("contact_method_id");--> statement-breakpoint
CREATE INDEX "schedule_watches_look" ON "schedule_watches" USING btree ("look_at");--> statement-breakpoint
CREATE INDEX "swap_requests_schedule" ON "swap_requests" USING btree ("schedule_id","created_at");--> statement-breakpoint
CREATE INDEX "swap_requests_team" ON "swap_requests" USING btree ("team_id");--> statement-breakpoint
CREATE INDEX "swap_requests_one" ON "swap_requests" USING btree ("one_person_id");--> statement-breakpoint
CREATE INDEX "swap_requests_other" ON "swap_requests" USING btree ("other_person_id");--> statement-breakpoint
CREATE INDEX "swap_requests_proposed_by" ON "swap_requests" USING btree ("proposed_by");--> statement-breakpoint
CREATE INDEX "swap_requests_decided_by" ON "swap_requests" USING btree ("decided_by");--> statement-breakpoint
CREATE INDEX "swap_requests_open" ON "swap_requests" USING btree ("expires_at") WHERE "swap_requests"."status" = 'proposed';--> statement-breakpoint
CREATE UNIQUE INDEX "commands_idempotency" ON "commands" USING btree ("principal_id","idempotency_key");--> statement-breakpoint
CREATE INDEX "commands_pending" ON "commands" USING btree ("priority","seq") WHERE "commands"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "commands_pending_workflow" ON "commands" USING btree ("workflow_id","seq") WHERE "commands"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "commands_aggregate" ON "commands" USING btree ("aggregate_kind","aggregate_id");--> statement-breakpoint
CREATE UNIQUE INDEX "audit_events_version" ON "audit_events" USING btree ("aggregate_kind","aggregate_id","version") WHERE "audit_events"."version" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "audit_events_actor" ON "audit_events" USING btree ("actor_id","at");--> statement-breakpoint
CREATE INDEX "audit_events_cause" ON "audit_events" USING btree ("cause");--> statement-breakpoint
CREATE INDEX "idempotency_records_created" ON "idempotency_records" USING btree ("created_at");--> statement-breakpoint
-- Days get partitions of their own on first use; the function runs as its owner because the application may not create tables.
CREATE FUNCTION "ensure_product_event_partition"("day" date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE partition_name text := 'product_events_' || to_char(day, 'YYYYMMDD');
BEGIN
  IF to_regclass(partition_name) IS NOT NULL THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(hashtext('product_events_partition'));
  IF to_regclass(partition_name) IS NOT NULL THEN RETURN; END IF;
  EXECUTE format('CREATE TABLE %I PARTITION OF product_events FOR VALUES FROM (%L) TO (%L)', partition_name, day, day + 1);
EXCEPTION WHEN check_violation THEN
  -- The default partition holds events of that day already; they are as good there.
  NULL;
END $$;
